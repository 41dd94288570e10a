"""What is served: /metrics, /-/healthy, /-/ready, and the pages of whoever brings some.

Knows nothing of collectors but their names. aiohttp, from 3.8 (Debian 12) on.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Awaitable, Collection, Mapping
from typing import TYPE_CHECKING, Callable, NamedTuple, Optional

from aiohttp import web

from .connections import Connections
from .negotiation import content_type, takes_gzip
from .web_config_file import WebConfigFile
from .workers import Busy, Workers

if TYPE_CHECKING:
    from aiohttp.typedefs import Middleware  # since aiohttp 3.11

log = logging.getLogger("ct0_exporters.serving")

# metrics(collectors, content type) -> one scrape and its content type. `collectors` None: all that
# are on. The content type is the one negotiated, and good as an Accept header. Called in a thread,
# several at once.
Metrics = Callable[[Optional[frozenset[str]], str], tuple[bytes, str]]


class Reply(NamedTuple):
    """A page, or a part of one."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = {}
    status: int = 200


# page(path, query) -> the page at this path, or None where there is none. Called in a thread.
Page = Callable[[str, Mapping[str, str]], Optional[Reply]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PLAIN = "text/plain; charset=utf-8"
LANDING = b"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>ct0-exporter</title></head>
<body><h1>ct0-exporter</h1>
<p>What every container of this host uses, and what CT0 itself uses.</p>
<ul><li><a href="/metrics">/metrics</a></li><li><a href="/-/healthy">/-/healthy</a></li>
<li><a href="/-/ready">/-/ready</a></li></ul></body></html>
"""


def landing(path: str, query: Mapping[str, str]) -> Reply | None:
    """The page where there is no better one: links, as the guide for exporters asks."""
    policy = {"Content-Security-Policy": "default-src 'none'"}
    return Reply(LANDING, headers=policy) if path == "/" else None


def application(
    metrics: Metrics,
    page: Page | None = None,
    *,
    collectors: Collection[str] = (),
    web_config: WebConfigFile | None = None,
    connections: Connections | None = None,
    max_requests: int = 40,
) -> web.Application:
    """The application. `collectors` are the names that collect[]= and exclude[]= may give."""
    web_config = WebConfigFile() if web_config is None else web_config
    connections = Connections(web_config) if connections is None else connections
    site = Site(metrics, page or landing, collectors, max_requests, connections)
    front = Front(web_config, connections)
    app = web.Application(middlewares=[front.middleware()], client_max_size=0)
    app.router.add_get("/metrics", site.metrics)
    app.router.add_get("/-/healthy", site.healthy)
    app.router.add_get("/-/ready", site.readiness)
    app.router.add_get("/{path:.*}", site.page)
    return app


class Site:
    """The pages."""

    def __init__(
        self,
        metrics: Metrics,
        page: Page,
        collectors: Collection[str],
        max_requests: int,
        connections: Connections,
    ) -> None:
        self._connections = connections
        self._metrics = metrics
        self._page = page
        self._collectors = frozenset(collectors)
        self._scrapes = Workers("scrapes", max_requests)
        self._pages = Workers("pages", max_requests)

    async def metrics(self, request: web.Request) -> web.StreamResponse:
        chosen = self._chosen(request)
        wanted = content_type(_header(request, "Accept"))
        compressed = takes_gzip(_header(request, "Accept-Encoding"))

        def scrape() -> tuple[bytes, str]:
            body, made = self._metrics(chosen, wanted)
            # Level 1: a tenth of level 9's time, for an eighth more bytes.
            return (gzip.compress(body, 1) if compressed else body), made

        body, made = await self._scrapes.run(scrape)
        # What was asked for says it more exactly (version, escaping), if it is the same format.
        same = made.partition(";")[0] == wanted.partition(";")[0]
        headers = {
            "Content-Type": wanted if same else made,
            "Cache-Control": "no-store",
            "Vary": "Accept, Accept-Encoding",
        }
        if compressed:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, headers=headers)

    async def healthy(self, request: web.Request) -> web.StreamResponse:
        return _plain("ct0-exporter is healthy.")

    async def readiness(self, request: web.Request) -> web.StreamResponse:
        if self._connections.draining:
            return _plain("ct0-exporter is shutting down.", 503)
        return _plain("ct0-exporter is ready.")

    async def page(self, request: web.Request) -> web.StreamResponse:
        query = dict(request.query)
        reply = await self._pages.run(lambda: self._page(request.path, query))
        if reply is None:
            raise web.HTTPNotFound
        headers = {"X-Content-Type-Options": "nosniff", **reply.headers}
        headers["Content-Type"] = reply.content_type
        body = reply.body
        if len(body) > 1024 and takes_gzip(_header(request, "Accept-Encoding")):
            body = gzip.compress(body, 1)
            headers["Content-Encoding"] = "gzip"
        headers["Vary"] = "Accept-Encoding"
        return web.Response(body=body, status=reply.status, headers=headers)

    def _chosen(self, request: web.Request) -> frozenset[str] | None:
        """node_exporter's collect[]= and exclude[]=; None: all."""
        wanted = frozenset(request.query.getall("collect[]", []))
        unwanted = frozenset(request.query.getall("exclude[]", []))
        if wanted and unwanted:
            raise _BadRequest("collect[] and exclude[] are not to be combined")
        unknown = sorted((wanted | unwanted) - self._collectors)
        if unknown:
            raise _BadRequest(
                f"no such collector, or turned off: {_printable(unknown[0])};"
                f" known: {', '.join(sorted(self._collectors)) or 'none'}"
            )
        if unwanted:
            return self._collectors - unwanted
        return wanted or None


class Front:
    """Before every page: who may come in, how much they may send, and how errors look."""

    def __init__(self, web_config: WebConfigFile, connections: Connections) -> None:
        self._web_config = web_config
        self._connections = connections

    def middleware(self) -> Middleware:
        @web.middleware
        async def front(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = self._connections.of(request.transport)
            if connection is not None:
                connection.begin()
            last = True
            try:
                response = await self._answer(request, handler)
                if self._connections.draining:
                    response.force_close()
                last = not request.keep_alive or response.keep_alive is False
                return response
            finally:
                if connection is not None:
                    connection.end(last)

        return front

    async def _answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        config = self._web_config.current()
        try:
            if config.auth and not await config.auth.allows(_header(request, "Authorization")):
                response: web.StreamResponse = _plain("401: Unauthorized", 401)
                response.headers["WWW-Authenticate"] = 'Basic realm="ct0-exporter"'
            elif (request.content_length or 0) > self._connections.limits.request_bytes:
                raise web.HTTPRequestEntityTooLarge(0, request.content_length or 0)
            else:
                response = await handler(request)
        except _BadRequest as reason:
            response = _plain(str(reason), 400)
        except Busy as reason:
            response = _plain(str(reason), 503)
            response.headers["Retry-After"] = "1"
        except web.HTTPException as reason:
            response = _plain(f"{reason.status}: {reason.reason}", reason.status)
            if "Allow" in reason.headers:
                response.headers["Allow"] = reason.headers["Allow"]
            if reason.status == 413:
                response.force_close()
        except Exception as error:
            # One line for all that can go wrong; the traceback for who looks for it.
            log.error("%s: %s: %s", request.path, type(error).__name__, error)
            log.debug("%s", request.path, exc_info=True)
            response = _plain("500: Internal Server Error; the log of ct0-exporter has more", 500)
        response.headers["Server"] = "ct0-exporter"
        for name, value in config.config.headers.items():
            if value:
                response.headers[name] = value
        return response


class _BadRequest(Exception):
    """Answered with status 400 and this text."""


def _header(request: web.Request, name: str) -> str:
    """The header, its repetitions joined as RFC 9110, 5.3 says."""
    return ", ".join(request.headers.getall(name, []))


def _plain(text: str, status: int = 200) -> web.Response:
    return web.Response(
        body=text.encode() + b"\n",
        status=status,
        headers={"Content-Type": PLAIN, "X-Content-Type-Options": "nosniff"},
    )


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "?" for each in text[:60])
