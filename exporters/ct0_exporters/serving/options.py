"""The --web options, named as the Prometheus exporter-toolkit names them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple

# Not among Prometheus' registered ports: https://github.com/prometheus/prometheus/wiki/Default-port-allocations
PORT = 9955


class WebOptions(NamedTuple):
    """Where and how to serve."""

    listen_addresses: Sequence[str] = ()  # none: loopback, both families, PORT
    systemd_socket: bool = False
    config_file: str | None = None
    max_requests: int = 40


def add_web_options(parser: argparse.ArgumentParser) -> None:
    """Add the group of --web options to a parser; web_options() reads them back."""
    group = parser.add_argument_group("serving")
    group.add_argument(
        "--web.listen-address",
        dest="web_listen_address",
        metavar="ADDRESS",
        action="append",
        default=[],
        help="HOST:PORT, [IPV6]:PORT, :PORT for every address, or unix:PATH; may be given more than"
        f" once (default 127.0.0.1:{PORT} and [::1]:{PORT})",
    )
    group.add_argument(
        "--web.systemd-socket",
        dest="web_systemd_socket",
        action="store_true",
        help="do not start unless systemd passes sockets (ct0-exporter.socket); those it passes are"
        " taken without it too, in place of any address given",
    )
    group.add_argument(
        "--web.config.file",
        dest="web_config_file",
        metavar="FILE",
        help="TLS, client certificates and basic auth, in the exporter-toolkit's format",
    )
    group.add_argument(
        "--web.max-requests",
        dest="web_max_requests",
        metavar="N",
        type=_count,
        default=WebOptions().max_requests,
        help="scrapes at once; more get status 503; 0 is no limit (default %(default)s)",
    )


def web_options(namespace: argparse.Namespace) -> WebOptions:
    """What a parser with add_web_options() found."""
    return WebOptions(
        tuple(namespace.web_listen_address),
        namespace.web_systemd_socket,
        namespace.web_config_file,
        namespace.web_max_requests,
    )


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of requests")
    return int(text)
