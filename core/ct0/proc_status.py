"""/proc/PID/status: "Name:\\tvalue" lines, readable by everybody (but for hidepid).

https://docs.kernel.org/filesystems/proc.html (table 1-2), proc(5)

    Name:   syslogd
    Uid:    0       0       0       0
    envID:  101
    VPid:   53
    NSpid:  4711    53

* `NSpid` (Linux 4.1): the PID in each PID namespace, from the one of this procfs inwards. One
  column means: same PID namespace as the procfs.
* `envID` (OpenVZ, Virtuozzo): the container; a number on OpenVZ 6, a string (number or UUID) later,
  "0" for CT0. One Virtuozzo 7 kernel lacks the line: its absence proves nothing.
* `VPid` (same kernels): the PID inside that container.
"""

from __future__ import annotations

from ct0.errors import Malformed


class Status:
    """What whose-is-it and the selectors of pgrep need; None where the kernel has no such line."""

    __slots__ = ("env_id", "gids", "nspid", "pid", "uids", "vpid")

    def __init__(self) -> None:
        self.pid = 0
        self.uids: tuple[int, ...] = ()  # real, effective, saved, file system
        self.gids: tuple[int, ...] = ()
        self.nspid: tuple[int, ...] | None = None
        self.env_id: str | None = None
        self.vpid: int | None = None


def parse_status(text: bytes, path: str = "status") -> Status:
    """Parse a status file; raises Malformed when it lacks its PID or a number is none."""
    status = Status()
    # The kernel escapes newlines in Name, so a hostile name cannot add a line of its own.
    for line in text.split(b"\n"):
        key, _, value = line.partition(b":")
        try:
            if key == b"Pid":
                status.pid = int(value)
            elif key == b"Uid":
                status.uids = tuple([int(word) for word in value.split()])
            elif key == b"Gid":
                status.gids = tuple([int(word) for word in value.split()])
            elif key == b"NSpid":
                status.nspid = tuple([int(word) for word in value.split()])
            elif key == b"envID":
                status.env_id = value.strip().decode("ascii")
            elif key == b"VPid":
                status.vpid = int(value)
        except ValueError as error:
            raise Malformed(path, line.decode("ascii", "replace")) from error
    if not status.pid:
        raise Malformed(path, text[:80].decode("ascii", "replace"))
    return status


def status_value(status: bytes, key: bytes) -> bytes | None:
    """What one line says, without the tab in front of it; None without such a line."""
    start = status.find(b"\n" + key + b":\t")
    if start < 0:
        return None
    start += len(key) + 3
    return status[start : status.find(b"\n", start)]


def status_name(status: bytes) -> str:
    """The name, which is the first line, as the process gave it: the kernel wrote \\n and \\\\."""
    name = status[6 : status.find(b"\n")]
    if b"\\" in name:
        parts = [part.replace(b"\\n", b"\n") for part in name.split(b"\\\\")]
        name = b"\\".join(parts)
    return name.decode("utf-8", "surrogateescape")
