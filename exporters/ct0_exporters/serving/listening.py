"""The sockets to serve on: TCP addresses, unix:PATH, or what systemd passes.

systemd's protocol (sd_listen_fds(3)) is three variables: LISTEN_FDS=2 descriptors from 3 on, meant
for the process LISTEN_PID; they are already bound and listening.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Sequence

from ct0.errors import Error

from .options import PORT

FIRST_PASSED = 3  # SD_LISTEN_FDS_START
BACKLOG = 128


class CannotListen(Error):
    """One line that says which address, why, and what to do."""


def listen(addresses: Sequence[str]) -> list[socket.socket]:
    """Bound, listening sockets for the addresses; loopback where none is given."""
    sockets: list[socket.socket] = []
    try:
        if not addresses:
            return _loopback(sockets)
        for address in addresses:
            if address.startswith("unix:"):
                sockets.append(_unix(address[len("unix:") :]))
            else:
                sockets.extend(_tcp(address))
    except BaseException:
        for each in sockets:
            each.close()
        raise
    return sockets


def is_activated() -> bool:
    """Whether systemd passed sockets to this very process."""
    return os.environ.get("LISTEN_PID") == str(os.getpid())


def passed_by_systemd() -> list[socket.socket]:
    """What systemd passed. The variables are taken out: a child must not heed them."""
    ours, count = is_activated(), os.environ.get("LISTEN_FDS", "")
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    if not ours or not count.isdigit() or int(count) == 0:
        raise CannotListen(
            "--web.systemd-socket: systemd passed no socket; start it by ct0-exporter.socket"
        )
    sockets = []
    for number in range(FIRST_PASSED, FIRST_PASSED + int(count)):
        try:
            os.set_inheritable(number, False)
            passed = socket.socket(fileno=number)
            listening = passed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        except OSError as reason:
            raise CannotListen(f"descriptor {number} from systemd: {reason.strerror}") from reason
        if passed.type != socket.SOCK_STREAM or not listening:
            raise CannotListen(f"descriptor {number} from systemd: not a listening stream socket")
        passed.setblocking(False)
        sockets.append(passed)
    return sockets


def shown(listener: socket.socket) -> str:
    """The address as people write it: 127.0.0.1:9955, [::1]:9955, unix:/run/ct0.sock."""
    name = listener.getsockname()
    if listener.family == socket.AF_UNIX:
        return "unix:" + os.fsdecode(name)
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def remove_unix(paths: Sequence[str]) -> None:
    """Take sockets of ours out of the file system."""
    for path in paths:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass  # somebody tidied up before us
        except PermissionError:
            pass  # made as root, removed as somebody else: the next start takes it over


def _loopback(sockets: list[socket.socket]) -> list[socket.socket]:
    sockets.extend(_tcp(f"127.0.0.1:{PORT}"))
    try:
        sockets.extend(_tcp(f"[::1]:{PORT}"))
    except CannotListen as reason:
        cause = reason.__cause__
        missing = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # ipv6.disable=1, no ::1 on lo
        if not isinstance(cause, OSError) or cause.errno not in missing:
            raise
    return sockets


def _tcp(address: str) -> list[socket.socket]:
    host, colon, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not port.isdigit() or int(port) > 65535 or (":" in host and not bracketed):
        raise CannotListen(f"{address!r} is no HOST:PORT, [IPV6]:PORT, :PORT or unix:PATH")
    host = host[1:-1] if bracketed else host
    if not host:
        try:
            return [_bound(socket.AF_INET6, ("::", int(port)), address, dual=True)]
        except CannotListen as reason:
            if not isinstance(reason.__cause__, OSError) or (
                reason.__cause__.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
            ):
                raise
        host = "0.0.0.0"  # a kernel without IPv6
    try:
        found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as reason:
        raise CannotListen(f"{address}: no such host") from reason
    names = dict.fromkeys((family, (str(name[0]), int(port))) for family, _, _, _, name in found)
    return [_bound(family, name, address) for family, name in names]


def _bound(family: int, name: tuple[str, int], address: str, dual: bool = False) -> socket.socket:
    listener = None
    try:
        listener = socket.socket(family, socket.SOCK_STREAM)
        # A restart must not wait for connections of the one before to time out.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # Else [::1] and :PORT would depend on net.ipv6.bindv6only.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not dual)
        listener.bind(name)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as reason:
        if listener is not None:
            listener.close()
        raise CannotListen(_why(address, reason)) from reason
    return listener


def _why(address: str, reason: OSError) -> str:
    said = f"cannot listen on {address}: {os.strerror(reason.errno or 0)}"
    port = address.rpartition(":")[2]
    if reason.errno == errno.EADDRINUSE:
        return f"{said}; `ss -ltnp 'sport = :{port}'` tells by whom"
    if reason.errno == errno.EACCES:
        return f"{said}; ports below 1024 need CAP_NET_BIND_SERVICE"
    return said


def _unix(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        listener.bind(path)
        # Who may connect is who may write to the file; a .socket unit says it finer (SocketMode=).
        os.chmod(path, 0o660)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as reason:
        listener.close()
        said = os.strerror(reason.errno) if reason.errno else str(reason)  # "AF_UNIX path too long"
        raise CannotListen(f"cannot listen on unix:{path}: {said}") from reason
    except BaseException:
        listener.close()
        raise
    return listener


def _clear(path: str) -> None:
    """Remove a socket nobody listens on any more; anything else at the path stays."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise CannotListen(f"cannot listen on unix:{path}: there is a file, and no socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
    raise CannotListen(f"cannot listen on unix:{path}: somebody is listening there")
