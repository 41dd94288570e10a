"""ct0-read: all that the plugins judge of this host, as JSON on standard output. For root.

    nagios ALL=(root) NOPASSWD: CT0_READ           checks/sudoers/ct0
    {"version": 1, "survey": {"time": 1764080000.5, "boot_id": "…", "host": "node1", "cts": [ …

What needs root is here and nowhere else, and it can do one thing only: it takes no arguments and no
input, nothing of the environment counts, it writes nothing but its own threads' names in /proc, it
opens no file below a container's root and none that a container points at, and it ends within half
a minute whatever hangs.
"""

from __future__ import annotations

import os
import signal
import sys

SECONDS = 30  # SIGALRM ends it: whoever runs it through sudo may not kill it
NAME = "ct0-read"


def main() -> int:
    """The exit status: 0, 1 if the host cannot be read, 2 for an argument."""
    if len(sys.argv) > 1:
        print(f"{NAME} takes no arguments", file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print(f"{NAME}: only root can read all of a host: sudo {NAME}", file=sys.stderr)
        return 1
    if not sys.flags.isolated:
        # PYTHONPATH and a user's packages may already have been looked at: begin anew without.
        os.execve(sys.executable, [sys.executable, "-I", "-m", "ct0_checks.reader"], {})
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
    signal.alarm(SECONDS)
    os.umask(0o077)
    os.chdir("/")
    os.environ.clear()
    return read()


def read() -> int:
    from ct0.errors import Error, reason
    from ct0.host import Host
    from ct0.survey import dump, survey

    try:
        text = memoryview(dump(survey(Host())).encode("ascii"))
    except (Error, OSError) as error:
        print(f"{NAME}: {reason(error)}", file=sys.stderr)
        return 1
    try:
        while text:
            text = text[os.write(1, text) :]
    except OSError as error:
        print(f"{NAME}: standard output: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
