"""How a shim speaks: bytes on standard output, one line on standard error, a line in syslog."""

from __future__ import annotations

import posix  # os costs a shim 1 ms
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0_shims.view import View

ONCE = 3600  # seconds between two equal lines of one command
PAUSE = 60  # seconds between any two


def out(text: str) -> None:
    """Write to standard output at once, names that are no UTF-8 as they came."""
    _write(1, text)


def tell(text: str) -> None:
    """Write to standard output what is only said along with the work, which goes on if it cannot
    be written: nobody is spared a signal because a disk is full."""
    try:
        _write(1, text)
    except OSError:
        pass


def complain(text: str) -> None:
    """Write to standard error, if it can be; `text` brings its own newline."""
    try:
        _write(2, text)
    except OSError:
        pass  # closed, a full disk: the incumbents do not look either


def _write(descriptor: int, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    while data:
        data = data[posix.write(descriptor, data) :]


def log(command: str, text: str, priority: int | None = None) -> None:
    """One line to syslog (authpriv.notice) as `ct0-COMMAND`."""
    import syslog

    syslog.openlog(f"ct0-{command}", 0, syslog.LOG_AUTHPRIV)
    syslog.syslog(syslog.LOG_NOTICE if priority is None else priority, text)
    syslog.closelog()


def log_skipped(command: str, view: View) -> None:
    """Say in syslog that processes matched and were left alone, so that nobody has to wonder.

    Rate-limited by a file in /run, which only root's (or, below /run/user, the user's) runs keep:
    a caller that has no such place logs nothing rather than once a second.
    """
    text = view.skipped_text()
    if not text or not view.host.live:
        return
    text = f"skipped {text}"
    try:
        file = open_stamp(command)
    except OSError:
        return  # no /run to write to: the log line is a courtesy, the shim's work is done
    try:
        age = time.time() - posix.fstat(file).st_mtime
        last = posix.read(file, 4096).decode("utf-8", "replace")
        if last and 0 <= age < (ONCE if last == text else PAUSE):
            return
        posix.lseek(file, 0, 0)
        posix.truncate(file, 0)
        posix.write(file, text.encode("utf-8", "replace"))
    except OSError:
        return
    finally:
        posix.close(file)
    log(command, text)


def open_stamp(command: str) -> int:
    flags = posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC | posix.O_NONBLOCK
    path = f"{folder()}/skipped-{command}"
    try:
        return posix.open(path, flags, 0o644)
    except FileNotFoundError:  # the first time since /run was made
        from os import makedirs

        makedirs(folder(), 0o755, exist_ok=True)
        return posix.open(path, flags, 0o644)


def folder() -> str:
    """Where the stamps are: a place of root's, or of this user's, and of nobody else's."""
    user = posix.geteuid()
    return "/run/ct0" if user == 0 else f"/run/user/{user}/ct0"
