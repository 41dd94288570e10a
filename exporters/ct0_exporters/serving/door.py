"""Accepts connections, sees to TLS, and hands them to aiohttp.

Each handshake is a task of its own with a deadline, so that a client which connects and says
nothing keeps nobody waiting; and each takes the configuration as it is at that moment.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Sequence
from typing import Any, Callable

from .connections import Connection, Connections
from .web_config_file import WebConfigFile

log = logging.getLogger("ct0_exporters.serving")

# No more descriptors or memory: wait until connections end.
SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Door:
    """Serves on listening sockets until close(). `make_handler`: aiohttp's web.Server."""

    def __init__(
        self,
        listeners: Sequence[socket.socket],
        make_handler: Callable[[], object],
        connections: Connections,
        web_config: WebConfigFile,
    ) -> None:
        self._listeners = listeners
        self._make_handler = make_handler
        self._connections = connections
        self._web_config = web_config
        self._tasks: list[asyncio.Task[None]] = []
        self._complained = -60.0

    def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._accept(each)) for each in self._listeners]
        self._tasks.append(loop.create_task(self._sweep()))

    async def close(self) -> None:
        """Accept no more, and let go of who is idle."""
        self._connections.draining = True
        accepting, self._tasks = self._tasks[:-1], self._tasks[-1:]
        for task in accepting:
            task.cancel()
        await asyncio.gather(*accepting, return_exceptions=True)
        for listener in self._listeners:
            listener.close()
        for connection in self._connections:
            if not connection.busy and not connection.writing():
                connection.close()

    async def drained(self, seconds: float) -> bool:
        """Wait for the answers under way; False if some were not done in time and were cut off."""
        deadline = time.monotonic() + seconds
        while self._connections.working() and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        done = not self._connections.working()
        for task in self._tasks:
            task.cancel()
        for connection in self._connections:
            connection.close() if done else connection.abort()
        return done

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(listener)
            except OSError as reason:
                if reason.errno in SHORT:
                    self._complain(f"cannot accept connections: {reason.strerror}")
                    await asyncio.sleep(0.1)
                # Else one client's own trouble: ECONNABORTED, EPROTO, see accept(2).
                continue
            connection = Connection(self._connections, self._make_handler)
            if self._connections.add(connection):
                connection.task = loop.create_task(self._admit(connection, accepted))
            else:
                accepted.close()
            # A queue of clients must not keep everything else from running.
            await asyncio.sleep(0)

    async def _admit(self, connection: Connection, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        arguments: dict[str, Any] = {}
        context = self._web_config.current().context
        if context is not None:
            arguments["ssl"] = context
            arguments["ssl_handshake_timeout"] = self._connections.limits.handshake
        try:
            if context is not None:
                await self._first_byte(accepted)
            await loop.connect_accepted_socket(lambda: connection, accepted, **arguments)
        except (OSError, asyncio.TimeoutError) as reason:
            # No TLS, no common version, no certificate, too slow (ssl.SSLError and ConnectionError
            # are OSErrors): the client knows, and anybody could fill a log with it.
            log.debug("handshake failed: %s", reason)
        finally:
            connection.task = None
            if connection.transport is None:
                self._connections.forget(connection)

    async def _first_byte(self, accepted: socket.socket) -> None:
        """Wait until the client says something: asyncio's TLS takes 256 KiB from the outset."""
        loop = asyncio.get_running_loop()
        spoken = asyncio.Event()
        loop.add_reader(accepted, spoken.set)
        try:
            await asyncio.wait_for(spoken.wait(), self._connections.limits.handshake)
        except BaseException:
            loop.remove_reader(accepted)
            accepted.close()
            raise
        loop.remove_reader(accepted)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._connections.limits.request / 4))
            self._connections.sweep()

    def _complain(self, text: str) -> None:
        """Once a minute."""
        if time.monotonic() - self._complained > 60:
            self._complained = time.monotonic()
            log.error("%s", text)
