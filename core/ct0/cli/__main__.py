"""usage: ct0 [--root DIR] COMMAND [OPTION ...]

One command for what a container host is and whose its processes are.

  list        the containers, running and stopped
  owner       whose a process is, and by which evidence
  ps          CT0's own processes, or one container's
  top         what the containers and CT0 itself use now
  monitoring  this host and its containers as configuration for Nagios, Icinga 2, NRPE, Checkmk
  shims       lay out the shims, take them back, say what would bypass them
  audit       what on this host would still see, signal or count containers' processes
  verify      whether nodes and their containers are as they should be

`ct0 COMMAND --help` tells each one's options. --root reads a recorded or mounted host.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ct0 import __version__
from ct0.errors import Error, reason
from ct0.host import Host

# Each is loaded only when called, and lives in the part it belongs to.
COMMANDS = {
    "list": "ct0.cli.list",
    "owner": "ct0.cli.owner",
    "ps": "ct0.cli.ps",
    "top": "ct0.cli.top",
    "monitoring": "ct0_checks.monitoring.generate",
    "shims": "ct0_shims.delivery.manage",
    "audit": "ct0_audit.command",
    "verify": "ct0_suites.command",
}

# A part's Python package -> its Debian or RPM package, pip's extra with what it needs, and the exit
# status where it is not there: monitoring runs `ct0 verify`, and takes 1 for a warning.
PARTS = {
    "ct0_checks": ("ct0-checks", "checks", 1),
    "ct0_audit": ("ct0-audit", "audit", 1),
    "ct0_suites": ("ct0-suites", "suites", 3),
}


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    root = "/"
    while arguments and arguments[0].startswith("-"):
        option = arguments.pop(0)
        name, equals, value = option.partition("=")
        if option in ("-h", "--help"):
            print(__doc__, end="")
            return 0
        if option in ("-V", "--version"):
            print(f"ct0 {__version__}")
            return 0
        if name == "--root" and (equals or arguments):
            root = value if equals else arguments.pop(0)
        else:
            return usage(f"{option}: no such option")
    if not arguments:
        return usage("which command?")
    command = arguments.pop(0)
    if command not in COMMANDS:
        return usage(f"{command}: no such command")
    if not os.path.isdir(root):
        return usage(f"--root {root}: not a folder")

    try:
        status: int = import_module(COMMANDS[command]).main(arguments, Host(root))
        sys.stdout.flush()
        return status
    except (Error, OSError) as error:
        if isinstance(error, BrokenPipeError):
            # The reader left (| head): not our fault, and nothing more can be said to it.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 141
        print(f"ct0 {command}: {reason(error)}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        # Parts are packages of their own, and pip brings what a part needs only when asked to.
        part = PARTS.get(COMMANDS[command].partition(".")[0])
        if part is None or error.name is None or error.name.startswith("ct0."):
            raise
        package, extra, status = part
        text = f"{error.name}: not installed: install {package}, or pip install 'ct0[{extra}]'"
        print(f"ct0 {command}: {text}", file=sys.stderr)
        return status
    except KeyboardInterrupt:
        return 130


def usage(problem: str) -> int:
    print(f"ct0: {problem}\n{(__doc__ or '').partition(chr(10))[0]}", file=sys.stderr)
    print("Try `ct0 --help`.", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
