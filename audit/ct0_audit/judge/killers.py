"""Commands that signal whom they find: killall, pkill, skill, slay, killall5, fuser -k, kill -1."""

from __future__ import annotations

from collections.abc import Iterator

from ct0_audit.judge.finders import decision, ns_problem, pgrep_options, pgrep_selector, users_of
from ct0_audit.judge.verdict import Case, Verdict, by_shim, confidence, inserted, named, shown
from ct0_audit.records import KILLS, MISCOUNTS, Selector
from ct0_audit.shell.call import Call
from ct0_audit.shell.options import parse, signal_of


def killall(case: Case, call: Call) -> Iterator[Verdict]:
    """psmisc's and busybox'."""
    words = call.arguments
    long = ("ns", "older-than", "younger-than", "signal", "user", "context")
    found = parse(words, "noysuZ", long, signals=True)
    if found.has("l", "list", "V", "version", "i", "interactive", "n", "ns", "help"):
        return
    names = [call.words[at + 1] for at in found.operands]
    users = tuple(found.values("u", "user"))
    texts = [word.text for word in names]
    if not names and not users:
        if not call.piped:
            return
        texts = ["\0"]
    how = "pattern" if found.has("r", "regexp") else "comm"
    if any(text.startswith("/") for text in texts):
        how = "exec"
    selector = named(how, texts, users)
    changes = by_shim(case, call) or inserted(call, f"-n {case.me()}")
    signal = found.signal or (found.values("s", "signal") or [""])[0]
    if signal == "0":
        yield from decision(case, call, texts, selector, changes)
    elif names or call.piped:
        yield Verdict(
            "CT001",
            KILLS,
            call,
            f"signals every process named {shown(texts)}",
            selector,
            confidence(call, names),
            changes,
        )
    else:
        yield by_user(call, users, changes)


def pkill(case: Case, call: Call) -> Iterator[Verdict]:
    found = pgrep_options(call)
    if found.has(
        "P", "parent", "F", "pidfile", "g", "pgroup", "s", "session", "cgroup", "p", "pid"
    ):
        return
    if found.has("help", "V", "version"):
        return
    problem = ns_problem(case, call, found)
    if problem is not None:
        yield from problem
        return
    names = [call.words[at + 1] for at in found.operands]
    users = users_of(found)
    changes = by_shim(case, call) or inserted(call, f"--ns {case.me()} --nslist pid")
    texts = [word.text for word in names] or (["\0"] if call.piped else [])
    selector = pgrep_selector(found, texts, users)
    signal = found.signal or (found.values("signal") or [""])[0]
    if signal == "0":
        yield from decision(case, call, texts, selector, changes)
    elif texts or found.has("t", "terminal", "G", "group"):
        detail = f"signals every process that matches {shown(texts)}"
        yield Verdict("CT001", KILLS, call, detail, selector, confidence(call, names), changes)
    elif users:
        yield by_user(call, users, changes)


def skill(case: Case, call: Call) -> Iterator[Verdict]:
    """procps' old one: skill -9 java, skill -u bob, skill -c java."""
    found = parse(call.arguments, "utpcs", ("ns", "user", "tty", "pid", "command"), signals=True)
    if found.has("l", "L", "V", "version", "p", "pid", "n", "i"):
        return
    users = tuple(found.values("u", "user"))
    names = [*found.values("c", "command"), *(call.arguments[at] for at in found.operands)]
    if names:
        detail = f"signals every process named {shown(names)}, or of that user or terminal"
        yield Verdict("CT001", KILLS, call, detail, named("comm", names), confidence(call))
    elif users:
        yield by_user(call, users, ())


def snice(case: Case, call: Call) -> Iterator[Verdict]:
    """snice +5 java: skill's other half, which sets priorities."""
    found = parse(call.arguments, "utpcs", ("ns", "user", "tty", "pid", "command"))
    if found.has("p", "pid", "l", "L", "V", "version", "h", "help"):
        return
    words = [call.arguments[at] for at in found.operands]
    names = [*found.values("c", "command"), *(w for w in words if not w.startswith("+"))]
    if names:
        detail = f"sets the priority of every process named {shown(names)}"
        yield Verdict("CT015", MISCOUNTS, call, detail, named("comm", names), confidence(call))


def cpulimit(case: Case, call: Call) -> Iterator[Verdict]:
    """cpulimit -e NAME: it stops and continues whom it finds, ten times a second."""
    found = parse(call.arguments, "lpePc", ("limit", "pid", "exe", "path", "cpu"))
    names = found.values("e", "exe", "P", "path")
    if names and not found.has("p", "pid"):
        how = "exec" if names[0].startswith("/") else "comm"
        detail = f"stops and continues a process named {shown(names)}, whosever it is"
        yield Verdict("CT108", KILLS, call, detail, named(how, names), confidence(call))


def slay(case: Case, call: Call) -> Iterator[Verdict]:
    found = parse(call.arguments, signals=True)
    users = tuple(call.arguments[at] for at in found.operands)
    if users:
        yield by_user(call, users, ())


def by_user(
    call: Call, users: tuple[str, ...], changes: tuple[tuple[int, int, str], ...]
) -> Verdict:
    selector = None if any("\0" in user for user in users) else Selector("user", users)
    detail = f"signals every process of {shown(list(users))}"
    return Verdict("CT008", KILLS, call, detail, selector, confidence(call), changes)


def killall5(case: Case, call: Call) -> Iterator[Verdict]:
    yield Verdict(
        "CT007",
        KILLS,
        call,
        "signals every process there is",
        Selector("everybody"),
        confidence(call),
        by_shim(case, call),
    )


def kill(case: Case, call: Call) -> Iterator[Verdict]:
    """kill -9 -1. What is found by name and then killed, the finder's own judge tells."""
    words = call.arguments
    at = 0
    if words[:1] and words[0] in ("-s", "-n"):
        at = 2
    elif words[:1] and (signal_of(words[0]) or words[0].startswith("--signal=")):
        at = 1
    if words[:1] and words[0] in ("-0", "-l", "-L"):
        return
    rest = words[at:]
    if rest[:1] == ["--"]:
        rest = rest[1:]
    elif at == 0:
        return  # kill -1 alone is signal 1 and nobody
    if "-1" in rest:
        yield Verdict(
            "CT007",
            KILLS,
            call,
            "signals every process there is",
            Selector("everybody"),
            confidence(call),
        )


def fuser(case: Case, call: Call) -> Iterator[Verdict]:
    found = parse(call.arguments, "nN", ("namespace",), signals=True)
    if not found.has("k", "K", "kill") or found.has("i", "interactive"):
        return
    places = [call.arguments[at] for at in found.operands]
    yield Verdict(
        "CT009", KILLS, call, f"signals whoever has {shown(places)} open", None, confidence(call)
    )
