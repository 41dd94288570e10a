"""/sd of the exporter: the containers' addresses for Prometheus' http_sd."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from ct0.containers import containers
from ct0.host import Host
from ct0_exporters.options import Options
from ct0_exporters.serving.application import Page, Reply
from ct0_exporters.targets import PORT, port, targets

PATH = "/sd"
JSON, PLAIN = "application/json; charset=utf-8", "text/plain; charset=utf-8"


def with_discovery(host: Host, options: Options, otherwise: Page) -> Page:
    """Pages with /sd?port=9100,9117&all=1 among them."""

    def page(path: str, query: Mapping[str, str]) -> Reply | None:
        if path != PATH:
            return otherwise(path, query)
        try:
            ports = [port(word) for word in query.get("port", str(PORT)).split(",")]
        except argparse.ArgumentTypeError as error:
            return Reply(f"{error}\n".encode(), PLAIN, status=400)
        cts = [ct for ct in containers(host) if options.wants(ct)]
        body = targets(host, cts, ports, stopped=query.get("all") == "1")
        return Reply(body.encode("utf-8", "replace"), JSON)

    return page
