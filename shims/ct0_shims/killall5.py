"""Usage: killall5 [-SIGNALNUMBER] [-o PID[,PID...]]...

Sends a signal (1 to 31, without a number 9) to every process of CT0's own except PID 1, kernel
threads, the session it was called from, and the PIDs that follow -o. No container's process is
signalled or stopped: shut containers down by their own manager, before.

Without -o everybody is stopped first and continued at the end, so that nobody forks, or is
started anew by its parent, in between.

    # killall5 -15 -o 412,$(cat /run/sendsigs.omit); echo $?
    0

Exit status: 0 somebody was signalled, 2 nobody was there to be, 1 usage or trouble.
"""

from __future__ import annotations

import _signal
import posix  # os costs a shim 1 ms

from ct0.errors import Malformed
from ct0_shims import report
from ct0_shims.options import UsageError, getopt
from ct0_shims.send import send
from ct0_shims.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.proc_stat import Stat
    from ct0.process import Process

KILL, CONT, STOP = 9, 18, 19
KERNEL_THREAD = 0x00200000  # PF_KTHREAD in the flags of stat, since Linux 2.6.27
MOST_ROUNDS = 20
# Looks in a row that may find nobody new although somebody was gone before he could be looked at:
# he may have left a child. In containers there is always somebody.
MOST_MISSES = 5


def main(arguments: list[str]) -> int:
    try:
        number, omitted = parse(arguments)
    except UsageError as error:
        report.complain(f"killall5: {error}\n{__doc__}\n")
        return 1
    view = View()
    everybody = Everybody(view, omitted)
    # A probe (-18) need not stop anybody, and in a dry run nobody is.
    freeze = not omitted and number != CONT and not view.settings.dry_run
    if not view.settings.dry_run:
        for deadly in (_signal.SIGHUP, _signal.SIGINT, _signal.SIGTERM):
            _signal.signal(deadly, _signal.SIG_IGN)  # or all would stay stopped for ever
    try:
        if freeze:
            everybody.pursue(STOP)
        elif number != KILL:
            everybody.find()
        reached = sum([everybody.send(who, number) for who in list(everybody.found)])
        if number == KILL:
            reached += everybody.pursue(KILL)
    finally:
        if freeze:
            for who in everybody.found:
                everybody.send(who, CONT)
    report.log_skipped("killall5", view)
    return 0 if reached else 2


def parse(arguments: list[str]) -> tuple[int, set[int]]:
    """The signal and the PIDs to omit. Raises UsageError.

    The incumbent passes over operands and options it does not know; who writes `killall5 -9 sshd`
    means killall, so that is refused here.
    """
    if not arguments:
        return KILL, set()
    first = arguments[0].lstrip(" ")
    digits = first[1:] if first[:1] in ("-", "+") else first
    digits = digits[: len(digits) - len(digits.lstrip("0123456789"))]
    if not digits or not 1 <= int(digits) <= 31:
        raise UsageError("only one argument, a signal number, allowed")
    found, operands = getopt(arguments[1:], "o:", {})
    operands += [word for word in arguments[1:] if word.startswith("-o") and word != "-o"]
    if operands:
        raise UsageError(f"{operands[0]}: only one argument, a signal number, allowed")
    omitted = set()
    for _, value in found:
        for word in value.replace(";", ",").replace(":", ",").split(","):
            if word == "%PPID":
                omitted.add(posix.getppid())
            elif word.isascii() and word.isdigit() and int(word):
                omitted.add(int(word))
            else:
                report.complain(f"killall5: illegal omit pid value ({word})!\n")
    return int(digits), omitted


class Everybody:
    """`found`: who is to be signalled, as (PID, start time), in the order they were found."""

    __slots__ = ("_omitted", "_seen", "_session", "found", "missed", "reached", "view")

    def __init__(self, view: View, omitted: set[int]) -> None:
        self.view = view
        self.found: list[tuple[int, int]] = []
        self.missed = False  # somebody listed was gone at the last look
        self.reached = 0
        self._omitted = omitted | {1, view.pid}
        self._seen: set[tuple[int, int]] = set()
        self._session = posix.getsid(0) if view.host.live else -1

    def find(self, number: int = 0) -> list[tuple[int, int]]:
        """Add those who were not there before, and return them.

        With a number each is signalled as soon as he is found: one that does nothing but fork is
        gone when the others have been looked at.
        """
        new = []
        self.missed = False
        for pid in self.view.host.pids():
            if pid in self._omitted:
                continue
            process = self.view.open(pid)
            if process is None:
                self.missed = True
                continue
            with process:
                try:
                    stat = process.stat()
                    who = pid, stat.starttime
                    if who in self._seen:
                        continue
                    self._seen.add(who)
                    if self.is_meant(process, stat) and self.view.allows(process):
                        new.append(who)
                        if number:
                            send(self.view, process, number)
                            self.reached += 1
                except ProcessLookupError:
                    self.missed = True
                except (OSError, Malformed):
                    continue  # hidden, unreadable, another user's: nobody to signal
        self.found += new
        return new

    def is_meant(self, process: Process, stat: Stat) -> bool:
        if stat.state in "ZX" or stat.session == self._session or stat.flags & KERNEL_THREAD:
            return False
        try:
            return bool(process.cmdline()) or process.link("exe") is not None
        except PermissionError:
            return True

    def pursue(self, number: int) -> int:
        """Signal everybody, and whoever was forked meanwhile, until nobody new is found."""
        self.reached = misses = 0
        for _ in range(MOST_ROUNDS):
            new = self.find(number)
            misses = 0 if new else misses + 1
            if not new and (not self.missed or misses == MOST_MISSES):
                break
        return self.reached

    def send(self, who: tuple[int, int], number: int) -> int:
        """1 if the signal was sent to that very process."""
        process = self.view.open(who[0])
        if process is None:
            return 0
        with process:
            try:
                # Another process by now? Start times count hundredths of a second only.
                if process.stat().starttime != who[1] or self.view.excluded(process):
                    return 0
                send(self.view, process, number)
            except (OSError, Malformed):
                return 0  # gone, or another user's
        return 1
