"""Clients that are idle, slow, or send too much harm nobody else."""

from __future__ import annotations

import fcntl
import os
import resource
import select
import socket
import ssl
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Callable

import pytest

from exporters.served import TLS, Served, served, trusting, write_config

MEGABYTE = b"a" * 1_000_000
# What is to be ended ends after a second, and what is not only after minutes: a busy machine may
# take its time, and both can still be told apart.
NEVER, SOON = 300, 60
LIMITS = {"handshake": 1, "request": 1, "idle": NEVER, "write": 1, "linger": 1}


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(limits=LIMITS) as server:
        yield server


def closed_after(connection: socket.socket) -> float:
    """Seconds until the other side closes; what it sends is thrown away. TimeoutError if it does
    not."""
    began = time.monotonic()
    connection.settimeout(SOON)
    try:
        while connection.recv(65536):
            pass
    except ConnectionResetError:
        pass
    return time.monotonic() - began


def read_until(connection: socket.socket, text: bytes) -> None:
    """Header and body may come one after the other."""
    got = b""
    while text not in got:
        data = connection.recv(65536)
        assert data, got
        got += data


def quick(server: Served, secure: bool = False) -> None:
    """A scrape is answered, and within its time: Prometheus waits for 10 seconds."""
    began = time.monotonic()
    answer = server.secure() if secure else server.get()
    assert answer.status == 200
    assert time.monotonic() - began < 10


def test_200_idle_tls_connections(tmp_path: Path) -> None:
    config = write_config(tmp_path, TLS)
    with served("--web.config.file", str(config)) as server, ExitStack() as stack:
        quick(server, secure=True)
        before = resident(server)
        for _ in range(200):  # not a byte of a handshake
            stack.enter_context(closing(server.connect()))
        quick(server, secure=True)
        assert resident(server) - before < 8 << 20
        for _ in range(20):  # a handshake, and not a byte of a request
            secure = trusting().wrap_socket(server.connect(), server_hostname="localhost")
            stack.enter_context(closing(secure))
        for _ in range(5):
            quick(server, secure=True)


def resident(server: Served) -> int:
    """Bytes of memory."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def test_idle_handshake_is_ended(tmp_path: Path) -> None:
    config = write_config(tmp_path, TLS)
    with (
        served("--web.config.file", str(config), limits=LIMITS) as server,
        closing(server.connect()) as idle,
    ):
        assert closed_after(idle) > 0.9


def test_no_tls_on_the_tls_port_is_ended_at_once(tmp_path: Path) -> None:
    config = write_config(tmp_path, TLS)
    with (
        served("--web.config.file", str(config), limits={"handshake": NEVER}) as server,
        closing(server.connect()) as plain,
    ):
        plain.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        closed_after(plain)
        quick(server, secure=True)
        assert "Traceback" not in server.text()


def test_client_that_asks_nothing_is_ended(server: Served) -> None:
    with closing(server.connect()) as idle:
        assert closed_after(idle) > 0.9


def test_request_in_drips_is_ended(server: Served) -> None:
    with closing(server.connect()) as drips:
        drips.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        eventually(lambda: not sends(drips))


def sends(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"x")
    except ConnectionError:
        return False
    return True


def test_second_request_in_drips_is_ended(server: Served) -> None:
    with closing(server.connect()) as drips:
        drips.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
        read_until(drips, b"is healthy")
        drips.sendall(b"GET /-/heal")
        assert closed_after(drips) > 0.9  # and not when a connection that rests would be


def test_connection_rests_between_scrapes_for_a_while() -> None:
    limits = {**LIMITS, "idle": 2.5}
    with served(limits=limits) as server, closing(server.connect()) as resting:
        resting.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
        read_until(resting, b"is healthy")
        assert closed_after(resting) > 2.4


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + MEGABYTE + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + MEGABYTE + b"\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 170_000 + b"\r\n", b"431"),
        (MEGABYTE, b"431"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + MEGABYTE, b"413"),
        (
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nF4240\r\n" + MEGABYTE,
            b"413",
        ),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    ],
    ids=["line", "header", "many headers", "garbage", "body", "chunks", "announced", "negative",
         "TLS to plain HTTP"],
)  # fmt: skip
def test_too_much_or_nonsense_is_refused(server: Served, request_: bytes, status: bytes) -> None:
    with closing(server.connect()) as connection:
        try:
            connection.sendall(request_)
        except ConnectionError:
            pass  # refused before the end of it
        answer = connection.recv(65536)
        assert answer.partition(b" ")[2][:3] == status
    quick(server)


def test_requests_in_one_breath_are_all_answered(server: Served) -> None:
    with closing(server.connect()) as connection:
        connection.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        got = b""
        while got.count(b"is healthy") < 20:
            assert select.select([connection], [], [], SOON)[0]
            got += connection.recv(65536)


def test_slow_reader_is_ended_and_holds_up_nobody() -> None:
    with served("--bytes", str(LONG), limits=LIMITS) as server:
        usual = sockets(server)
        with closing(slow_reader(server)) as slow:
            quick(server)
            eventually(lambda: sockets(server) == usual)
            assert cut_off(slow)  # what came into the kernel's buffers is all that comes


def test_the_slowest_of_many_slow_readers_goes_first() -> None:
    limits = {**LIMITS, "slow": 2, "write": NEVER}
    with served("--bytes", str(LONG), limits=limits) as server, ExitStack() as stack:
        usual = sockets(server)
        slow = []
        for _ in range(4):
            slow.append(stack.enter_context(closing(slow_reader(server))))
            filled(slow[-1])
            eventually(lambda: sockets(server) == usual + min(len(slow), 2))
        assert [cut_off(each) for each in slow] == [True, True, False, False]


LONG = 24_000_000  # more than the kernel's buffers between two sockets take


def slow_reader(server: Served) -> socket.socket:
    connection = server.connect()
    connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(100).startswith(b"HTTP/1.1 200")
    return connection


def sockets(server: Served) -> int:
    """How many it has: one cut off is not seen from outside before all it sent was read."""
    found = 0
    for each in Path(f"/proc/{server.process.pid}/fd").iterdir():
        try:
            found += os.readlink(each).startswith("socket:")
        except FileNotFoundError:
            pass  # closed since it was listed
    return found


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def filled(connection: socket.socket) -> None:
    """Wait until the kernel's buffers are full: no more comes, and the server has to wait."""
    before = -1
    while (now := waiting(connection)) > before:
        before = now
        time.sleep(0.5)


def waiting(connection: socket.socket) -> int:
    """Bytes that came and were not read."""
    size = fcntl.ioctl(connection, termios.FIONREAD, bytes(4))
    return int.from_bytes(size, sys.byteorder)


def cut_off(connection: socket.socket) -> bool:
    """Whether it ends before the answer does."""
    got = 0
    try:
        while got < LONG:
            data = connection.recv(1 << 20)
            if not data:
                return True
            got += len(data)
    except ConnectionResetError:
        return True
    return False


def test_full_house_makes_room_by_ending_the_idle_ones() -> None:
    limits = {"connections": 8, "request": NEVER}
    with served(limits=limits) as server, ExitStack() as stack:
        prometheus = stack.enter_context(closing(server.connect()))
        prometheus.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        read_until(prometheus, b"up 1\n")
        idle = [stack.enter_context(closing(server.connect())) for _ in range(20)]
        quick(server)
        # Who came first and asked nothing was ended, who scraped before was kept.
        closed_after(idle[0])
        prometheus.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        read_until(prometheus, b"up 1\n")


def test_full_house_of_unfinished_handshakes_makes_room_too(tmp_path: Path) -> None:
    config = write_config(tmp_path, TLS)
    with (
        served(
            "--web.config.file", str(config), limits=LIMITS | {"connections": 8, "handshake": NEVER}
        ) as server,
        ExitStack() as stack,
    ):
        idle = [stack.enter_context(closing(server.connect())) for _ in range(20)]
        quick(server, secure=True)
        closed_after(idle[0])


def test_client_that_leaves_during_its_scrape_costs_nothing(tmp_path: Path) -> None:
    with served("--seconds", "0.3", "--web.max-requests", "3") as server:
        for _ in range(3):
            with closing(server.connect()) as gone:
                gone.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        eventually(lambda: server.get().status == 200)  # once their scrapes have ended
        assert "Traceback" not in server.text()
        assert "ERROR" not in server.text()


def test_secure_clients_that_vanish_leave_no_line(tmp_path: Path) -> None:
    config = write_config(tmp_path, TLS)
    with served("--web.config.file", str(config)) as server:
        for request in (
            b"",
            b"GET /metrics HTTP/1.1\r\n",
            b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        ):
            secure = trusting().wrap_socket(server.connect(), server_hostname="localhost")
            secure.sendall(request)
            # A reset, and no goodbye of TLS.
            secure.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            secure.close()
        with closing(server.connect()) as half:
            half.sendall(b"\x16\x03\x01")
        wrong = ssl.create_default_context()
        with pytest.raises(ssl.SSLError):
            server.secure(context=wrong)  # does not trust our authority
        quick(server, secure=True)
        assert [line for line in server.lines if "scrape" not in line] == server.lines[:1]
