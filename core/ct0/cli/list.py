"""`ct0 list`: the containers of this host."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence

from ct0.cli.notes import rights
from ct0.cli.table import show
from ct0.container import CT
from ct0.containers import containers
from ct0.figures import duration
from ct0.host import Host
from ct0.inventory import unreadable

HEADER = ("ENGINE", "CTID", "NAME", "STATE", "INIT", "PROCS", "UP", "CGROUP")


def main(arguments: Sequence[str], host: Host) -> int:
    options = parser().parse_args(arguments)
    found = [
        ct
        for ct in containers(host)
        if (not options.engine or ct.engine in options.engine)
        and (not options.state or ct.state in options.state)
    ]
    rights(host, "list")
    hidden = unreadable(host)
    if hidden:
        print(f"ct0 list: {hidden}", file=sys.stderr)
    if options.json:
        json.dump([record(ct) for ct in found], sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif options.quiet:
        sys.stdout.writelines(f"{ct.ctid}\n" for ct in found)
    else:
        show(HEADER, [row(ct) for ct in found], right=("INIT", "PROCS", "UP"))
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ct0 list", description="The containers of this host, running and stopped."
    )
    parser.add_argument("--json", action="store_true", help="all that is known, as JSON")
    parser.add_argument("-q", "--quiet", action="store_true", help="CTIDs only, one a line")
    parser.add_argument(
        "--engine", action="append", metavar="NAME", help="only this engine's (repeatable)"
    )
    parser.add_argument(
        "--state", action="append", metavar="STATE", help="only in this state (repeatable)"
    )
    return parser


def row(ct: CT) -> tuple[str, ...]:
    ctid = ct.ctid[:12] if len(ct.ctid) == 64 and sys.stdout.isatty() else ct.ctid
    up = duration(time.time() - ct.started) if ct.started and ct.init_pid else "-"
    return (
        ct.engine,
        ctid,
        ct.name or "-",
        ct.state,
        str(ct.init_pid or "-"),
        str(ct.processes or "-"),
        up,
        ct.cgroup or "-",
    )


def record(ct: CT) -> dict[str, object]:
    """One CT for JSON: what is not known is null, bytes that are no UTF-8 are escaped."""
    fields: dict[str, object] = dict(ct._asdict())
    for key, value in fields.items():
        if isinstance(value, str):
            fields[key] = os.fsencode(value).decode("utf-8", "backslashreplace") or None
    fields["init_pid"] = ct.init_pid or None
    fields["started"] = ct.started or None
    return fields
