"""The connections there are, and an end for those that only take up room.

aiohttp waits for ever for a first request and for a client that does not read its answer. Here
each connection stands between the transport and aiohttp, knows what it is waiting for and since
when, and is closed when that takes too long, or when there is no room and it is the least useful.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Iterator
from typing import Callable, NamedTuple, cast

from .tls import has_allowed_san
from .web_config_file import WebConfigFile

log = logging.getLogger("ct0_exporters.serving")


class Limits(NamedTuple):
    """Seconds, but for the last three."""

    handshake: float = 10  # TCP connect to the end of the TLS handshake
    request: float = 10  # the connection, or the first byte, to the end of the request's header
    idle: float = 180  # between two requests: scrape_interval and then some
    write: float = 30  # a client that takes nothing of its answer
    linger: float = 2  # to read on after an error, so that the client sees the answer
    drain: float = 10  # SIGTERM to the end, for scrapes that are under way
    connections: int = 256
    slow: int = 20  # clients at once that do not keep up with their answer
    request_bytes: int = 16384  # of a request, its body included; a real scrape's has 400


LIMITS = Limits()


class Connection(asyncio.Protocol):
    """One client. `handler` is aiohttp's protocol, made once TLS and certificate are in order."""

    def __init__(self, connections: Connections, make_handler: Callable[[], object]) -> None:
        self._connections = connections
        self._make_handler = make_handler
        self._handler: asyncio.Protocol | None = None
        self.transport: asyncio.Transport | None = None
        self.task: asyncio.Task[None] | None = None  # the handshake
        self.since = time.monotonic()  # the last time anything came to an end or began
        self.busy = False  # a request is being answered
        self.answered = False  # at least one was
        self.closing = False  # after the last answer
        self.paused: float | None = None  # since when the client does not take what we write
        self._received = 0  # bytes of the request that is coming in
        self._refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.since = time.monotonic()
        if not self._connections.allows(self.transport):
            self.transport.abort()
            return
        self._handler = cast(asyncio.Protocol, self._make_handler())
        self._handler.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._handler is None or self._refused:
            return
        if not self._received and not self.busy:
            self.since = time.monotonic()
        self._received += len(data)
        if self._received > self._connections.limits.request_bytes:
            self._refuse(data)
        else:
            self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        return self._handler.eof_received() if self._handler is not None else None

    def pause_writing(self) -> None:
        self.paused = time.monotonic()
        if self._handler is not None:
            self._handler.pause_writing()
        self._connections.limit_slow()

    def resume_writing(self) -> None:
        self.paused = None
        self.since = time.monotonic()
        if self._handler is not None:
            self._handler.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.forget(self)
        if self._handler is not None:
            self._handler.connection_lost(exc)

    def begin(self) -> None:
        """A request has come in whole and is being answered."""
        self.busy = True

    def end(self, last: bool) -> None:
        """Its answer is ready; `last`: none will follow on this connection."""
        self.busy = False
        self.answered = True
        self.since = time.monotonic()
        self._received = 0
        self.closing = last or self._refused

    def writing(self) -> bool:
        return self.transport is not None and self.transport.get_write_buffer_size() > 0

    def overdue(self, now: float, limits: Limits) -> bool:
        """Whether it has made us wait too long. The handshake has its own clock, in Door."""
        if self.transport is None or self.busy:
            return False
        if self.paused is not None:
            return now - self.paused > limits.write
        if self.closing:
            return now - self.since > limits.linger
        waiting_for_next = self.answered and not self._received
        return now - self.since > (limits.idle if waiting_for_next else limits.request)

    def close(self) -> None:
        """Orderly: what is written already is sent."""
        if self.transport is not None:
            self.transport.close()
        elif self.task is not None:
            self.task.cancel()

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()
        elif self.task is not None:
            self.task.cancel()

    def _refuse(self, data: bytes) -> None:
        """Too long a request. What is still coming is read and thrown away for a moment: a socket
        closed with data unread is reset, and the client would not see why."""
        self._refused = True
        if self.busy or self.transport is None:
            return  # a body after a header that is being answered: closed after the answer
        self.closing = True
        self.since = time.monotonic()
        too_long = (
            b"413 Content Too Large"
            if b"\r\n\r\n" in data
            else (b"431 Request Header Fields Too Large")
        )
        body = b"a request may have %d bytes\n" % self._connections.limits.request_bytes
        self.transport.write(
            b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (too_long, len(body), body)
        )


class Connections:
    """All of them, oldest first."""

    def __init__(self, web_config: WebConfigFile, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self.draining = False  # the process was told to end
        self._web_config = web_config
        self._all: dict[Connection, None] = {}

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all))

    def of(self, transport: asyncio.BaseTransport | None) -> Connection | None:
        """The connection that a request came in on."""
        # aiohttp hands out the transport and not its protocol, which is ours.
        protocol = transport.get_protocol() if transport is not None else None
        return protocol if isinstance(protocol, Connection) else None

    def add(self, connection: Connection) -> bool:
        """Make room for one more; False if all others are at work, which the limits rule out."""
        if len(self._all) >= self.limits.connections:
            idle = [each for each in self._all if not each.busy and each.paused is None]
            if not idle:
                return False
            # Whoever never asked for anything goes before a Prometheus between two scrapes.
            victim = min(idle, key=lambda each: (each.answered, each.since))
            self.forget(victim)
            victim.abort()
        self._all[connection] = None
        return True

    def forget(self, connection: Connection) -> None:
        self._all.pop(connection, None)

    def allows(self, transport: asyncio.Transport) -> bool:
        """Whether the client's certificate has one of client_allowed_sans, where there are any."""
        allowed = self._web_config.current().config.tls.client_allowed_sans
        tls: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        return allowed is None or tls is None or has_allowed_san(tls.getpeercert(), allowed)

    def limit_slow(self) -> None:
        """Each holds an answer of a megabyte in memory: the one that has stood longest goes."""
        slow = [each for each in self._all if each.paused is not None]
        if len(slow) > self.limits.slow:
            min(slow, key=lambda each: each.paused or 0.0).abort()

    def sweep(self) -> None:
        """Close what is overdue; to be called every second or so."""
        now = time.monotonic()
        for connection in self:
            if connection.overdue(now, self.limits):
                connection.abort()

    def working(self) -> bool:
        """Whether an answer is under way."""
        return any(each.busy or each.writing() for each in self._all)
