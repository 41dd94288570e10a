"""The rules applied: what each command of a script would do on a container host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Callable

from ct0_audit.facts import Facts
from ct0_audit.judge import daemons, finders, killers, numbers, process_list
from ct0_audit.judge.verdict import Case, Verdict
from ct0_audit.records import COMMAND, KILLS, LOW, MISCOUNTS, Snippet
from ct0_audit.shell.call import Call, Word
from ct0_audit.shell.fallback import guesses
from ct0_audit.shell.options import signal_of
from ct0_audit.shell.script import Script
from ct0_audit.shell.values import UNKNOWN

JUDGES: dict[str, Callable[[Case, Call], Iterator[Verdict]]] = {
    "killall": killers.killall,
    "pkill": killers.pkill,
    "skill": killers.skill,
    "slay": killers.slay,
    "snice": killers.snice,
    "cpulimit": killers.cpulimit,
    "killall5": killers.killall5,
    "kill": killers.kill,
    "fuser": killers.fuser,
    "pidof": finders.pidof,
    "pgrep": finders.pgrep,
    "ps": process_list.ps,
    "lsof": numbers.lsof,
    "cat": numbers.pidfile,
    "head": numbers.pidfile,
    "tail": numbers.pidfile,
    "sed": numbers.pidfile,
    "readlink": numbers.root_link,
    "realpath": numbers.root_link,
    "start-stop-daemon": daemons.start_stop_daemon,
    "killproc": daemons.init_function,
    "status": daemons.init_function,
    "status_of_proc": daemons.init_function,
    "pidofproc": daemons.init_function,
    "checkproc": daemons.init_function,
    "startproc": daemons.init_function,
}
# A text without any of these has nothing to judge, and need not be parsed. Plain words first: they
# are found many times as fast as a pattern.
PLAIN = (
    "kill", "pidof", "pgrep", "start-stop-daemon", "checkproc", "startproc", "status_of_proc",
    "/functions", "fuser", "readlink", "snice", "cpulimit",
)  # fmt: skip
PATTERNS = (
    (("ps",), re.compile(r"\bps\b")),
    (("slay",), re.compile(r"\bslay\b")),
    (
        (" -9", " -15", " -1", " -HUP", " -TERM", " -KILL"),
        re.compile(r"\$\{?\w+\}?\"?\s+-(9|15|1|HUP|TERM|KILL)\b"),
    ),
)
MOST = 200  # findings of one text: more of them tell nobody more


def judge(snippet: Snippet, facts: Facts) -> tuple[list[Verdict], Script | None]:
    """The verdicts on one piece of shell, in its order; the script, None if it was not parsed."""
    if not worth(snippet.text):
        return [], None
    script = Script(snippet.text, dict(snippet.variables))
    case = Case(script, snippet, facts, daemons.library(snippet.text, facts.debian))
    found: list[Verdict] = []
    for call in script.calls:
        if len(found) > MOST:
            break
        if call.elsewhere or (snippet.language == COMMAND and not alone(script, call)):
            continue
        name = call.name
        if UNKNOWN in call.command:
            found += unknown_command(call)
        elif name in JUDGES and not defined(call):
            found += JUDGES[name](case, call)
            if name == "fuser":
                found += numbers.lsof(case, call)
        if name == "eval" and any(UNKNOWN in word for word in call.arguments[:1]):
            found += unknown_eval(call)
    if snippet.language != COMMAND:
        for node in script.syntax.nodes:
            if node.type == "command_substitution":
                found += numbers.read_pidfile(case, node)
        found += guessed(script)
    return found, script


# Of what only looks like a call: the rule, and what it does.
GUESSED = {
    "killall": ("CT001", KILLS),
    "pkill": ("CT001", KILLS),
    "skill": ("CT001", KILLS),
    "slay": ("CT008", KILLS),
    "killall5": ("CT007", KILLS),
    "killproc": ("CT003", KILLS),
    "fuser": ("CT009", KILLS),
    "start-stop-daemon": ("CT002", KILLS),
    "pidof": ("CT005", MISCOUNTS),
    "pgrep": ("CT005", MISCOUNTS),
}
SAFE = re.compile(r"(^|\s)(-p|--pid\w*|-F|-P|--ns)\b")


def guessed(script: Script) -> Iterator[Verdict]:
    for guess in guesses(script):
        if SAFE.search(guess.line):
            continue
        if guess.name == "fuser" and not re.search(r"\s-\w*k", guess.line):
            continue
        rule, severity = GUESSED[guess.name]
        word = Word(guess.name, guess.start, guess.end)
        detail = "here the parser gave up; it looks like a call"
        yield Verdict(rule, severity, Call(script, None, [word]), detail, None, LOW)


def worth(text: str) -> bool:
    """Whether there may be something to judge."""
    return any(word in text for word in PLAIN) or any(
        any(word in text for word in words) and pattern.search(text) is not None
        for words, pattern in PATTERNS
    )


def alone(script: Script, call: Call) -> bool:
    """Whether it is what runs without a shell: pipes and substitutions are plain words there."""
    if call.script is not script or call.node is None:
        return True
    around = [node.type for node in script.syntax.around(call.node)]
    return all(kind in ("program", "redirected_statement", "pipeline", "list") for kind in around)


def defined(call: Call) -> bool:
    """A function of the script's own that has a tool's name is no tool; what it does is judged."""
    if call.command.startswith("/") or "command" in call.through[-1:]:
        return False
    return call.name in call.script.functions


def unknown_command(call: Call) -> Iterator[Verdict]:
    """$KILL -9 foo, of which only the arguments tell."""
    source = call.script.syntax.cut(call.words[0].start, call.words[0].end)
    node = call.words[0].node
    if "eval" in call.through or (node is not None and node.type == "command_substitution"):
        return  # told of the eval itself, or of what is substituted
    looks_so = re.search(r"kill|pidof|pgrep", source, re.IGNORECASE)
    signal = any(signal_of(word) for word in call.arguments[:1]) and not looks_so
    if looks_so or (signal and len(call.words) > 2):
        detail = f"{source} is only known when it runs, and looks like a kill"
        yield Verdict("CT011", KILLS, call, detail, None, LOW)


def unknown_eval(call: Call) -> Iterator[Verdict]:
    source = call.script.syntax.cut(call.words[1].start, call.words[1].end)
    if re.search(r"kill|pidof|pgrep", source, re.IGNORECASE):
        yield Verdict("CT011", KILLS, call, "eval of what is only known when it runs", None, LOW)
