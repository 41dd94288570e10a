"""Usage: killall [OPTION]... [--] NAME...
       killall -l, --list
       killall -V, --version

Signals CT0's own processes that run any of the named commands, never a container's.

  -e,--exact          require exact match for very long names
  -I,--ignore-case    case insensitive process name match
  -g,--process-group  signal every process of the group, of CT0's own
  -y,--younger-than   kill processes younger than TIME (90s, 5m, 2h, 1d, 1w, 1M, 1y)
  -o,--older-than     kill processes older than TIME
  -i,--interactive    ask for confirmation before killing
  -l,--list           list all known signal names
  -q,--quiet          don't print complaints
  -r,--regexp         interpret NAME as an extended regular expression
  -s,--signal SIGNAL  send this signal instead of SIGTERM
  -u,--user USER      kill only process(es) running as USER
  -v,--verbose        report if the signal was successfully sent
  -V,--version        display version information
  -w,--wait           wait for processes to die
  -n,--ns PID         match processes of the same PID namespace as PID
  -Z,--context REGEXP kill only process(es) having context

    # killall -v -HUP syslogd /usr/sbin/crond nosuch
    Killed syslogd(1432) with signal 1
    Killed crond(1710) with signal 1
    nosuch: no process found

Exit status: 0 each NAME had a process that was signalled, 1 otherwise or in trouble.
"""

from __future__ import annotations

import posix  # os costs a shim 1 ms
import time

from ct0 import __version__
from ct0.errors import Malformed
from ct0_shims import report
from ct0_shims.killall_match import Found, Matcher
from ct0_shims.killall_options import KILL, TERM, Options, Refused, parse
from ct0_shims.options import UsageError
from ct0_shims.patience import Endless, pass_over
from ct0_shims.send import send
from ct0_shims.signals import NAMES
from ct0_shims.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.process import Process

MOST_ROUNDS = 100


def main(arguments: list[str]) -> int:
    try:
        options = parse(arguments)
        if options.action == "list":
            report.out(signal_list())
            return 0
        if options.action == "version":
            report.complain(f"killall (ct0) {__version__}\n")
            return 0
        view = View()
        matcher = Matcher(options, view)
    except UsageError as error:
        report.complain((f"{error}\n" if str(error) else "") + f"{__doc__}\n")
        return 1
    except Refused as error:
        report.complain(f"{error}\n")
        return 1

    run = Run(options, view, matcher)
    run.scan()
    if not options.quiet:
        for operand in matcher.operands:
            if not operand.found:
                report.complain(f"{operand.text}: no process found\n")
    report.log_skipped("killall", view)
    if options.wait and not view.settings.dry_run:
        wait(view, run.signalled)
    if matcher.operands:
        return 0 if all(operand.found for operand in matcher.operands) else 1
    return 0 if run.signalled else 1


class Run:
    """One pass over the process table. `signalled` holds (PID, start time) of whom it reached."""

    __slots__ = ("groups", "matcher", "options", "signalled", "view")

    def __init__(self, options: Options, view: View, matcher: Matcher) -> None:
        self.options = options
        self.view = view
        self.matcher = matcher
        self.signalled: list[tuple[int, int]] = []
        self.groups: set[int] = set()

    def scan(self) -> None:
        may_match = self.matcher.may_match
        proc, own = self.view.host.proc, self.view.pid
        system_open, read, close = posix.open, posix.read, posix.close
        for pid in self.view.host.pids():
            if pid == own:
                continue
            try:
                file = system_open(f"{proc}/{pid}/comm", posix.O_RDONLY)
            except FileNotFoundError:
                self.visit(pid)  # gone; or a kernel before 2.6.33, which has no comm file
                continue
            except OSError:
                continue  # hidden by hidepid
            try:
                comm = read(file, 256)[:-1]
            except OSError:
                continue
            finally:
                close(file)
            if may_match(comm):
                self.visit(pid)

    def visit(self, pid: int) -> None:
        process = self.view.open(pid)
        if process is None:
            return
        with process:
            try:
                found = self.matcher.match(process)
                if found is not None and self.view.allows(process):
                    self.signal(process, found)
            except ProcessLookupError:
                pass
            except Endless:
                pass_over(process, self.view)

    def signal(self, process: Process, found: Found) -> None:
        options = self.options
        number = process.pid
        # Group 0 is led from outside of this PID namespace; its members may be of many groups.
        group = found.stat.pgrp if options.group else 0
        if options.group:
            if group in self.groups:
                return
            if group:
                self.groups.add(group)
            number = group
        pgid = "pgid " if options.group else ""
        if options.interactive and not ask(f"{found.comm}({pgid}{number})", options.signal):
            return
        try:
            if group:
                self.signal_group(group)
            else:
                send(self.view, process, options.signal)
                self.signalled.append((process.pid, found.stat.starttime))
        except OSError as error:
            if options.interactive or not isinstance(error, ProcessLookupError):
                text = posix.strerror(error.errno) if error.errno else "No such process"
                report.complain(f"{found.name}({number}): {text}\n")
            return
        if found.operand is not None:
            found.operand.found = True
        if options.verbose:
            report.complain(f"Killed {found.name}({pgid}{number}) with signal {options.signal}\n")

    def signal_group(self, group: int) -> None:
        """Each member that is CT0's own, one by one; kill(-group) would reach a container's too.

        Raises the last error when none could be signalled, as kill(2) does.
        """
        seen: set[tuple[int, int]] = set()
        reached = []
        failure: OSError | None = None
        for _ in range(MOST_ROUNDS):
            before = len(seen)
            for pid in self.view.host.pids():
                if pid == self.view.pid or not is_member(self.view, pid, group):
                    continue
                process = self.view.open(pid)
                if process is None:
                    continue
                with process:
                    try:
                        stat = process.stat()
                        who = pid, stat.starttime
                        if stat.pgrp != group or who in seen:
                            continue
                        seen.add(who)
                        if self.view.allows(process):
                            send(self.view, process, self.options.signal)
                            reached.append(who)
                    except ProcessLookupError:
                        pass
                    except (OSError, Malformed) as error:
                        if isinstance(error, OSError):
                            failure = error
            # A member may fork before its turn. Only where nothing can be meant to live on, is the
            # new one hunted: a handler of SIGTERM may well start something to tidy up with.
            if self.options.signal != KILL or len(seen) == before or self.view.settings.dry_run:
                break
        self.signalled += reached
        if not reached:
            raise failure or ProcessLookupError()


def is_member(view: View, pid: int, group: int) -> bool:
    try:
        file = posix.open(f"{view.host.proc}/{pid}/stat", posix.O_RDONLY)
    except OSError:
        return False
    try:
        fields = posix.read(file, 4096).rpartition(b")")[2].split()
        return len(fields) > 2 and fields[2] == b"%d" % group
    except OSError:
        return False
    finally:
        posix.close(file)


def ask(who: str, number: int) -> bool:
    """Until the answer begins with y or n; an empty line and the end of input mean no."""
    verb = "Kill" if number == TERM else "Signal"
    while True:
        report.out(f"{verb} {who} ? (y/N) ")
        answer = b""
        while not answer.endswith(b"\n") and (byte := posix.read(0, 1)):
            answer += byte
        if answer[:1] in (b"", b"\n", b"n", b"N"):
            return False
        if answer[:1] in (b"y", b"Y"):
            return True


def wait(view: View, signalled: list[tuple[int, int]]) -> None:
    """Until each of these very processes is gone, whoever has its PID by then."""
    left = list(signalled)
    while left:
        left = [who for who in left if is_alive(view, *who)]
        if left:
            time.sleep(0.1)


def is_alive(view: View, pid: int, starttime: int) -> bool:
    process = view.open(pid)
    if process is None:
        return False
    with process:
        try:
            return process.stat().starttime == starttime
        except (OSError, Malformed):
            return False


def signal_list() -> str:
    lines = [""]
    for number in sorted(NAMES):
        if lines[-1] and len(lines[-1]) + len(NAMES[number]) + 1 > 79:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + NAMES[number]
    return "\n".join(lines) + "\n"
