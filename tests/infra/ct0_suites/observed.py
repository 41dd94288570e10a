"""What was observed, as an expectations file: the file's text, and the file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any, NamedTuple

import yaml

from ct0.errors import reason
from ct0.replacing import replacing
from ct0.text import plain
from ct0_suites.expectations.files import Wrong
from ct0_suites.naming import ids, label, scopes
from ct0_suites.records import Subject
from ct0_suites.suites import SUITES, suite

REMARKS = 200  # lines of them in a file's head


class Seen(NamedTuple):
    subject: Subject
    suite: str
    want: dict[str, Any]


class Snapshot(NamedTuple):
    """`left_out` is what could not be seen or did not hold, `unreached` which nodes and why; texts
    that are not safe to print raw."""

    subjects: list[Subject]
    seen: list[Seen]
    left_out: list[str]
    unreached: list[str]


def document(snapshot: Snapshot, now: datetime) -> str:
    """The expectations file. All in ASCII: what a name hides is seen in it."""
    whose = scopes(snapshot.subjects)
    alike = [each for each in snapshot.subjects if each not in whose]
    seen = [each for each in snapshot.seen if each.subject in whose]
    names = ids(
        (each.subject, each.suite, label(each.want, suite(each.suite).REQUIRED)) for each in seen
    )
    entries: dict[str, list[dict[str, Any]]] = {}
    for name, each in zip(names, seen):
        entry = {"id": name, "for": Line(whose[each.subject]), **each.want}
        entries.setdefault(each.suite, []).append(entry)
    left_out = [f"{each.id}: another has the same name" for each in alike]
    snapshot = snapshot._replace(left_out=left_out + snapshot.left_out)
    text = "".join(f"# {ascii_of(line)}\n" for line in head(snapshot, now)) + "version: 1\n"
    for name in SUITES:
        if name in entries:
            text += "\n" + dumped({name: entries[name]})
    return text


def head(snapshot: Snapshot, now: datetime) -> Iterator[str]:
    machines = [each.id for each in snapshot.subjects if not each.ctid]
    nodes = machines or list(dict.fromkeys(each.node for each in snapshot.subjects))
    cts = sum(1 for each in snapshot.subjects if each.ctid)
    day = now.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    yield f"Seen by ct0 verify snapshot, {day}: {', '.join(nodes) or 'nobody'}; containers: {cts}."
    yield "Leave what matters, and say why; ct0 verify -e THIS-FILE URL judges it."
    for title, lines in (("Not reached", snapshot.unreached), ("Left out", snapshot.left_out)):
        for line in lines[:REMARKS]:
            yield f"{title}: {line}"
        if len(lines) > REMARKS:
            yield f"{title}: and {len(lines) - REMARKS} more"


def ascii_of(text: str) -> str:
    return plain(text, 1000).encode("ascii", "backslashreplace").decode("ascii")


def dumped(entries: dict[str, list[dict[str, Any]]]) -> str:
    text: str = yaml.dump(entries, Dumper=Dumper, sort_keys=False, width=100, allow_unicode=False)
    return text


class Line(dict[str, str]):
    """Written in one line."""


class Dumper(yaml.SafeDumper):
    """Lists below their key are moved in, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True


def in_a_line(dumper: Dumper, given: Line) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", given, flow_style=True)


Dumper.add_representer(Line, in_a_line)


def write(path: str, text: str, force: bool = False) -> None:
    """The whole file or none; one that is there only with `force`. Raises Wrong."""
    try:
        with reserved(path, force), replacing(path) as stream:
            stream.write(text.encode("ascii"))
    except FileExistsError:
        raise Wrong(f"{path}: is there already; --force overwrites it") from None
    except OSError as error:
        raise Wrong(reason(error)) from error


@contextmanager
def reserved(path: str, force: bool) -> Iterator[None]:
    """Hold a new file's name, so that nobody else's is overwritten; given up on failure."""
    if force:
        yield
        return
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666))
    try:
        yield
    except BaseException:
        os.unlink(path)
        raise
