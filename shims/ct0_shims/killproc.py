"""Usage:
    killproc [-vqLNx] [-g|-G] [-p pid_file] [-i ignore_file] [-c root] [-t<sec>] [-<SIG>]
             /full/path/to/executable
    killproc -n [-vq] [-g|-G] [-t<sec>] [-<SIG>] name_of_kernel_thread
    killproc [-vqx] [-g|-G] [-p pid_file] [-t<sec>] [-<SIG>] basename_of_executable
    killproc -l

Sends a signal to CT0's own processes of a program; containers' processes are not touched. Without
a signal: TERM, and KILL to what is left after the time of -t (5 seconds).

    -v  say what is sent     -p  PID file (default /var/run/NAME.pid) or a PID
    -g  process group too    -G  the processes the program leads too
    -L  follow symlinks      -i  leave out the session of the PID in this file
    -N  by name on NFS       -c  directory the program was started in (chroot)
    -l  list the signals     -x  scripts by their process name as well

    $ killproc -v /usr/sbin/sshd
    SIGTERM sshd(812)

Exit status: 0 done, or not running and no signal given; 1 still running, or trouble; 2 usage;
4 no permission; 5 not installed; 7 not running to receive the signal.
"""

from __future__ import annotations

import _signal
import errno
import os
import time

from ct0_shims import report
from ct0_shims.pidfile import first_pid, read_pidfile
from ct0_shims.send import send
from ct0_shims.signals import NAMES, signal_name, signal_number
from ct0_shims.suse_find import Search, Unusable
from ct0_shims.suse_match import alive, matches
from ct0_shims.suse_options import Refused, leading_number, read_options, refuse, warn
from ct0_shims.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.process import Process

USAGE = __doc__ or ""
LETTERS = "c:p:gGnNhlvqt:Li:x"
TERM, KILL = int(_signal.SIGTERM), int(_signal.SIGKILL)
FIRST_LOOK = 0.06  # seconds a signalled process is given before it is first looked for
PER_SECOND = 5


def main(arguments: list[str]) -> int:
    number, arguments = take_signal(arguments)
    try:
        options = read_options(arguments, LETTERS, USAGE, 2)
    except Refused as refused:
        if not refused.text:  # -l
            report.out(signal_table())
            return 0
        return refuse("killproc", refused, USAGE)
    view = View()
    search = Search("killproc", view, options)
    # -q alone, which once meant "quiet", makes the incumbent answer like a signal does.
    not_running = 0 if number is None and not options.quiet else 7
    try:
        found = find(search)
    except Unusable:
        return 1
    except OSError as error:
        return trouble(error)
    report.log_skipped("killproc", view)
    if not found:
        return not_running

    killing = Killing(search, found)
    status = killing.run(TERM if number is None else number, forced=number is None)
    if killing.said:
        report.tell("\n")
    return status


def take_signal(arguments: list[str]) -> tuple[int | None, list[str]]:
    """The last argument that is `-SIGNAL` (`-9`, `-HUP`, `-SIGHUP`, anywhere), and the others."""
    for place in range(len(arguments) - 1, -1, -1):
        word = arguments[place]
        if not word.startswith("-"):
            continue
        number = signal_number(word[1:])
        if number is None and word[1:2].isdigit():
            number = leading_number(word[1:])
        if number is not None and 0 < number <= 64:
            return number, arguments[:place] + arguments[place + 1 :]
    return None, arguments


def signal_table() -> str:
    """The signals, four in a line: ` 1) SIGHUP       2) SIGINT ...`"""
    cells = []
    for number in range(1, 65):
        name = NAMES.get(number)
        if 34 <= number <= 49:
            name = "RTMIN" + (f"+{number - 34}" if number > 34 else "")
        elif number >= 50:
            name = "RTMAX" + (f"-{64 - number}" if number < 64 else "")
        if name:
            cells.append(f"{number:2d}) SIG{name:<9}")
    return "".join(["".join(cells[i : i + 4]) + "\n" for i in range(0, len(cells), 4)])


def find(search: Search) -> list[Process]:
    """A PID file that is there has the only word; without one the process table is searched."""
    found = search.locate()
    if found is None:
        found = search.from_pidfile(search.pidfile) if search.pidfile else search.scan()
    return search.without_ignored(found)


def trouble(error: OSError) -> int:
    if error.errno == errno.ENOENT:
        return 5
    return 4 if error.errno in (errno.EPERM, errno.EACCES) else 1


class Killing:
    """Signalling the processes found and waiting for their end."""

    __slots__ = ("found", "pids", "said", "search")

    def __init__(self, search: Search, found: list[Process]) -> None:
        self.search = search
        self.found = found
        self.pids = {process.pid for process in found}
        self.said = False

    def run(self, number: int, forced: bool) -> int:
        """Send signal `number`; `forced`: follow TERM with KILL where it did not do."""
        if not self._signal(number):
            return 4
        if number not in (TERM, KILL) or self.search.view.settings.dry_run:
            return 0
        polls = PER_SECOND * self.search.options.wait
        if self._gone_within(polls):
            return self._ended()
        if number == KILL or not forced:
            return 1
        if not self._signal(KILL):
            return 4
        return self._ended() if self._gone_within(PER_SECOND) else 1

    def _signal(self, number: int) -> bool:
        """Send to all that are left, and with -g, -G to their groups; False if it is forbidden."""
        for process in self.found:
            try:
                send(self.search.view, process, number)
                if self.search.options.group or self.search.options.session:
                    self._signal_group(process, number)
            except ProcessLookupError:
                continue  # it went by itself
            except OSError as error:
                warn(
                    "killproc",
                    f"Can not signal {signal_name(number)} to process with pid {process.pid}: "
                    f"{error.strerror}\n",
                )
                return False
            self._say(process, number)
        return True

    def _say(self, process: Process, number: int) -> None:
        if self.search.options.verbose:
            blank = " " if self.said else ""
            name = self.search.base
            report.tell(f"{blank}SIG{signal_name(number)} {name}({process.pid})")
            self.said = True

    def _signal_group(self, leader: Process, number: int) -> None:
        """Member by member: a container's process may be in the group of CT0's own."""
        view = self.search.view
        # A group that is being killed may still fork: look until nobody new is there.
        group = leader.pid if self.search.options.session else leader.stat().pgrp
        if group <= 1:
            return  # kernel threads are all in group 0, and 1 is init's: nobody means these
        sent = {leader.pid} | self.search.exempt
        for _ in range(10 if number in (TERM, KILL) else 1):
            before = len(sent)
            for pid in view.host.pids():
                if pid in sent:
                    continue
                process = view.open(pid)
                if process is None:
                    continue
                with process:
                    try:
                        if process.stat().pgrp == group and view.allows(process):
                            send(view, process, number)
                            sent.add(pid)
                    except (ProcessLookupError, PermissionError):
                        continue  # gone, or not to be signalled by this user
            if len(sent) == before:
                break

    def _gone_within(self, polls: int) -> bool:
        """Wait up to `polls` fifths of a second for all processes to end.

        Through their descriptors: another process that gets a PID again is not the one waited for.
        """
        time.sleep(FIRST_LOOK)
        while True:
            self.found = [process for process in self.found if self._remains(process)]
            if not self.found:
                return True
            if polls <= 0:
                return False
            polls -= 1
            time.sleep(1 / PER_SECOND)

    def _remains(self, process: Process) -> bool:
        if not alive(process):
            return False
        try:
            # One that has executed something else is not the program any more.
            return matches(self.search.view, self.search.target(), process, given=True)
        except PermissionError:
            return True
        except OSError:
            return alive(process)  # the program was removed meanwhile, or the process has gone

    def _ended(self) -> int:
        """Remove the PID file that the process left, unless a new daemon has written its own."""
        path = self.search.pidfile
        if not path:
            return 0
        place = self.search.view.host.path(path)
        try:
            if first_pid(read_pidfile(place)) in self.pids:
                os.unlink(place)
        except FileNotFoundError:
            pass  # it has cleaned up after itself
        except OSError as error:
            warn("killproc", f"Can not remove {path}: {error.strerror}\n")
        return 0
