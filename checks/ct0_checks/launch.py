"""The commands: each runs its plugin in a child with a time limit, and whatever goes wrong is one
line on standard output and exit status 3.

A plugin is imported in the child and when it is called: nagiosplugin may be missing, and a
scheduler shall read that, not an empty line. Nothing is ever printed in halves: the child's output
is shown when it has ended.
"""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module

from ct0_checks.layer.deadline import SECONDS, Late, asked, seconds_asked, within
from ct0_checks.layer.failure import FORMATS, STATES, failure, status

PLUGINS = {
    "check_procs": "procs",
    "check_ct_state": "ct_state",
    "check_ct_resources": "ct_resources",
    "check_ct_pressure": "ct_pressure",
    "check_ct_disk": "ct_disk",
    "check_ct_load": "ct_load",
    "check_ct_network": "ct_network",
    "check_ct0_health": "ct0_health",
}


def check_procs() -> int:
    return launch("check_procs", sys.argv[1:])


def check_ct_state() -> int:
    return launch("check_ct_state", sys.argv[1:])


def check_ct_resources() -> int:
    return launch("check_ct_resources", sys.argv[1:])


def check_ct_pressure() -> int:
    return launch("check_ct_pressure", sys.argv[1:])


def check_ct_disk() -> int:
    return launch("check_ct_disk", sys.argv[1:])


def check_ct_load() -> int:
    return launch("check_ct_load", sys.argv[1:])


def check_ct_network() -> int:
    return launch("check_ct_network", sys.argv[1:])


def check_ct0_health() -> int:
    return launch("check_ct0_health", sys.argv[1:])


def launch(command: str, arguments: list[str]) -> int:
    """Runs a plugin; returns its exit status."""
    module = PLUGINS[command]
    seconds = seconds_asked(arguments)
    try:
        code, output = within(seconds, lambda: plugin(command, module, arguments))
        if not output.strip():
            raise Late("it said nothing")  # exit status 0 and no text is OK to every scheduler
    except Late as late:
        code, output = given_up(command, module, arguments, late, seconds)
    try:
        view = memoryview(output)
        while view:
            view = view[os.write(1, view) :]
    except OSError:
        return 3  # nobody reads: then nothing is known
    return code


def plugin(command: str, module: str, arguments: list[str]) -> int:
    """The plugin itself, in the child."""
    name = command.replace("check_", "", 1)
    try:
        found = import_module(f"ct0_checks.{module}")
        code: int = found.main(arguments)
        return code
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 3
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != "nagiosplugin":
            return broken(name, error, arguments)
        text = (
            "nagiosplugin is not installed: apt-get install python3-nagiosplugin, "
            "or pip install 'ct0[checks]'"
        )
        return say(name, text, arguments)
    except Exception as error:
        return broken(name, error, arguments)


def broken(name: str, error: Exception, arguments: list[str]) -> int:
    code = say(name, f"{type(error).__name__}: {error} (a bug: -vvv tells where)", arguments)
    if any(word.startswith("-vvv") for word in arguments):
        print(traceback.format_exc().replace("|", "?").rstrip())
    return code


def say(name: str, text: str, arguments: list[str], state: str = "unknown") -> int:
    form = one_of(FORMATS, asked(arguments, ("--format",), ""), "nagios")
    service = asked(arguments, ("--service",), "")
    host = asked(arguments, ("--nsca-host",), "")
    sys.stdout.write(failure(name, state, text, form, service, host))
    return status(STATES.index(state), form)


def given_up(
    command: str, module: str, arguments: list[str], late: Late, seconds: float
) -> tuple[int, bytes]:
    """The status and the line for a plugin that did not end by itself."""
    name = command.replace("check_", "", 1)
    if command == "check_procs":
        # As the plugin it stands in for, word for word.
        state = one_of(STATES, asked(arguments, ("--timeout-state",), ""), "critical")
        text = f"{state.upper()} - Plugin timed out after {seconds or SECONDS:g} seconds\n"
        if not str(late).startswith("no result"):
            state, text = "unknown", f"PROCS UNKNOWN: {late}\n"
        return STATES.index(state), text.encode()
    state = one_of(STATES, asked(arguments, ("--timeout-state",), ""), "unknown")
    if not str(late).startswith("no result"):
        state = "unknown"
    form = one_of(FORMATS, asked(arguments, ("--format",), ""), "nagios")
    service = asked(arguments, ("--service",), "")
    host = asked(arguments, ("--nsca-host",), "")
    text = failure(name, state, str(late), form, service, host)
    return status(STATES.index(state), form), text.encode("utf-8", "replace")


def one_of(known: tuple[str, ...], value: str, default: str) -> str:
    """`value`, if it is one of those; what is not, the parser has refused or would."""
    return value if value in known else default
