"""The process table of a running or recorded host, as check_procs' rows.

Cheapest first: /proc/PID/stat decides for most, and its line is read but once.
"""

from __future__ import annotations

import os

from ct0.errors import Malformed, Unavailable
from ct0.proc_status import status_name, status_value
from ct0.process import read_at
from ct0.ps_columns import comm_and_args, elapsed, kibibytes, parse_columns, printed
from ct0_checks.procs.numbers import single
from ct0_checks.procs.row import first_word, harmless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.host import Host
    from ct0.ps_columns import Columns
    from ct0_checks.procs.patience import Reader

COMM = 15  # bytes of a name that the kernel keeps
SHORT = 448  # bytes of a file; most are shorter
SISTER = b"check_procs"


class Table:
    """What all rows of one look have in common: /proc, the clock, who is asking."""

    def __init__(self, host: Host) -> None:
        """Raises Unavailable when /proc cannot be read or hides processes from this caller."""
        self.host = host
        try:
            self.folder = os.open(host.proc, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise Unavailable(f"{host.proc}: {error.strerror}") from error
        self.hertz = os.sysconf("SC_CLK_TCK") if host.live else 100
        self.page = os.sysconf("SC_PAGE_SIZE") if host.live else 4096
        self.pid = os.getpid() if host.live else -1
        self.parent = os.getppid() if host.live else -1
        self.user = os.geteuid() if host.live else -1
        self.now = since_boot(self)
        if host.live:
            self.refuse_hidden()

    def refuse_hidden(self) -> None:
        """A table with gaps is none: what is hidden would be counted as not there."""
        try:
            read_at(self.folder, "1/stat")
        except OSError as error:
            from ct0.hidepid import hidepid

            why = hidepid(self.host) or error.strerror
            raise Unavailable(
                f"other users' processes are hidden ({self.host.proc}: {why}): run as root,"
                " or with the group that the mount option gid= names"
            ) from error

    def mine(self) -> set[str]:
        """This process and its parent; and if that is this program too, which forked (the layer of
        the other plugins does), its parent."""
        found = {str(self.pid), str(self.parent)}
        try:
            if read_at(self.folder, f"{self.parent}/cmdline") == read_at(
                self.folder, "self/cmdline"
            ):
                line = read_at(self.folder, f"{self.parent}/stat")
                found.add(str(parse_columns(line).ppid))
        except (OSError, Malformed):
            pass  # a parent outside of this PID namespace, or a recorded host
        return found

    def pids(self) -> list[str]:
        """Ascending, without `mine`."""
        me = self.mine()
        pids = [name for name in os.listdir(self.folder) if name.isdigit() and name not in me]
        return pids if self.host.live else sorted(pids, key=int)


def since_boot(table: Table) -> float:
    """Seconds; the clock that start times are of."""
    if table.host.live:
        import time

        return time.clock_gettime(time.CLOCK_BOOTTIME)
    try:
        return float(read_at(table.folder, "uptime").split()[0])
    except (OSError, ValueError, IndexError):
        return 0.0


class LiveRow:
    """A row that reads what it is asked for.

    Raises OSError when the process is gone or hidden, Malformed.
    """

    __slots__ = ("_cmdline", "_columns", "_status", "name", "table")

    def __init__(self, table: Table, name: str) -> None:
        self.table = table
        self.name = name  # the PID as its folder is called
        self._columns: Columns | None = None
        self._cmdline: bytes | None = None
        self._status: bytes | None = None

    @property
    def columns(self) -> Columns:
        if self._columns is None:
            path = self.name + "/stat"
            self._columns = parse_columns(read_at(self.table.folder, path, SHORT), path)
        return self._columns

    @property
    def status(self) -> bytes:
        if self._status is None:
            self._status = read_at(self.table.folder, self.name + "/status", 2048)
        return self._status

    def read_status(self) -> bytes:
        return self.status

    # What both files tell comes from the one that is read already.

    @property
    def comm(self) -> str:
        if self._columns is None and self._status is not None:
            return status_name(self._status)
        return self.columns.comm

    @property
    def state(self) -> str:
        if self._columns is None and self._status is not None:
            return (status_value(self._status, b"State") or b"?")[:1].decode("ascii", "replace")
        return self.columns.state

    @property
    def vsz(self) -> int:
        if self._columns is None and self._status is not None:
            return kibibytes(self._status, b"VmSize")
        return self.columns.vsz

    @property
    def cmdline(self) -> bytes:
        if self._cmdline is None:
            self._cmdline = read_at(self.table.folder, self.name + "/cmdline", SHORT)
        return self._cmdline

    def fetch_cmdline(self, reader: Reader) -> None:
        """Have it read now, by somebody who can be late. Raises Late."""
        self._cmdline = reader.read(self.table.folder, self.name + "/cmdline")

    @property
    def pid(self) -> int:
        return int(self.name)

    @property
    def ppid(self) -> int:
        return self.columns.ppid

    @property
    def is_kernel(self) -> bool:
        return self.columns.is_kernel_thread

    @property
    def uid(self) -> int:
        """The effective user: that of the folder; on a recorded host only status says it."""
        if self.table.host.live and self._status is None:
            return os.stat(self.name, dir_fd=self.table.folder).st_uid
        words = self.status.partition(b"\nUid:")[2].split(None, 2)
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else -1

    @property
    def rss(self) -> int:
        return kibibytes(self.status, b"VmRSS")

    @property
    def pcpu(self) -> float:
        return single(self.columns.pcpu(self.table.now, self.table.hertz))

    @property
    def seconds(self) -> int:
        return self.columns.seconds(self.table.now, self.table.hertz)

    @property
    def etime(self) -> str:
        return elapsed(self.seconds)

    @property
    def threads(self) -> int:
        return self.columns.threads

    @property
    def short_stat(self) -> str:
        return self.columns.stat(locked=False)

    @property
    def stat(self) -> str:
        return self.columns.stat(locked=kibibytes(self.status, b"VmLck") > 0)

    @property
    def prog(self) -> str:
        if not self.is_nameless:
            return first_word(printed(self.comm[:COMM]))[0]
        return first_word(comm_and_args(self.comm, self.state, self.cmdline))[0]

    @property
    def shown_name(self) -> str:
        return harmless(self.prog)

    @property
    def is_nameless(self) -> bool:
        """Whether nothing but its command line tells what it is called."""
        return not self.comm.strip(" ")

    @property
    def args(self) -> str:
        return first_word(comm_and_args(self.comm, self.state, self.cmdline))[1]

    @property
    def exe_name(self) -> str:
        """The executable's; "" without one. Raises PermissionError for others' processes."""
        try:
            path = os.readlink(self.name + "/exe", dir_fd=self.table.folder)
        except FileNotFoundError:
            return ""  # a kernel thread, a zombie
        return path.replace(" (deleted)", "").rpartition("/")[2]

    def may_be_called(self, name: str) -> bool:
        """False only if `is_called` would be; without the command line."""
        comm = self.comm
        if len(comm) >= COMM and name.startswith(comm):
            return True
        return comm == name or self.is_nameless or self.prog == name

    def is_called(self, name: str, whole: bool) -> bool:
        """By the first word of its name, or its name with blanks and slashes, which the original
        never finds; `whole`: by no name that is cut short either."""
        comm = self.comm
        if not whole:
            return comm == name or self.prog == name
        if len(comm.encode("utf-8", "surrogateescape")) < COMM:
            return comm == name
        words = self.cmdline.decode("utf-8", "surrogateescape").split("\0")[:2]
        longer = [word.rpartition("/")[2] for word in words]
        return name in [word for word in longer if word.startswith(comm)] or (
            comm == name and not any(word.startswith(comm) for word in longer)
        )

    def may_run_a_check(self) -> bool:
        comm = self.comm
        return comm in ("check_procs", "sudo") or comm.startswith("python")

    def is_sister(self) -> bool:
        """Whether it is another check_procs of this user's, or what runs one: a Python, sudo.

        By its command line and never by its executable, which is every Python program's.
        """
        # What is read already is asked first.
        known = self._columns is not None or self._status is not None
        if known and not self.may_run_a_check():
            return False
        if self.table.user < 0 or self.uid != self.table.user or not self.may_run_a_check():
            return False
        words = self.cmdline.split(b"\0")[:2]
        return any(word.rpartition(b"/")[2] == SISTER for word in words)
