"""usage: ct0-shims COMMAND [ARGUMENT ...]
       ct0-shims install | check | remove | divert | undivert | status | build | sources [...]

One file, many commands: which one is told by the name it was called by, or by the first argument.
`install` lays out a link for each, `remove` takes them back; `ct0-shims install --help` tells more.
"""

from __future__ import annotations

import sys

from ct0_shims.commands import COMMANDS, MANAGED


def run(command: str, arguments: list[str]) -> int:
    """Run one command and return its exit status; whatever goes wrong is one line, never a trace.

    A shim that cannot work fails closed: nothing more is signalled, and nothing is handed to the
    incumbent, which would signal containers' processes.
    """
    import _signal

    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)  # die as a C program does when its reader left
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    try:
        open_streams()
        module = __import__(f"ct0_shims.{command.replace('-', '_')}", fromlist=["main"])
        status: int = module.main(arguments)
        return status
    except Exception as error:
        from ct0.errors import Error

        reason = str(error) if isinstance(error, (Error, OSError)) else repr(error)
        _say(command, " ".join(f"gave up: {reason}".split()))
        return COMMANDS[command]


def open_streams() -> None:
    """Where a caller closed standard input, output or error, /proc/PID would get its number."""
    import posix

    for descriptor in (0, 1, 2):
        try:
            posix.fstat(descriptor)
        except OSError:
            try:
                posix.open("/dev/null", posix.O_RDWR)  # takes the lowest number that is free
            except OSError:
                return  # a chroot without devices: writing will fail, and be reported


def _say(command: str, text: str) -> None:
    from ct0_shims import report

    report.complain(f"{command}: {text}\n")
    report.log(command, text)


def manage(arguments: list[str]) -> int:
    """`ct0 shims`, for hosts that have this one file and no ct0 command."""
    from ct0.errors import Error, reason
    from ct0.host import Host
    from ct0_shims.delivery.manage import main as manage_main

    try:
        return manage_main(arguments, Host())
    except (Error, OSError) as error:
        sys.stderr.write(f"ct0-shims: {reason(error)}\n")
        return 1


def main() -> int:
    arguments = sys.argv[1:]
    command = sys.argv[0].rpartition("/")[2]
    if command not in COMMANDS and arguments:
        if arguments[0] in MANAGED:
            return manage(arguments)
        command = arguments.pop(0)
    if command not in COMMANDS:
        asked = command in ("-h", "--help")
        usage = (__doc__ or "") + f"\nCommands: {' '.join(sorted(COMMANDS))}\n"
        (sys.stdout if asked else sys.stderr).write(usage)
        return 0 if asked else 2
    return run(command, arguments)


if __name__ == "__main__":
    sys.exit(main())
