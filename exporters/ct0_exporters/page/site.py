"""The page's paths: `/`, `/api/containers` and the static files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files

from ct0.errors import Error
from ct0.host import Host
from ct0.inventory import Inventory
from ct0.live import Live

from ..options import Options
from ..serving.application import Reply
from . import document, records
from .asking import asked

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
FILES = ("page.css", "page.js", "cells.js", "figures.js", "order.js", "theme.js", "icon.svg")
# Nothing from elsewhere, no inline script or style, in nobody's frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
JSON = "application/json"


class LivePage:
    """A Page of ct0_exporters.serving: called in threads, several at once.

    All who look at the same time share one look at the host, at most one a second.
    """

    def __init__(
        self, host: Host, options: Options | None = None, live: Live | None = None
    ) -> None:
        wanted = (options or Options()).wants
        self._live = live or Live(host, Inventory(host).containers, wanted, minimum=1.0)
        folder = files(__package__) / "static"
        self._files = {name: (folder / name).read_bytes() for name in FILES}

    def __call__(self, path: str, query: Mapping[str, str]) -> Reply | None:
        if path == "/":
            return self._page(query)
        if path == "/api/containers":
            return self._records(query)
        name = path[8:] if path.startswith("/static/") else ""
        if name not in self._files:
            return None
        kind = f"{TYPES[name.rpartition('.')[2]]}; charset=utf-8"
        # Small, and of the version that made the page.
        return Reply(self._files[name], kind, {**HEADERS, "Cache-Control": "no-cache"})

    def _page(self, query: Mapping[str, str]) -> Reply:
        try:
            text = document.document(self._live.look(), asked(query))
            status = 200
        except (Error, OSError) as error:
            text, status = document.trouble(str(error)), 503
        return Reply(text.encode("utf-8", "replace"), headers=HEADERS, status=status)

    def _records(self, query: Mapping[str, str]) -> Reply:
        try:
            body, status = records.document(self._live.look(), query.get("history") == "1"), 200
        except (Error, OSError) as error:
            body, status = json.dumps({"error": str(error)}).encode(), 503
        return Reply(body, JSON, HEADERS, status)
