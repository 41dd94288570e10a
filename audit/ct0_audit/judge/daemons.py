"""start-stop-daemon and the functions of init scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0_audit.judge.finders import judged
from ct0_audit.judge.verdict import Case, Change, Verdict, confidence, inserted, lower, named, shown
from ct0_audit.records import BLOCKS, HIGH, KILLS, LOW, MEDIUM, MISCOUNTS
from ct0_audit.shell.call import Call
from ct0_audit.shell.options import parse

SHORT = "acdgIkNnOPprRsux12ew"
LONG = (
    "startas", "chuid", "chdir", "group", "iosched", "umask", "nicelevel", "name", "output",
    "procsched", "pidfile", "chroot", "retry", "signal", "user", "exec", "ppid", "pid",
    "notify-timeout", "stdout", "stderr", "env", "wait",
)  # fmt: skip
ACTIONS = ("start", "stop", "status", "help", "version", "test", "oknodo", "quiet", "background")


def start_stop_daemon(case: Case, call: Call) -> Iterator[Verdict]:
    if case.facts.openrc:
        return  # OpenRC's leaves other PID namespaces out
    words = call.arguments
    words = words[: words.index("--")] if "--" in words else words
    found = parse(words, SHORT, LONG, flags=ACTIONS)
    if found.has("p", "pidfile", "pid", "ppid"):
        return
    action = (
        "stop"
        if found.has("K", "stop")
        else "status"
        if found.has("T", "status")
        else "start"
        if found.has("S", "start")
        else ""
    )
    if not action or found.has("help", "H", "V", "version"):
        return
    names, programs = found.values("n", "name"), found.values("x", "exec")
    users = tuple(found.values("u", "user"))
    sure = confidence(call)
    # `$OPTIONS` may hold the PID file.
    for word in call.words[1 : len(words) + 1]:
        if not word.known and re.search(r"--?p(id|\b)", word.mentioned):
            return
        source = call.script.syntax.cut(word.start, word.end)
        if word.text == "\0" and not source.startswith('"'):
            sure = lower(
                sure, LOW if source in ("$@", "$*") or not word.mentioned.strip("\0 ") else MEDIUM
            )
        elif source == '"$@"':
            sure = LOW
    if not (names or programs or users or sure != HIGH):
        return
    # A name narrows what an executable finds, and the other way round.
    selector = named("comm", names, users) if names else named("exec", programs, users)
    if not (names or programs) and not users:
        selector = None
    how = "by name" if names else "by executable" if programs else "by user"
    what = shown(names or programs or list(users))
    changes = pidfile_of(call, [*names, *programs])
    signal = (found.values("s", "signal") or [""])[0].upper()
    if action == "stop" and not found.has("t", "test") and signal not in ("0", "SIG0"):
        yield Verdict(
            "CT002", KILLS, call, f"stops {what} {how}, without a PID file", selector, sure, changes
        )
    elif action == "start":
        yield Verdict(
            "CT002",
            BLOCKS,
            call,
            f"does not start {what} while one runs anywhere",
            selector,
            sure,
            changes,
        )
    else:
        yield Verdict(
            "CT002",
            MISCOUNTS,
            call,
            f"asks for {what} {how}, without a PID file",
            selector,
            sure,
            changes,
        )


def pidfile_of(call: Call, programs: list[str]) -> tuple[Change, ...]:
    """The PID file that the same script gives for the same program elsewhere, by name or path."""
    asked = {program.rpartition("/")[2] for program in programs}
    for other in call.script.calls:
        if other.script is not call.script or other is call:
            continue
        if other.name not in ("start-stop-daemon", "status_of_proc", "pidofproc", "killproc"):
            continue
        if not asked & {argument.rpartition("/")[2] for argument in other.arguments}:
            continue
        for at, word in enumerate(other.words[:-1]):
            if word.text in ("--pidfile", "-p"):
                value = other.words[at + 1]
                text = call.script.syntax.cut(value.start, value.end)
                if re.fullmatch(r"\"?[\w/.${}-]+\"?", text):
                    return inserted(call, f"--pidfile {text}")
    return ()


LIBRARIES = (
    ("debian", re.compile(r"(?:^|[\s;&])(?:\.|source)\s+\S*/lib/lsb/init-functions")),
    ("rhel", re.compile(r"(?:^|[\s;&])(?:\.|source)\s+\S*(?:/init\.d/functions)\b")),
    ("suse", re.compile(r"(?:^|[\s;&])(?:\.|source)\s+\S*/etc/rc\.status\b")),
)


def library(text: str, debian: bool) -> str:
    """Whose init functions a script reads."""
    for name, pattern in LIBRARIES:
        if pattern.search(text):
            return "rhel" if name == "debian" and not debian else name
    return ""


def init_function(case: Case, call: Call) -> Iterator[Verdict]:
    """killproc, status, pidofproc, checkproc, status_of_proc."""
    absolute = call.command.startswith("/")
    if call.name in ("status", "status_of_proc") and absolute:
        return
    if not absolute and (case.library in ("", "debian") or call.name in call.script.functions):
        return
    if absolute and call.name not in ("killproc", "checkproc", "pidofproc", "startproc"):
        return
    found = parse(call.arguments, "pbdltiTc", signals=True)
    if found.has("p") or found.has("n"):
        return
    operands = [call.words[at + 1] for at in found.operands]
    if not operands:
        return
    program = operands[0]
    sure = confidence(call, [program])
    if absolute or case.library == "suse":
        # SUSE's compare the executable's inode when they are given a path.
        sure = lower(sure, LOW if program.text.startswith("/") else HIGH)
    selector = named("name", [program.text])
    what = f"asks pidof for {shown([program.text])}, without a PID file"
    if call.name == "killproc":
        zero = call.arguments[-1:] == ["-0"]
        severity = MISCOUNTS if zero else KILLS
        yield Verdict(
            "CT003", severity, call, what.replace("asks pidof for", "signals"), selector, sure
        )
        return
    if call.name == "startproc":
        yield Verdict(
            "CT016",
            BLOCKS,
            call,
            f"does not start {shown([program.text])} while one runs anywhere",
            selector,
            sure,
        )
        return
    for verdict in judged(case, call, what, selector, sure):
        rule = "CT003" if verdict.rule in ("CT004", "CT005") else verdict.rule
        confident = sure if verdict.rule == "CT005" else verdict.confidence
        yield verdict._replace(rule=rule, confidence=confident)
