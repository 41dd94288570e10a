"""`ct0 monitoring`: this host and its containers as configuration for a monitoring server."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from ct0.container import CT
from ct0.containers import containers
from ct0.errors import Unavailable
from ct0.host import Host
from ct0.inventory import unreadable
from ct0.text import plain
from ct0_checks.monitoring import checkmk, director, icinga2, nagios, nrpe
from ct0_checks.monitoring.arguments import parser
from ct0_checks.monitoring.files import (
    Refused,
    difference,
    guard,
    read_old,
    replace,
    target,
)
from ct0_checks.monitoring.fleet import Node, node, own_name
from ct0_checks.monitoring.services import offered
from ct0_checks.monitoring.validate import validate
from ct0_checks.monitoring.wishes import AGENT, LOCAL, NRPE, Wishes

FORMATS: dict[str, ModuleType] = {
    "nagios": nagios,
    "icinga2": icinga2,
    "nrpe": nrpe,
    "checkmk": checkmk,
    "director": director,
}
ENDINGS = {"nagios": "cfg", "icinga2": "conf", "nrpe": "cfg", "checkmk": "json", "director": "json"}
# How the checks come onto CT0: the first is taken when nothing is said.
VIAS = {
    "nagios": (NRPE, LOCAL),
    "icinga2": (AGENT, LOCAL),
    "nrpe": (NRPE,),
    "checkmk": (AGENT,),
    "director": (AGENT, LOCAL),
}

DONE, TROUBLE, USAGE, REFUSED, INVALID = 0, 1, 2, 3, 4


def main(arguments: Sequence[str], host: Host) -> int:
    options = parser().parse_args(arguments)
    if options.via not in ("", *VIAS[options.form]):
        return usage(f"--via {options.via}: {options.form} knows {', '.join(VIAS[options.form])}")
    if options.action == "definitions":
        sys.stdout.write(definitions(options))
        return DONE
    if host.live and os.geteuid() != 0:
        # Less would be found than there is, and the rest would not be monitored without a word.
        raise Unavailable("not root: not every container can be seen: run as root")
    hidden = unreadable(host)
    if hidden:
        raise Unavailable(hidden)
    found = discover(options, host)
    text = FORMATS[options.form].render(found, wishes(options, found.name))
    if not options.output:
        sys.stdout.write(text)
        return DONE
    path = target(options.output, f"ct0-{found.name}.{ENDINGS[options.form]}")
    try:
        return write(options, path, text)
    except Refused as refused:
        print(f"ct0 monitoring: {refused}", file=sys.stderr)
        return REFUSED


def write(options: argparse.Namespace, path: str, text: str) -> int:
    old = read_old(path)
    if old == text:
        return DONE
    if options.dry_run:
        sys.stdout.write(difference(path, old or "", text))
    if old is not None and not options.force:
        guard(path, old, text, FORMATS[options.form].HOSTS, options.max_shrink)
    if options.dry_run:
        return DONE
    replace(path, text)
    if options.validate or options.validate_command:
        verdict = validate(options.form, options.validate_command)
        if verdict.loads is None:
            print(f"ct0 monitoring: {path}: not checked: {verdict.text}", file=sys.stderr)
        elif not verdict.loads:
            if old is None:
                os.unlink(path)
            else:
                replace(path, old)
            what = "taken away again" if old is None else "put back as it was"
            print(f"ct0 monitoring: {path}: {what}: {plain(verdict.text, 500)}", file=sys.stderr)
            return INVALID
    if options.verbose:
        print(f"{path}: written")
    return DONE


def discover(options: argparse.Namespace, host: Host) -> Node:
    name = options.name or own_name(host)

    def wanted(ct: CT) -> bool:
        names = ct.ctid, ct.name
        return (
            (not options.engine or ct.engine in options.engine)
            and (not options.include or any(map(options.include.fullmatch, names)))
            and not (options.exclude and any(map(options.exclude.fullmatch, names)))
        )

    return node(
        name,
        options.address or name,
        containers(host),
        wanted,
        options.name_format,
        offered(host, options.services, options.without),
    )


def wishes(options: argparse.Namespace, name: str) -> Wishes:
    return Wishes(
        options.via or VIAS[options.form][0],
        options.plugins.rstrip("/"),
        options.endpoint or name,
        options.node_template,
        options.ct_template,
        options.service_template,
    )


def definitions(options: argparse.Namespace) -> str:
    from ct0_checks.monitoring.definitions import definitions

    return definitions(options.form, wishes(options, "ct0"))


def usage(problem: str) -> int:
    print(f"ct0 monitoring: {problem}", file=sys.stderr)
    return USAGE
