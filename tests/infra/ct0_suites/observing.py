"""ct0 verify snapshot: what is true of nodes and their containers now, as an expectations file.

Whatever is written was judged right after it was seen, and passed; what did not is named in the
file's head and left out. The file is for a person to read, cut down and keep.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import Any

from ct0.container import RUNNING
from ct0.errors import Error, reason
from ct0.text import plain
from ct0_suites.expectations.files import Wrong, check
from ct0_suites.expectations.schema import DRAFT, schema
from ct0_suites.judging import tried
from ct0_suites.observed import Seen, Snapshot, document, write
from ct0_suites.records import PASSED, Expectation, NotApplicable, Subject
from ct0_suites.running import Node
from ct0_suites.suites import SUITES, suite
from ct0_suites.target import Target

OK, UNKNOWN = 0, 3


def observe(nodes: Iterable[Node], jobs: int = 8, suites: Sequence[str] = SUITES) -> Snapshot:
    """Look at all targets of all nodes, `jobs` nodes at a time; in the nodes' order."""
    forms = schema()["properties"]
    whole = Snapshot([], [], [], [])
    known: set[Subject] = set()
    with ThreadPoolExecutor(max(1, jobs), "ct0-snapshot") as pool:
        for part in pool.map(lambda node: node_seen(node, suites, forms), nodes):
            twice = known.intersection(part.subjects)
            known.update(part.subjects)
            whole.subjects.extend(each for each in part.subjects if each not in twice)
            whole.seen.extend(each for each in part.seen if each.subject not in twice)
            whole.left_out.extend(part.left_out)
            whole.unreached.extend(part.unreached)
    return whole


def node_seen(node: Node, suites: Sequence[str], forms: Mapping[str, Any]) -> Snapshot:
    found = Snapshot([], [], [], [])
    try:
        with node.open() as targets:
            for target in targets:
                found.subjects.append(target.subject)
                for name in suites:
                    suite_seen(name, target, forms, found)
    except (Error, OSError) as error:
        found.unreached.append(f"{node.name}: {reason(error)}")
    return found


def suite_seen(name: str, target: Target, forms: Mapping[str, Any], found: Snapshot) -> None:
    """What a suite sees of one target. Of one that does not run, its state alone."""
    module = suite(name)
    if target.subject.kind not in module.KINDS or (target.state != RUNNING and name != "state"):
        return
    where = f"{target.subject.id}: {name}"
    try:
        for given in module.observe(target):
            problem = doubt(name, given, target, forms)
            if problem:
                found.left_out.append(f"{where}: {problem}")
            else:
                found.seen.append(Seen(target.subject, name, normal(given)))
    except NotApplicable:
        return
    except (Error, OSError) as error:
        found.left_out.append(f"{where}: {reason(error)}")
    except Exception as error:  # a bug of ours costs this suite's view of it, and says so
        found.left_out.append(f"{where}: {type(error).__name__}: {error} (a bug: please report it)")


def normal(want: Any) -> dict[str, Any]:
    """As a file gives it back: lists for tuples, no value that is there twice by reference."""
    found: dict[str, Any] = json.loads(json.dumps(want))
    return found


def doubt(name: str, given: Any, target: Target, forms: Mapping[str, Any]) -> str:
    """Why something seen is not to be written: it has no form, or does not hold; "" if it may."""
    try:
        want = normal(given)
        check({**want, "id": "x"}, "seen", {"$schema": DRAFT, **forms[name]["items"]})
    except (Wrong, TypeError, ValueError) as error:
        return str(error)
    outcome, problems = tried(Expectation("x", name, want), target)
    return "" if outcome == PASSED else "; ".join((f"{outcome} when judged", *problems))


def main(arguments: Sequence[str]) -> int:
    from ct0_suites.command import nodes_of

    options = parser().parse_args(arguments)
    nodes = nodes_of(options)
    if not nodes:
        raise Wrong("no nodes: give a URL or --inventory (try --help)")
    if options.output != "-" and not options.force and os.path.lexists(options.output):
        raise Wrong(f"{options.output}: is there already; --force overwrites it")
    return written(observe(nodes, options.jobs, options.suite or SUITES), options)


def parser() -> argparse.ArgumentParser:
    from ct0_suites.command import Parser, positive

    parser = Parser(
        prog="ct0 verify snapshot",
        description="Write what is true of nodes and their containers now as an expectations file.",
        epilog="Exit status: 0 all was seen; 3 a node was not reached, or nothing was written.",
    )
    add = parser.add_argument
    lists: dict[str, Any] = {"action": "append", "default": []}
    add("urls", nargs="*", metavar="URL", help="what to look at, beside --inventory's nodes")
    add("-i", "--inventory", metavar="FILE", help="as ct0 verify takes them (repeatable)", **lists)
    add("--hosts", metavar="URL,...", help="as pytest's --hosts", **lists)
    add("-o", "--output", default="-", metavar="FILE", help="where to write it (standard output)")
    add("--force", action="store_true", help="overwrite FILE")
    add("--suite", choices=SUITES, metavar="NAME", help="only this one (repeatable)", **lists)
    add("-j", "--jobs", type=positive, default=8, metavar="N", help="nodes at a time (8)")
    return parser


def written(snapshot: Snapshot, options: argparse.Namespace) -> int:
    for line in (*snapshot.unreached, *snapshot.left_out):
        print(f"ct0 verify snapshot: {plain(line, 1000)}", file=sys.stderr)
    if not snapshot.seen:
        why = snapshot.unreached or ["no target showed anything"]
        raise Wrong(f"nothing was seen: {plain(why[0], 1000)}")
    text = document(snapshot, datetime.now(timezone.utc))
    if options.output == "-":
        sys.stdout.write(text)
    else:
        write(options.output, text, options.force)
    return UNKNOWN if snapshot.unreached else OK
