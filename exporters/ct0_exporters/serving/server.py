"""ct0-exporter's server: from the --web options to the exit status."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Collection
from typing import Any

from aiohttp import web

from ct0.errors import Error

from .application import Metrics, Page, application
from .connections import LIMITS, Connections, Limits
from .door import Door
from .listening import is_activated, listen, passed_by_systemd, remove_unix, shown
from .options import WebOptions, web_options
from .web_config_file import WebConfigFile

log = logging.getLogger("ct0_exporters.serving")


def serve(
    metrics: Metrics,
    options: argparse.Namespace | WebOptions,
    page: Page | None = None,
    collectors: Collection[str] = (),
    limits: Limits = LIMITS,
) -> int:
    """Serve until SIGTERM or SIGINT; the exit status. `collectors`: names for collect[]=."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s: %(message)s", stream=sys.stderr)
    if isinstance(options, argparse.Namespace):
        options = web_options(options)
    try:
        web_config = WebConfigFile(options.config_file)
        if options.systemd_socket or is_activated():
            listeners, paths = passed_by_systemd(), []
            if options.listen_addresses:
                log.info("--web.listen-address is not used: systemd passed the sockets")
        else:
            listeners = listen(options.listen_addresses)
            paths = [each.getsockname() for each in listeners if each.family == socket.AF_UNIX]
    except Error as reason:
        print(f"ct0-exporter: {reason}", file=sys.stderr)
        return 1
    _raise_descriptor_limit(limits.connections * 2)
    connections = Connections(web_config, limits)
    app = application(
        metrics,
        page,
        collectors=collectors,
        web_config=web_config,
        connections=connections,
        max_requests=options.max_requests,
    )
    asyncio.run(_serve(app, listeners, connections, web_config))
    remove_unix(paths)
    return 0


async def _serve(
    app: web.Application,
    listeners: list[socket.socket],
    connections: Connections,
    web_config: WebConfigFile,
) -> None:
    limits = connections.limits
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_silent(),
        # Connections keeps the time, and closes what aiohttp would wait for.
        keepalive_timeout=limits.idle * 2,
        lingering_time=limits.linger,
        max_line_size=limits.request_bytes,
        max_field_size=limits.request_bytes,
    )
    await runner.setup()
    assert runner.server is not None
    stop, hurry = _signals(web_config)
    addresses = [shown(each) for each in listeners]
    door = Door(listeners, runner.server, connections, web_config)
    door.open()
    scheme = "https" if web_config.current().context else "http"
    if web_config.current().config.http2:
        log.info("http2 is not offered: HTTP/1.1 serves every scraper")
    log.info("serving %s on %s", scheme, ", ".join(addresses))
    _notify("READY=1")

    await stop.wait()
    _notify("STOPPING=1")
    await door.close()
    drain = asyncio.ensure_future(door.drained(limits.drain))
    await asyncio.wait([drain, asyncio.ensure_future(hurry.wait())], return_when="FIRST_COMPLETED")
    if not (drain.done() and drain.result()):
        log.warning("scrapes were still running and are cut off")
    try:
        await asyncio.wait_for(runner.cleanup(), limits.linger)
    except asyncio.TimeoutError:
        pass  # a handler that waits for a thread; neither keeps the process from ending


def _signals(web_config: WebConfigFile) -> tuple[asyncio.Event, asyncio.Event]:
    """Set by the first and by the second SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stop, hurry = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (hurry if stop.is_set() else stop).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    # Changes are noticed without it; `systemctl reload` and old habits shall not end us.
    loop.add_signal_handler(signal.SIGHUP, web_config.current)
    # A handshake that failed half-way and the like: clients' affairs, told at debug level.
    loop.set_exception_handler(_untold)
    return stop, hurry


def _untold(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error = context.get("exception")
    level = logging.DEBUG if isinstance(error, OSError) else logging.ERROR
    log.log(level, "%s: %s", context.get("message"), error)


def _silent() -> logging.Logger:
    """aiohttp logs requests it cannot parse, with the bytes: a password may be among them."""
    logger = logging.getLogger("ct0_exporters.serving.aiohttp")
    logger.setLevel(logging.CRITICAL)
    return logger


def _notify(state: str) -> None:
    """sd_notify(3) in its plainest form: one datagram, where systemd asked for it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
        try:
            notify.connect(address)
            notify.sendall(state.encode())
        except OSError as reason:
            log.warning("cannot tell systemd %s: %s", state, reason.strerror)


def _raise_descriptor_limit(needed: int) -> None:
    """The usual 1024 would do but for collectors that keep files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = needed + 4096
    if soft != resource.RLIM_INFINITY and soft < wanted:
        new = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, new), hard))
        except (OSError, ValueError) as reason:  # a filter of system calls
            log.debug("cannot raise the limit of open files: %s", reason)
