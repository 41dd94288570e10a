"""Commands that find processes: pidof, pgrep, ps with grep, lsof -t, fuser; and what is done with
what they find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

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
from ct0_audit.shell.call import Call, Word
from ct0_audit.shell.flow import KILL, LOOK, PRINT, START, uses, uses_of_substitution
from ct0_audit.shell.options import Options, parse
from ct0_audit.shell.syntax import field
from ct0_audit.shell.values import below

if TYPE_CHECKING:
    from tree_sitter import Node

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


PS_LONG = (
    "pid",
    "ppid",
    "quick-pid",
    "sid",
    "tty",
    "user",
    "User",
    "group",
    "Group",
    "sort",
    "format",
    "cols",
    "columns",
    "width",
)


def ps(case: Case, call: Call) -> Iterator[Verdict]:
    """ps aux | grep x, ps -C x. ps -p and the like ask for one."""
    words = call.arguments
    found = parse(words, "oOCpqgGstuUkn", PS_LONG)
    if found.has("p", "pid", "ppid", "q", "quick-pid", "s", "sid", "g", "t", "tty"):
        return
    letters = "".join(words[at] for at in found.operands[:1])  # BSD's options have no dash
    if any(word.isdigit() for word in words) or (letters.isalpha() and "p" in letters):
        return
    if found.has("C"):
        names = ",".join(found.values("C")).split(",")
        what = f"asks ps for every process named {shown(names)}"
        selector = named("comm", names)
        yield from judged(case, call, what, selector, confidence(call), (), "CT006", "CT006")
        return
    everybody = found.has("e", "A", "d", "N", "a", "x", "u", "U", "user", "User", "deselect")
    everybody = everybody or (letters.isalpha() and bool(set("ax") & set(letters)))
    # One's own terminal only; but busybox' ps knows nothing but all, and $X may be -e.
    if not everybody and case.facts.pidof != "busybox" and "\0" not in "".join(words):
        return
    search = searched(call)
    if search is None:
        return
    how, text = search
    what = f"searches all of ps for {shown([text])}"
    selector = named(how, [text]) if text else None
    sure = confidence(call) if "\0" not in text and text else lower(confidence(call), MEDIUM)
    yield from judged(case, call, what, selector, sure, (), "CT006", "CT006")


def piped(call: Call) -> Node | None:
    """The pipe that a command's output goes into; None if that goes to a file, or nowhere."""
    for above in call.script.syntax.around(call.node) if call.node is not None else ():
        if above.type == "pipeline":
            return above
        if above.type == "redirected_statement":
            redirects = [child for child in above.children if child.type == "file_redirect"]
            if any(call.script.syntax.text(each)[:1] in (">", "1", "&") for each in redirects):
                return None
        elif above.type not in ("subshell", "compound_statement", "list", "negated_command"):
            return None
    return None


def searched(call: Call) -> tuple[str, str] | None:
    """What a pipe after ps looks for; None when it looks for nothing."""
    pipeline = piped(call)
    if pipeline is None or call.node is None:
        return None
    found: tuple[str, str] | None = None
    for node in below(pipeline, ("command",)):
        if node.start_byte <= call.node.start_byte:
            continue
        for other in call.script.by_node.get(node.id, ()):
            name, words = other.name, other.arguments
            if name in ("grep", "egrep", "fgrep", "zgrep"):
                options = parse(words, "efmABC", ("regexp", "file", "max-count"))
                if options.has("v", "invert-match"):
                    continue
                patterns = options.values("e", "regexp") or [words[at] for at in options.operands]
                if patterns and (found is None or not found[1]):
                    fixed = name == "fgrep" or options.has("F", "fixed-strings")
                    extended = name == "egrep" or options.has("E", "P", "extended-regexp")
                    text = patterns[0] if fixed or extended else extended_of(patterns[0])
                    found = ("text" if fixed else "full"), text
            elif name in ("awk", "gawk", "mawk", "perl", "sed"):
                program = " ".join(word for word in words)
                inner = re.search(r"/((?:[^/\\]|\\.)+)/", program)
                if inner and (found is None or not found[1]):
                    found = "full", inner[1]
                elif re.search(r"==|~", program):
                    found = found or ("full", "")
    return found


def extended_of(pattern: str) -> str:
    """A basic regular expression as an extended one: \\| is |, and + is a plus sign."""
    return re.sub(
        r"\\([|(){}+?])|\\.|[|(){}+?]",
        lambda m: m[1] or (m[0] if m[0].startswith("\\") else "\\" + m[0]),
        pattern,
    )


def lsof(case: Case, call: Call) -> Iterator[Verdict]:
    """lsof -t, fuser: PIDs of whoever has a file open. -p asks about one."""
    found = parse(call.arguments, "pugciFdDn" if call.name == "lsof" else "nN")
    if call.name == "lsof" and found.has("p"):
        return
    if call.name == "fuser" and found.has("k", "K", "kill"):
        return
    taken = [use.call for use in uses(call) if use.kind == KILL]
    if taken:
        killer = taken[0]
        inside = killer if killer is not None and holds(killer, call) else None
        yield Verdict(
            "CT009",
            KILLS,
            call,
            "finds whoever has a file open, and signals them",
            None,
            confidence(call),
            around=inside,
        )


PIDFILE = re.compile(r"\.pid\b|pid_?file|/var/run/|^/run/", re.IGNORECASE)


def pidfile(case: Case, call: Call) -> Iterator[Verdict]:
    """kill $(cat /run/x.pid): whoever has that number now."""
    words = [word for word in call.words[1:] if not word.text.startswith("-")]
    named_so = [
        word
        for word in words
        if PIDFILE.search(word.text)
        or (word.node is not None and PIDFILE.search(call.script.syntax.text(word.node)))
    ]
    if call.elsewhere or not named_so:
        return
    taken = [use for use in uses(call) if use.kind == KILL]
    if not taken:
        return
    killer = taken[0].call
    path = named_so[0].text
    selector = Selector("pidfile", (path,)) if "\0" not in path and path.startswith("/") else None
    yield Verdict(
        "CT010",
        KILLS,
        call,
        "signals the number in the file, whoever has it now",
        selector,
        LOW,
        around=killer if killer is not None and holds(killer, call) else None,
    )


def read_pidfile(case: Case, node: Node) -> Iterator[Verdict]:
    """kill $(</run/x.pid)"""
    script = case.script
    inner = node.named_children
    if len(inner) != 1 or inner[0].type != "file_redirect":
        return
    target = field(inner[0], "destination")
    if target is None or not PIDFILE.search(script.syntax.text(target)):
        return
    taken = [use.call for use in uses_of_substitution(script, node) if use.kind == KILL]
    if taken:
        path = script.values.text(target)
        call = Call(script, None, [Word(path, node.start_byte, node.end_byte, target)])
        selector = Selector("pidfile", (path,)) if path.startswith("/") else None
        detail = "signals the number in the file, whoever has it now"
        killer = taken[0]
        inside = killer if killer is not None and holds(killer, call) else None
        yield Verdict("CT010", KILLS, call, detail, selector, LOW, around=inside)


def root_link(case: Case, call: Call) -> Iterator[Verdict]:
    """[ "$(readlink /proc/$pid/root)" = / ]"""
    if not any(re.fullmatch(r"/proc/[^/]+/root/?", word.text) for word in call.words[1:]):
        return
    changes: tuple[Change, ...] = ()
    node = call.node
    test = None
    for above in call.script.syntax.around(node) if node is not None else ():
        if above.type == "test_command":
            test = above
            break
    if test is not None:
        text = call.script.syntax.text(test)
        simple = re.fullmatch(
            r"\[\s+\"?[$`(]+readlink\s+(/proc/[^/\s]+)/root/?\s*[)`]\"?\s+==?\s+\"?/\"?\s+\]", text
        )
        if simple and field(test, "name") is None:
            new = f"[ {simple[1]}/ns/pid -ef /proc/self/ns/pid ]"
            changes = ((test.start_byte, test.end_byte, new),)
    yield Verdict(
        "CT012",
        KILLS,
        call,
        "takes a root link that reads / for a sign of the host's own process",
        None,
        confidence(call),
        changes,
    )
