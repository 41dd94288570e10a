"""One process, pinned: an open descriptor of /proc/PID through which everything is read.

The PID can be recycled while it is looked at; the descriptor cannot: after the process died every
read through it fails, and pidfd_send_signal(2), which takes the very same descriptor since
Linux 5.1, answers ESRCH. So what was read, decided and signalled is one process or none.
"""

from __future__ import annotations

import errno
import posix  # os costs a shim 1 ms

from ct0.errors import Malformed
from ct0.proc_stat import Stat, parse_stat
from ct0.proc_status import Status, parse_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from ct0.host import Host

DIRECTORY = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC
FILE = posix.O_RDONLY | posix.O_CLOEXEC


class Process:
    """A process held by `fd`. Every method raises ProcessLookupError once it is gone,
    PermissionError when this caller may not read that file, and Malformed."""

    __slots__ = ("fd", "path", "pid")

    def __init__(self, host: Host, pid: int) -> None:
        self.pid = pid
        self.path = f"{host.proc}/{pid}"
        self.fd = -1
        try:
            self.fd = posix.open(self.path, DIRECTORY)
        except FileNotFoundError:
            raise ProcessLookupError(f"{self.path}: no such process") from None

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        if self.fd >= 0:
            posix.close(self.fd)
            self.fd = -1

    def read(self, name: str) -> bytes:
        """The whole file /proc/PID/NAME."""
        try:
            return read_at(self.fd, name)
        except FileNotFoundError:
            raise ProcessLookupError(f"{self.path}/{name}: gone") from None

    def link(self, name: str) -> str | None:
        """Where /proc/PID/NAME points; None if there is none (exe of a kernel thread, a zombie)."""
        try:
            return posix.readlink(name, dir_fd=self.fd)
        except FileNotFoundError:
            return None

    def stat(self) -> Stat:
        return parse_stat(self.read("stat"), self.path + "/stat")

    def status(self) -> Status:
        return parse_status(self.read("status"), self.path + "/status")

    def comm(self) -> str:
        """The name as the kernel keeps it (15 characters; longer for some kernel threads)."""
        return self.read("comm")[:-1].decode("utf-8", "surrogateescape")

    def cmdline(self) -> list[str]:
        """The arguments, [] for kernel threads and zombies. A process may write anything here."""
        text = self.read("cmdline")
        if not text:
            return []
        words = text.decode("utf-8", "surrogateescape").split("\0")
        if words[-1] == "":
            del words[-1]
        return words

    def uid(self) -> int:
        """The owner of /proc/PID: the effective user, or root for a process that may not be traced.

        Cheaper than status, and all that is needed to tell root's processes from others'.
        """
        return posix.fstat(self.fd).st_uid

    def cgroup(self) -> str:
        """The text of /proc/PID/cgroup, "" on a kernel without cgroups.

        Raises Malformed for a path of more than 4095 bytes, which kernels before 6.8 do not write:
        whoever may make cgroups in his container can bring that about.
        """
        try:
            return self.read("cgroup").decode("utf-8", "surrogateescape")
        except ProcessLookupError:
            self.read("stat")  # raises when it is the process that is gone
            return ""
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            raise Malformed(f"{self.path}/cgroup", "a path that is too long") from error


def read_at(folder: int, path: str, likely: int = 4096) -> bytes:
    """The whole of a file of /proc, by its path below an open folder. Raises OSError.

    `likely`: more bytes than it usually has; below 480 Python has the memory at hand, and much
    more is fresh from the kernel each time.
    """
    file = posix.open(path, FILE, dir_fd=folder)
    try:
        text = posix.read(file, likely)
        if len(text) == likely or len(text) >= 4096:  # one read may return less than there is
            while more := posix.read(file, 1 << 20):
                text += more
        return text
    finally:
        posix.close(file)
