"""`ct0 owner`: whose a process is."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from ct0.cli.table import show
from ct0.containers import containers
from ct0.errors import Malformed
from ct0.host import Host
from ct0.owner import CONTAINER, Ownership
from ct0.process import Process

HEADER = ("PID", "OWNER", "ENGINE", "CTID", "NAME", "COMMAND", "EVIDENCE")


def main(arguments: Sequence[str], host: Host) -> int:
    options = parser().parse_args(arguments)
    ownership = Ownership(host)
    names: dict[str, tuple[str, str]] = {}
    records: list[dict[str, str]] = []
    status = 0
    for pid in options.pid:
        try:
            with Process(host, pid) as process:
                owner, comm = ownership.owner(process), process.comm()
        except (ProcessLookupError, PermissionError, Malformed) as error:
            reason = "no such process" if isinstance(error, ProcessLookupError) else str(error)
            print(f"ct0 owner: {pid}: {reason}", file=sys.stderr)
            status = 1
            continue
        if owner.kind == CONTAINER and not names:
            names = {ct.ctid: (ct.engine, ct.name) for ct in containers(host)}
        engine, name = names.get(owner.ctid, (owner.engine, ""))
        record = dict(zip(HEADER, (str(pid), owner.kind, engine, owner.ctid, name, comm)))
        record["EVIDENCE"] = owner.evidence + (", CT0's PID namespace" if owner.shared else "")
        records.append(record)
    if options.json:
        fields = [{key.lower(): value or None for key, value in r.items()} for r in records]
        for field in fields:
            field["pid"] = int(field["pid"] or 0)  # type: ignore[assignment]
        json.dump(fields, sys.stdout, indent=2, ensure_ascii=True)
        sys.stdout.write("\n")
    elif records:
        show(HEADER, [[r[key] or "-" for key in HEADER] for r in records], right=("PID",))
    return status


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ct0 owner",
        description="Whose a process is: ct0 (CT0's own), container, sandbox (a PID namespace that"
        " no engine claims), unknown. Exits 1 when a PID does not exist.",
    )
    parser.add_argument("pid", type=positive, nargs="+", metavar="PID")
    parser.add_argument("--json", action="store_true")
    return parser


def positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a PID")
    return int(text)
