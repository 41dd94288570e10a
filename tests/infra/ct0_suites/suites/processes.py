"""processes: whether a process of the target's own runs, and as often as it should.

processes:
  - id: ssh-runs
    name: sshd
  - id: two-to-four-workers
    for: {ct: shop}
    command: "shop-worker .*--queue=mail"
    user: shop
    count: "2:4"
  - id: no-telnet
    name: telnetd
    count: 0

On a CT0 its containers' processes do not count, in a container CT0's do not: a daemon of the same
name in a container is none of CT0's. A process that only calls itself so is a problem of its own.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ct0.errors import Unavailable
from ct0.owner import CONTAINER, OWN, SANDBOX, UNKNOWN
from ct0.text import plain
from ct0_suites.expectations.files import Wrong
from ct0_suites.records import KINDS
from ct0_suites.resources.processes import (
    Record,
    base,
    cut,
    impostors,
    is_called,
    read_processes,
)
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

SCHEMA: dict[str, Any] = {
    "name": {
        "description": "What it is called, exactly: the name it has for the kernel or its"
        " executable's. Whoever is called so, but runs another program, does not count and is a"
        " problem.",
        "type": "string",
        "minLength": 1,
        "pattern": "^[^/\\n]+$",
    },
    "command": {
        "description": "A regular expression that is found in its command line (the first 4096"
        " bytes), which a process writes itself: give its name as well.",
        "type": "string",
        "minLength": 1,
    },
    "user": {
        "description": "The user it runs as: a name there, or a number.",
        "type": ["string", "integer"],
        "pattern": "^[A-Za-z0-9_.][A-Za-z0-9_.@-]*\\$?$",
        "minimum": 0,
    },
    "parent": {
        "description": "What its parent is called.",
        "type": "string",
        "minLength": 1,
        "pattern": "^[^/\\n]+$",
    },
    "count": {
        "description": 'How many: a number (exactly so many), "1:" (at least), ":4" (at most),'
        ' "2:4" (from, to).',
        "oneOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": "^([0-9]{1,9}|[0-9]{1,9}:[0-9]{0,9}|:[0-9]{1,9})$"},
        ],
        "default": "1:",
    },
    "of": {
        "description": "Whose count: own (the target's), sandbox (those of its sandboxes as well: a"
        " browser's, a unit's with PrivatePIDs=), all (its containers' as well).",
        "enum": ["own", "sandbox", "all"],
        "default": "own",
    },
}
REQUIRED: tuple[str, ...] = ()

SCOPES = {"own": (OWN,), "sandbox": (OWN, SANDBOX), "all": (OWN, SANDBOX, CONTAINER, UNKNOWN)}
SHOWN = 5  # PIDs or containers that are named


class Range(NamedTuple):
    least: int
    most: int | None  # None: any number

    def holds(self, count: int) -> bool:
        return self.least <= count and (self.most is None or count <= self.most)

    def __str__(self) -> str:
        if self.least == self.most:
            return "none" if not self.least else f"exactly {self.least}"
        if self.most is None:
            return f"at least {self.least}"
        return f"{self.least} to {self.most}" if self.least else f"at most {self.most}"


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    if not any(key in want for key in ("name", "command", "user")):
        raise Wrong("of which process? give its name, command or user")
    wanted = parse_range(want.get("count", "1:"))
    everybody = read_processes(target)
    found, remark = matching(want, everybody, target)
    scope = SCOPES[want.get("of", "own")]
    mine = [each for each in found if each.whose in scope]
    false = impostors(target, mine, want["name"]) if "name" in want else []
    true = [each for each in mine if each not in false]
    unknown = [each for each in found if each.whose == UNKNOWN and each not in mine]
    counts = range(len(true), len(true) + len(unknown) + 1)
    if len({wanted.holds(count) for count in counts}) > 1:
        raise Unavailable(
            f"whose {pids(unknown)} {verb(unknown)} cannot be told: {described(want)}"
        )

    if not wanted.holds(len(true)):
        others = [each for each in found if each.whose not in scope]
        notes = [*remark, *elsewhere(others), *unreadable(want, everybody, wanted, len(true))]
        yield told(want, wanted, true) + (f" ({'; '.join(notes)})" if notes else "")
    for each in false[:SHOWN]:
        yield (
            f"PID {each.pid} is called {plain(want['name'])}, but runs"
            f" {plain(each.executable, 100)}"
        )
    if len(false) > SHOWN:
        yield f"{len(false) - SHOWN} more are called {plain(want['name'])}, but run something else"


def observe(target: Target) -> Iterator[dict[str, Any]]:
    """The daemons of its own; how many there are of each changes, that there is one does not."""
    found = {
        name_of(each)
        for each in read_processes(target)
        if each.whose == OWN and each.is_daemon and not each.is_kernel
        and not each.is_ours and (each.ppid == 1 or not each.is_above)
        # "(sd-pam)" and the like are processes on their way to become something else.
        and each.pid != 1 and not each.comm.startswith("(")
    }  # fmt: skip
    for name in sorted(found):
        # A program without a file has another name each time.
        if name.isprintable() and not name.startswith("memfd:") and "/" not in name:
            yield {"name": name, "count": "1:"}


def name_of(record: Record) -> str:
    """What it is called; the whole of a name that the kernel has only the beginning of."""
    words = (record.executable, *record.arguments[:2])
    longer = [base(word) for word in words if cut(base(word)) == record.comm]
    return longer[0] if longer else record.comm


def matching(
    want: Mapping[str, Any], everybody: Sequence[Record], target: Target
) -> tuple[list[Record], list[str]]:
    """Whosever they are, but for those that are there because somebody looks; and a remark."""
    found = [each for each in everybody if not each.is_ours]
    remark = []
    if "name" in want:
        found = [each for each in found if is_called(each, want["name"])]
    if "command" in want:
        found = [each for each in found if searched(want["command"], each)]
    if "user" in want:
        uid = uid_of(str(want["user"]), target)
        if uid is None:
            remark.append(f"there is no user {plain(str(want['user']))}")
        found = [each for each in found if each.uid == uid]
    if "parent" in want:
        called = {each.pid for each in everybody if is_called(each, want["parent"])}
        found = [each for each in found if each.ppid in called]
    return found, remark


def searched(pattern: str, record: Record) -> bool:
    try:
        return re.search(pattern, " ".join(record.arguments)) is not None
    except re.error as error:
        raise Wrong(f"command: {pattern!r} is no regular expression: {error}") from error


def uid_of(user: str, target: Target) -> int | None:
    if user.isdigit():
        return int(user)

    def read() -> int | None:
        said = target.run(f"id -u {shlex.quote(user)} 2>/dev/null").text.strip()
        return int(said) if said.isdigit() else None

    return target.once(f"processes: uid of {user}", read)


def parse_range(value: int | str) -> Range:
    if isinstance(value, int):
        return Range(value, value)
    low, colon, high = value.partition(":")
    if not colon:
        return Range(int(low), int(low))
    least, most = int(low or 0), int(high) if high else None
    if most is not None and most < least:
        raise Wrong(f'count: "{value}" holds for no number')
    return Range(least, most)


def told(want: Mapping[str, Any], wanted: Range, found: Sequence[Record]) -> str:
    """no sshd of its own; 3 sshd of its own, PIDs 7, 9, 12: there should be at most 2"""
    whose = {"own": " of its own", "sandbox": " of its own or its sandboxes'", "all": ""}
    what = described(want, len(found)) + whose[want.get("of", "own")]
    if not found:
        return f"no {what}" + ("" if wanted == (1, None) else f": there should be {wanted}")
    return f"{len(found)} {what}, {pids(found)}: there should be {wanted}"


def described(want: Mapping[str, Any], count: int = 1) -> str:
    text = plain(want.get("name", "process" if count < 2 else "processes"))
    if "command" in want:
        text += f" with a command line like {plain(want['command'])}"
    if "user" in want:
        text += f" of user {plain(str(want['user']))}"
    return text + (f" started by {plain(want['parent'])}" if "parent" in want else "")


def pids(found: Sequence[Record]) -> str:
    return ("PID " if len(found) == 1 else "PIDs ") + listed([str(each.pid) for each in found])


def verb(found: Sequence[Record]) -> str:
    return "is" if len(found) == 1 else "are"


def elsewhere(others: Sequence[Record]) -> Iterator[str]:
    """2 in containers: 101, web1"""
    inside = [each for each in others if each.whose == CONTAINER]
    names = sorted({each.ctid[:12] if len(each.ctid) == 64 else each.ctid for each in inside})
    if inside:
        kind = "a container" if len(names) == 1 else "containers"
        yield f"{len(inside)} in {kind}: {listed([plain(name, 60) for name in names])}"
    boxed = sum(each.whose == SANDBOX for each in others)
    if boxed:
        yield f"{boxed} in a sandbox"
    unknown = sum(each.whose == UNKNOWN for each in others)
    if unknown:
        yield f"{unknown} whose owner cannot be told"


def unreadable(
    want: Mapping[str, Any], everybody: Sequence[Record], wanted: Range, count: int
) -> Iterator[str]:
    """What a process runs matters where one by that name is missing."""
    blind = [
        each
        for each in everybody
        if each.whose == OWN and not each.executable and not each.is_kernel and each.arguments
    ]
    if "name" in want and count < wanted.least and blind:
        yield f"what {len(blind)} of its processes run cannot be read"


def listed(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
