"""usage: ct0-pids [-a|-1] [-f FILE] [-b BINARY] [-n NAME] [-s -SIGNAL | -k DELAY] [PID ...]

Which of these PIDs are processes of CT0's own? For ct0's shell functions and for init scripts: a
PID file goes stale, and its number may be a container's process by now.

    -f FILE    PIDs of the first line of FILE; -a: of all lines up to an empty one; -1: the first
    -b BINARY  only those that execute this file
    -n NAME    only those of this name (15 characters at most, as the kernel keeps it)
    -s SIGNAL  send it to them: -HUP, -1
    -k DELAY   send them TERM, and KILL to those that live after DELAY (`3`, `1m 2s`)

    $ ct0-pids -f /var/run/sshd.pid
    812

Exit status: 0 there are some, or they were signalled, or they ended (-k); 1 none; 2 usage;
3 no such file; 4 it may not be read, or they may not be signalled; 5 no PID on the first line;
6 they live in spite of KILL; 7 ct0-pids itself cannot work here.
"""

from __future__ import annotations

import _signal
import errno
import time

from ct0.errors import Malformed
from ct0_shims import report
from ct0_shims.options import UsageError, getopt
from ct0_shims.pidfile import all_pids, first_pid, line_pids, pid_of, read_pidfile
from ct0_shims.send import send
from ct0_shims.signals import signal_number
from ct0_shims.suse_match import alive, bare, kin
from ct0_shims.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.process import Process

NONE, USAGE, NO_FILE, FORBIDDEN, EMPTY, REMAINS = 1, 2, 3, 4, 5, 6
STEPS = (0.02, 0.03, 0.05, 0.1)  # seconds between two looks at what was signalled; then the last
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def main(arguments: list[str]) -> int:
    try:
        found, operands = getopt(arguments, "a1f:b:n:s:k:h", {"help": "h"})
        chosen = dict(found)
        if "h" in chosen:
            report.out(__doc__ or "")
            return 0
        number = read_signal(chosen["s"]) if "s" in chosen else None
        delay = read_delay(chosen["k"]) if "k" in chosen else None
    except UsageError as error:
        report.complain(f"ct0-pids: {error}\n")
        return USAGE

    view = View()
    pids = [pid for operand in operands for word in operand.split() if (pid := pid_of(word))]
    if "f" in chosen:
        try:
            text = read_pidfile(view.host.path(chosen["f"]))
        except OSError as error:
            missing = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)
            return NO_FILE if error.errno in missing else FORBIDDEN
        if not (text if "1" in chosen else text.partition("\n")[0]).strip():
            return EMPTY
        pids += read_pids(text, chosen)

    exempt = kin(view) if number is not None or delay is not None else set()
    processes = []
    for pid in pids:
        process = view.open(pid) if pid not in exempt else None
        if process is not None and wanted(view, process, chosen):
            processes.append(process)
    report.log_skipped("ct0-pids", view)
    if not processes:
        return NONE
    if delay is not None:
        return end(view, processes, delay)
    if number is not None:
        return 0 if signal_all(view, processes, number) else FORBIDDEN
    report.out(" ".join([str(process.pid) for process in processes]) + "\n")
    return 0


def read_pids(text: str, chosen: dict[str, str]) -> list[int]:
    if "a" in chosen:
        return all_pids(text)
    if "1" in chosen:
        pid = first_pid(text)
        return [pid] if pid else []
    return line_pids(text)


def read_signal(text: str) -> int:
    """`-HUP`, `-SIGHUP`, `-1`, or the same without the dash."""
    number = signal_number(text[1:] if text.startswith("-") else text)
    if number is None:
        raise UsageError(f"{text}: no such signal")
    return number


def read_delay(text: str) -> float:
    """`3`, `1.5`, `1m 2s`: the sum in seconds."""
    total = 0.0
    for word in text.lower().split() or [""]:
        unit = word[-1] if word[-1:] in UNITS else "s"
        digits = word[:-1] if word[-1:] in UNITS else word
        if not digits.replace(".", "", 1).isdecimal() or not digits.isascii():
            raise UsageError(f"{text}: no such time")
        total += float(digits) * UNITS[unit]
    return total


def wanted(view: View, process: Process, chosen: dict[str, str]) -> bool:
    try:
        if "b" in chosen and bare(process.link("exe") or "") != chosen["b"]:
            return False
        if "n" in chosen and process.comm() != chosen["n"]:
            return False
        return view.allows(process, given=True)
    except (ProcessLookupError, PermissionError, Malformed):
        return False  # gone, or not this user's to look at: not known to be the one that is meant


def signal_all(view: View, processes: list[Process], number: int) -> bool:
    """Send to all; False if not one could be reached for want of permission."""
    refused = reached = False
    for process in processes:
        try:
            send(view, process, number)
            reached = True
        except ProcessLookupError:
            continue  # it went by itself
        except PermissionError:
            refused = True
    return reached or not refused


def end(view: View, processes: list[Process], delay: float) -> int:
    """TERM, KILL after `delay` seconds; each process is watched through its own descriptor."""
    if not signal_all(view, processes, int(_signal.SIGTERM)):
        return FORBIDDEN
    if view.settings.dry_run:
        return 0
    remaining = watch(processes, delay)
    if remaining:
        signal_all(view, remaining, int(_signal.SIGKILL))
        remaining = watch(remaining, 1.0)
    return REMAINS if remaining else 0


def watch(processes: list[Process], seconds: float) -> list[Process]:
    """Wait for their end; returns those that live after that time."""
    deadline = time.monotonic() + seconds
    steps = list(STEPS)
    while True:
        processes = [process for process in processes if alive(process)]
        left = deadline - time.monotonic()
        if not processes or left <= 0:
            return processes
        time.sleep(min(steps.pop(0) if len(steps) > 1 else steps[0], max(left, 0.001)))
