"""Where SUSE's boot tools look for a program's processes: its PID file, then the process table.

Named by -p or /var/run/NAME.pid; a number in place of a file is a PID. What a PID file says is
believed only if that process runs the program and is no container's.
"""

from __future__ import annotations

import errno
import os

from ct0_shims.pidfile import first_pid, pid_of, read_pidfile
from ct0_shims.suse_match import KERNEL, NAME, Target, kin, matches, read_target, scan
from ct0_shims.suse_options import warn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.process import Process
    from ct0_shims.suse_options import Options
    from ct0_shims.view import View

NETWORK_FILE_SYSTEMS = ("nfs", "nfs4", "smbfs", "cifs", "afs", "ncpfs")


class Unusable(Exception):
    """A PID file without a PID in it; the complaint was printed."""


class Search:
    """One command's search for one program. `pidfile` is the path of the file that is there and
    holds something, "" without one; `forced` says that it was named on the command line."""

    __slots__ = ("_target", "command", "exempt", "forced", "options", "path", "pidfile", "view")

    def __init__(self, command: str, view: View, options: Options) -> None:
        self.command = command
        self.view = view
        self.options = options
        self.path = (options.root or "") + options.operand
        if options.follow:
            self.path = self._followed()
        self.exempt = kin(view)
        self.forced = options.pidfile is not None
        self.pidfile = ""
        self._target: Target | None = None

    @property
    def base(self) -> str:
        return self.path.rpartition("/")[2]

    def _followed(self) -> str:
        real = os.path.realpath(self.path)
        if self.view.host.live and not os.path.lexists(real):
            self._warn_stat(os.strerror(errno.ENOENT))
        return real

    def _warn_stat(self, reason: str | None) -> None:
        warn(self.command, f"cannot stat {self.path}: {reason}\n")

    def target(self) -> Target:
        """What is searched for; raises OSError, reported, when the program is not installed."""
        if self._target is not None:
            return self._target
        options = self.options
        if options.kernel:
            self._target = Target(KERNEL, self.path)
        elif not self.path.startswith("/") or (
            options.netfs and on_network(self.view.host.path("/proc/self/mounts"), self.path)
        ):
            self._target = Target(NAME, self.path, zombies=options.zombies)
        else:
            try:
                self._target = read_target(
                    self.view.host, self.path, options.root or "", options.by_comm, options.zombies
                )
            except OSError as error:
                self._warn_stat(error.strerror)
                raise
        return self._target

    def locate(self) -> list[Process] | None:
        """Find the PID file. None: go on with `self.pidfile` or, without one, with a scan;
        otherwise the search is over, with the processes whose PIDs stood in place of a file."""
        name = self.options.pidfile
        if name is None:
            name = f"{self.options.root or ''}/var/run/{self.base}.pid"
        try:
            size = os.stat(self.view.host.path(name)).st_size
        except FileNotFoundError:
            return self._literal(name) if self.forced else None
        except OSError as error:
            warn(self.command, f"Can not stat {name}: {error.strerror}\n")
            return None
        if not size:
            warn(self.command, f"Empty pid file {name} for {self.path}\n")
            return [] if self.forced else None
        self.pidfile = name
        return None

    def _literal(self, text: str) -> list[Process]:
        found = []
        for word in text.split():
            pid = pid_of(word)
            if pid is not None:
                found += self._verified(pid)
        if not found:
            self.target()  # a program that is not there is another answer than one that is not up
        return found

    def from_pidfile(self, name: str) -> list[Process]:
        """The process a PID file names, if it runs the program and is no container's.

        Raises OSError when the file or the program cannot be read, Unusable when no PID is in it.
        """
        try:
            text = read_pidfile(self.view.host.path(name))
        except OSError as error:
            warn(self.command, f"Can not open pid file {name}: {error.strerror}\n")
            raise
        pid = first_pid(text)
        if pid is None:
            word = (text.split() or [""])[0][:40]
            warn(self.command, f"Can not handle pid file {name} with pid `{word}'\n")
            raise Unusable(name)
        return self._verified(pid)

    def _verified(self, pid: int) -> list[Process]:
        process = self.view.open(pid) if pid not in self.exempt else None
        if process is None:
            return []
        try:
            if matches(self.view, self.target(), process, given=True):
                return [process]
        except (ProcessLookupError, PermissionError):
            pass  # gone, or another user's whose program cannot be told: not ours to believe
        process.close()
        return []

    def scan(self) -> list[Process]:
        return scan(self.view, self.target(), self.exempt)

    def without_ignored(self, found: list[Process]) -> list[Process]:
        """Leave out the processes and sessions that the files given with -i name."""
        ignored = set()
        for name in self.options.ignore:
            try:
                size = os.stat(self.view.host.path(name)).st_size
            except FileNotFoundError:
                continue
            except OSError as error:
                warn(self.command, f"Can not stat {name}: {error.strerror}\n")
                continue
            if not size:
                warn(self.command, f"Empty ignore file {name} for {self.path}\n")
                continue
            ignored |= {process.pid for process in self.from_pidfile(name)}
        if not ignored:
            return found
        kept = []
        for process in found:
            try:
                if process.pid not in ignored and process.stat().session not in ignored:
                    kept.append(process)
            except ProcessLookupError:
                pass  # it ended meanwhile
        return kept


def on_network(mounts: str, path: str) -> bool:
    """Is the program on a file system whose server may be away? (-N: then go by its name.)"""
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as lines:
            entries = [line.split() for line in lines]
    except OSError:
        return False
    best = ""
    network = False
    for entry in entries:
        if len(entry) < 3:
            continue
        point = entry[1].replace("\\040", " ").rstrip("/")
        if (path == point or path.startswith(point + "/")) and len(point) >= len(best):
            best, network = point, entry[2].lower() in NETWORK_FILE_SYSTEMS
    return network
