"""The plugins' options as Icinga's CheckCommands have them: a variable for each.

    -w  ->  $ct_state_warning$      after the plugin and the option's long name
    --ct  ->  $ct_id$               what a CT's host says once, for all its checks

`check_procs` keeps the variables of the ITL's `procs`, so that a host can change over by the
command's name alone; what only ours has is named in the same way.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

from ct0_checks.launch import PLUGINS
from ct0_checks.monitoring.services import ALL, Service

VALUE, REPEATED, FLAG = "value", "repeated", "flag"

# Of the whole host or of the CT, not of one check.
SHARED = {
    "--ct": "ct_id",
    "--engine": "ct_engine",
    "--include": "ct_include",
    "--exclude": "ct_exclude",
    "--root": "ct_root",
    "--source": "ct_source",
    "--state-file": "ct_state_file",
    "--max-age": "ct_max_age",
    "--state-dir": "ct_state_dir",
}

# icinga2's command-plugins.conf, `procs`.
ITL_PROCS = {
    "-w": "procs_warning",
    "-c": "procs_critical",
    "-m": "procs_metric",
    "-t": "procs_timeout",
    "-T": "procs_traditional",
    "-s": "procs_state",
    "-p": "procs_ppid",
    "-z": "procs_vsz",
    "-r": "procs_rss",
    "-P": "procs_pcpu",
    "-u": "procs_user",
    "-a": "procs_argument",
    "--ereg-argument-array": "procs_argument_regex",
    "-C": "procs_command",
    "-k": "procs_nokthreads",
    "-X": "procs_exclude_process",
}

# Of a person at a terminal, not of a scheduler.
LEFT_OUT = ("help", "version", "format", "nsca_host", "service")


class Option(NamedTuple):
    word: str  # as it is given: -w, --resource
    variable: str
    kind: str
    help: str


class Command(NamedTuple):
    service: Service
    options: tuple[Option, ...]


def commands() -> list[Command]:
    """Every plugin's command, in the order of the services' table."""
    return [Command(service, tuple(options(service))) for service in ALL]


def options(service: Service) -> Iterator[Option]:
    """What the plugin's own parser takes. Needs nagiosplugin, as the plugins do."""
    parser = import_module(f"ct0_checks.{PLUGINS[service.plugin]}").parser()
    for action in parser._actions:
        if not action.option_strings or action.dest in LEFT_OUT or action.help == argparse.SUPPRESS:
            continue
        words = action.option_strings
        word = next((each for each in words if each in ITL_PROCS and "procs" in service.plugin), "")
        word = word or (words[0] if words[0] in ("-w", "-c", "-t", "-v") else words[-1])
        yield Option(word, variable(service, word, words), kind(action), explained(action))


def variable(service: Service, word: str, words: list[str]) -> str:
    if "procs" in service.plugin and word in ITL_PROCS:
        return ITL_PROCS[word]
    prefix = service.plugin.replace("check_", "", 1)
    long = next((each for each in words if each.startswith("--")), word)
    return SHARED.get(long) or f"{prefix}_{long.lstrip('-').replace('-', '_')}"


def kind(action: argparse.Action) -> str:
    if action.nargs == 0:
        return FLAG
    return REPEATED if isinstance(action, argparse._AppendAction) else VALUE


def explained(action: argparse.Action) -> str:
    """The help on one line, filled in as argparse does."""
    return " ".join(((action.help or "") % {"default": action.default, "prog": ""}).split())
