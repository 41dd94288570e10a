"""`ct0 ps`: CT0's own processes, or a container's."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from functools import cache

from ct0.cli.notes import rights
from ct0.cli.table import show
from ct0.containers import containers
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.owner import CONTAINER, OWN, SANDBOX, UNKNOWN, Owner, Ownership
from ct0.process import Process
from ct0.text import plain

HEADER = ("CTID", "PID", "PPID", "USER", "S", "COMMAND")
SHOWN_AS = {OWN: "0", SANDBOX: "(sandbox)", UNKNOWN: "(unknown)"}


def main(arguments: Sequence[str], host: Host) -> int:
    options = parser().parse_args(arguments)
    wanted = wanted_cts(host, options.ct) if options.ct else None
    ownership = Ownership(host)
    rows: list[tuple[str, ...]] = []
    for pid in host.pids():
        try:
            with Process(host, pid) as process:
                owner = ownership.owner(process)
                if shown(owner, wanted, options.all):
                    row = describe(process, owner, host.live)
                    if not (options.no_kernel and row[-1].startswith("[")):
                        rows.append(row)
        except (ProcessLookupError, PermissionError, Malformed):
            continue  # gone while we looked, or hidden
    rights(host, "ps")
    if options.json:
        records = [dict(zip(("ctid", "pid", "ppid", "user", "state", "command"), r)) for r in rows]
        json.dump(records, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        show(HEADER, rows, right=("PID", "PPID"))
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ct0 ps",
        description="CT0's own processes, without its containers'. USER is a name for CT0's own"
        " processes and a number for a container's, whose users CT0 does not know.",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--ct", action="append", metavar="ID", help="this container's, by CTID or name (repeatable)"
    )
    which.add_argument("-a", "--all", action="store_true", help="everybody's")
    parser.add_argument("--no-kernel", action="store_true", help="without kernel threads")
    parser.add_argument("--json", action="store_true")
    return parser


def wanted_cts(host: Host, names: Sequence[str]) -> set[str]:
    """The CTIDs meant by CTIDs, names or the beginnings (12 digits and more) of long IDs."""
    known = containers(host)
    wanted: set[str] = set()
    for name in names:
        hits = {ct.ctid for ct in known if name in (ct.ctid, ct.name)}
        hits = hits or {ct.ctid for ct in known if len(name) >= 12 and ct.ctid.startswith(name)}
        if not hits:
            raise Unavailable(f"{plain(name)}: no such container; `ct0 list` shows them")
        wanted |= hits
    return wanted


def shown(owner: Owner, wanted: set[str] | None, everybody: bool) -> bool:
    if everybody:
        return True
    if wanted is not None:
        return owner.kind == CONTAINER and owner.ctid in wanted
    return owner.kind == OWN


def describe(process: Process, owner: Owner, live: bool) -> tuple[str, ...]:
    stat = process.stat()
    uid = process.status().uids[1] if not live else process.uid()
    command = " ".join(process.cmdline()) or f"[{stat.comm}]"
    ctid = SHOWN_AS.get(owner.kind, owner.ctid)
    ctid = ctid[:12] if len(ctid) == 64 and sys.stdout.isatty() else ctid
    user = user_name(uid) if live and owner.kind == OWN else str(uid)
    return ctid, str(process.pid), str(stat.ppid), user, stat.state, plain(command, 4096)


@cache
def user_name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
