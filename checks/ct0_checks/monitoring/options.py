"""The plugins' options as Icinga's CheckCommands have them: a variable for each.

    -w  ->  $ct_state_warning$      after the plugin and the option's long name
    --ct  ->  $ct_id$               what a CT's host says once, for all its checks

`check_procs` reads its command line in its own way; monitoring/procs.py has its options.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import NamedTuple

from ct0_checks.launch import PLUGINS
from ct0_checks.monitoring.option import FLAG, REPEATED, VALUE, Option
from ct0_checks.monitoring.procs import DEFAULTS, PROCS
from ct0_checks.monitoring.services import ALL, Service

# Of the whole host or of the CT, not of one check.
SHARED = {
    "--ct": "ct_id",
    "--engine": "ct_engine",
    "--include": "ct_include",
    "--exclude": "ct_exclude",
    "--unjudged": "ct_unjudged",
    "--root": "ct_root",
    "--source": "ct_source",
    "--state-file": "ct_state_file",
    "--max-age": "ct_max_age",
    "--state-dir": "ct_state_dir",
}

# Of a person at a terminal, not of a scheduler.
LEFT_OUT = ("help", "version", "format", "nsca_host", "service")


class Command(NamedTuple):
    service: Service
    options: tuple[Option, ...]
    defaults: Mapping[str, str]


def commands() -> list[Command]:
    """Every plugin's command, in the order of the services' table."""
    return [
        Command(
            service, tuple(options(service)), DEFAULTS if service.plugin == "check_procs" else {}
        )
        for service in ALL
    ]


def options(service: Service) -> Iterator[Option]:
    """What the plugin's own parser takes. Needs nagiosplugin, as the plugins do."""
    if service.plugin == "check_procs":
        yield from PROCS
        return
    parser = import_module(f"ct0_checks.{PLUGINS[service.plugin]}").parser()
    for action in parser._actions:
        if not action.option_strings or action.dest in LEFT_OUT or action.help == argparse.SUPPRESS:
            continue
        words = action.option_strings
        word = words[0] if words[0] in ("-w", "-c", "-t", "-v") else words[-1]
        yield Option(word, variable(service, words), kind(action), explained(action))


def variable(service: Service, words: Sequence[str]) -> str:
    prefix = service.plugin.replace("check_", "", 1)
    long = next((each for each in words if each.startswith("--")), words[0])
    return SHARED.get(long) or f"{prefix}_{long.lstrip('-').replace('-', '_')}"


def kind(action: argparse.Action) -> str:
    if action.nargs == 0:
        return FLAG
    return REPEATED if isinstance(action, argparse._AppendAction) else VALUE


def explained(action: argparse.Action) -> str:
    """The help on one line, filled in as argparse does."""
    return " ".join(((action.help or "") % {"default": action.default, "prog": ""}).split())
