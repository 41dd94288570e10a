"""Commands that find processes by name, pidof and pgrep; and what is done with what they find."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0_audit.judge.verdict import (
    Case,
    Change,
    Verdict,
    by_shim,
    confidence,
    inserted,
    lower,
    named,
    shown,
)
from ct0_audit.records import BLOCKS, KILLS, LOW, MEDIUM, MISCOUNTS, Selector
from ct0_audit.shell.call import Call
from ct0_audit.shell.flow import KILL, LOOK, PRINT, START, uses
from ct0_audit.shell.options import Options, parse

PGREP_LONG = (
    "delimiter", "pgroup", "group", "older", "parent", "session", "signal", "terminal", "euid",
    "uid", "pidfile", "runstates", "ns", "nslist", "cgroup", "env", "pid", "queue",
)  # fmt: skip
NARROW = ("P", "parent", "F", "pidfile", "g", "pgroup", "s", "session", "cgroup", "p", "pid")


def judged(
    case: Case,
    call: Call,
    what: str,
    selector: Selector | None,
    sure: str,
    changes: tuple[Change, ...] = (),
    kill_rule: str = "CT004",
    other_rule: str = "",
) -> Iterator[Verdict]:
    """One verdict on a finder: the worst that is done with what it finds."""
    found = uses(call)
    kinds = {use.kind for use in found}
    killer = next((use.call for use in found if use.kind == KILL), None)
    looker = next((use.call for use in found if use.kind == LOOK), None)
    if KILL in kinds:
        name = killer.name if killer is not None else "kill"
        inside = killer if killer is not None and holds(killer, call) else None
        yield Verdict(
            kill_rule,
            KILLS,
            call,
            f"{what}, and `{name}` signals what it finds",
            selector,
            lower(sure, confidence(killer)) if killer is not None else sure,
            changes,
            around=inside,
        )
    elif START in kinds:
        rule = other_rule or "CT016"
        yield Verdict(
            rule, BLOCKS, call, f"{what}, and a start depends on it", selector, sure, changes
        )
    elif LOOK in kinds:
        name = f"`{looker.name}`" if looker is not None else "what follows"
        inside = looker if looker is not None and holds(looker, call) else None
        rule = "CT015" if kill_rule != "CT006" else kill_rule
        yield Verdict(
            rule,
            MISCOUNTS,
            call,
            f"{what}, and {name} takes what it finds",
            selector,
            sure,
            changes,
            around=inside,
        )
    elif kinds - {PRINT}:
        rule = other_rule or "CT005"
        yield Verdict(
            rule,
            MISCOUNTS,
            call,
            f"{what}, and something is decided by it",
            selector,
            sure,
            changes,
        )
    elif kinds or not silent(call):
        rule = other_rule or "CT005"
        yield Verdict(rule, MISCOUNTS, call, f"{what}, and shows it", selector, LOW, changes)


def holds(outer: Call, inner: Call) -> bool:
    return outer.script is inner.script and outer.start <= inner.start and inner.end <= outer.end


def silent(call: Call) -> bool:
    """Whether what it prints is thrown away."""
    if call.node is None:
        return False
    for above in call.script.syntax.around(call.node):
        if above.type == "redirected_statement":
            return "/dev/null" in call.script.syntax.text(above)
        if above.type not in ("pipeline", "negated_command"):
            return False
    return False


def decision(
    case: Case, call: Call, names: list[str], selector: Selector | None, changes: tuple[Change, ...]
) -> Iterator[Verdict]:
    """killall -0 and pkill -0 ask."""
    what = f"asks for every process named {shown(names)}"
    sure = confidence(call) if names and "\0" not in "".join(names) else MEDIUM
    yield from judged(case, call, what, selector, lower(sure, confidence(call)), changes)


def pidof(case: Case, call: Call) -> Iterator[Verdict]:
    found = parse(call.arguments, "odS", ("omit-pid", "separator"))
    names = [call.words[at + 1] for at in found.operands]
    if found.has("h", "help", "V", "version") or not (names or call.piped):
        return
    texts = [word.text for word in names] or ["\0"]
    changes = by_shim(case, call)
    what = f"looks for every process named {shown(texts)}"
    selector, sure = named("name", texts), confidence(call, names)
    if found.has("c", "check-root"):
        if case.facts.pidof == "sysv":
            return  # it compares the root directory itself, for root
        sure = sure if case.facts.pidof == "procps" else lower(sure, MEDIUM)
        for verdict in judged(case, call, what, selector, sure, changes):
            yield verdict._replace(rule="CT014", detail=verdict.detail + "; -c does not help here")
        return
    if not changes and case.facts.pidof == "sysv":
        changes = inserted(call, "-c")
    elif (
        not changes
        and not found.given
        and len(texts) == 1
        and re.fullmatch(r"[\w-]{1,15}", texts[0])
    ):
        word = call.words[0]
        if call.script.syntax.cut(word.start, word.end) == call.command:
            option = f"pgrep --ns {case.me()} --nslist pid -x"
            changes = ((word.start, word.end, option),)
    yield from judged(case, call, what, selector, sure, changes)


def pgrep_options(call: Call) -> Options:
    signals = call.name == "pkill"
    # -q takes pkill's value for sigqueue(3), and nothing in pgrep.
    short = "dgGOPpstuUFr" + ("q" if signals else "")
    return parse(call.arguments, short, PGREP_LONG, signals=signals)


def users_of(found: Options) -> tuple[str, ...]:
    """The users that pgrep and pkill are told, by -u and -U, in lists."""
    told = found.values("u", "U", "euid", "uid")
    return tuple(",".join(told).split(",")) if told else ()


def pgrep_selector(found: Options, texts: list[str], users: tuple[str, ...]) -> Selector | None:
    how = "full" if found.has("f", "full") else "exact" if found.has("x", "exact") else "pattern"
    if how == "full" and found.has("x", "exact"):
        texts = [f"^({text})$" for text in texts]
    return named(how, texts, users)


def ns_problem(case: Case, call: Call, found: Options) -> Iterator[Verdict] | None:
    """None without --ns. With it: nothing to say when only PID namespaces are compared."""
    if not found.has("ns"):
        return None
    lists = found.values("nslist")
    if lists and lists[-1].split(",")[-1].strip() in ("pid", "\0"):
        return iter(())
    value = next(
        (w for w in call.words[1:] if w.text == "--ns" or w.text.startswith("--ns=")), None
    )
    changes: tuple[Change, ...] = ()
    if value is not None and not lists and "=" in value.text:
        changes = ((value.end, value.end, " --nslist pid"),)
    elif value is not None and not lists:
        after = call.words[call.words.index(value) + 1]
        changes = ((after.end, after.end, " --nslist pid"),)
    detail = (
        "compares only the last kind of namespace in its list"
        if lists
        else "misses the host's services that have a namespace of their own (PrivateTmp=)"
    )
    verdict = Verdict("CT013", MISCOUNTS, call, detail, None, confidence(call), changes)
    return iter((verdict,))


def pgrep(case: Case, call: Call) -> Iterator[Verdict]:
    found = pgrep_options(call)
    if found.has("h", "help", "V", "version") or found.has(*NARROW):
        return
    problem = ns_problem(case, call, found)
    if problem is not None:
        yield from problem
        return
    names = [call.words[at + 1] for at in found.operands]
    users = users_of(found)
    texts = [word.text for word in names]
    if not texts and not users and not call.piped:
        return
    changes = by_shim(case, call) or inserted(call, f"--ns {case.me()} --nslist pid")
    what = f"looks for every process that matches {shown(texts or list(users))}"
    selector = pgrep_selector(found, texts or ([] if users else ["\0"]), users)
    yield from judged(case, call, what, selector, confidence(call, names), changes)
