"""The columns of ps(1), from the files that ps itself reads.

    ps axwwo 'stat uid pid ppid vsz rss pcpu etime comm args'

    STAT   UID   PID  PPID    VSZ   RSS %CPU     ELAPSED COMMAND         COMMAND
    Ss       0     1     0 167000 11000  0.0  10-00:00:00 systemd         /sbin/init
    S<       0     2     0      0     0  0.0  10-00:00:00 kthreadd        [kthreadd]

As procps 4.0.2 works them out, ps(1) "PROCESS STATE CODES" and "STANDARD FORMAT SPECIFIERS", with
LC_ALL=C but for letters beyond ASCII, which stay. The files, /proc/PID/stat, status and cmdline:
proc(5).
"""

from __future__ import annotations

from ct0.errors import Malformed

KERNEL_THREAD = 0x00200000  # PF_KTHREAD, since Linux 2.6.27
SHOWN = {**dict.fromkeys(range(32), "."), 127: "?"}  # what ps makes of control characters


class Columns:
    """What /proc/PID/stat tells. A column is worked out when it is asked for, since most never are:
    then what is no number raises Malformed.

    `comm` is as the kernel has it: any bytes but NUL, undecodable ones as surrogates; `state` the
    first letter of STAT: R S D T t Z X I.
    """

    __slots__ = ("comm", "fields", "path", "pid")

    def __init__(self, pid: int, comm: str, fields: list[bytes], path: str) -> None:
        self.pid = pid
        self.comm = comm
        self.fields = fields
        self.path = path

    def number(self, which: int) -> int:
        """A field by its number in proc(5)."""
        try:
            return int(self.fields[which - 3])
        except ValueError as error:
            raise Malformed(self.path, self.fields[which - 3].decode("ascii", "replace")) from error

    @property
    def state(self) -> str:
        return self.fields[0].decode("ascii", "replace")

    @property
    def ppid(self) -> int:
        return self.number(4)

    @property
    def is_kernel_thread(self) -> bool:
        return bool(self.number(9) & KERNEL_THREAD)

    @property
    def threads(self) -> int:
        return self.number(20)

    @property
    def vsz(self) -> int:
        """KiB; as `VmSize:` of status."""
        return self.number(23) >> 10

    def stat(self, locked: bool) -> str:
        """STAT whole; `locked`: it has memory locked (`VmLck:` of status is not 0)."""
        nice = self.number(19)
        text = self.state + ("<" if nice < 0 else "N" if nice > 0 else "")
        if locked:
            text += "L"
        if self.number(6) == self.pid:  # leads its session
            text += "s"
        if self.threads > 1:
            text += "l"
        if self.number(5) == self.number(8):  # its group has the terminal
            text += "+"
        return text

    def seconds(self, now: float, hertz: int) -> int:
        """ELAPSED: whole seconds since it started, `now` being those since boot."""
        return max(0, int(now - self.number(22) / hertz))

    def pcpu(self, now: float, hertz: int) -> float:
        """%CPU: of its whole life, cut to a tenth, and from 100 on to the whole number."""
        lived = now * hertz - self.number(22)
        if lived < 1:
            return 0.0
        tenths = int((self.number(14) + self.number(15)) * 1000 / lived)
        return tenths / 10 if tenths < 1000 else float(tenths // 10)


def parse_columns(line: bytes, path: str = "stat") -> Columns:
    """Parse one stat line; raises Malformed. See ct0.proc_stat for the traps in it."""
    left, right = line.find(b"("), line.rfind(b")")
    fields = line[right + 1 :].split(None, 22)
    try:
        if not 0 < left < right or len(fields) < 22:
            raise ValueError
        comm = line[left + 1 : right].decode("utf-8", "surrogateescape")
        return Columns(int(line[:left]), comm, fields, path)
    except ValueError as error:
        raise Malformed(path, line.decode("ascii", "replace")) from error


def kibibytes(status: bytes, key: bytes) -> int:
    """A `VmRSS:     3004 kB` line of status in KiB, 0 without one (kernel threads, zombies)."""
    start = status.find(b"\n" + key + b":")
    if start < 0:
        return 0
    words = status[start + len(key) + 2 : start + len(key) + 40].split(b"\n")[0].split()
    return int(words[0]) if words and words[0].isdigit() else 0


def elapsed(seconds: int) -> str:
    """[[DD-]HH:]MM:SS"""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    text = f"{minute:02}:{second:02}"
    if days:
        return f"{days}-{hour:02}:{text}"
    return f"{hour:02}:{text}" if hours else text


def comm_and_args(comm: str, state: str, cmdline: bytes) -> str:
    """The line's end: COMM in 15 columns, a blank, ARGS (`[comm]` if there are none).

    The name of a kernel thread may be longer: kworker/R-rcu_g [kworker/R-rcu_gp].
    """
    line = cmdline.rstrip(b"\0").replace(b"\0", b" ").replace(b"\n", b" ")
    args = line.decode("utf-8", "surrogateescape")
    if not args:
        args = f"[{comm}]" + (" <defunct>" if state == "Z" else "")
    return printed(f"{comm[:15]:<15} {args}")


def printed(text: str) -> str:
    """As ps prints it: a control character is a point, and DEL a question mark."""
    return text if text.isprintable() else text.translate(SHOWN)
