"""ct0-exporter targets: the addresses of this host's containers, for Prometheus to scrape.

    ct0-exporter targets [--port PORT] [--all] [--output FILE]

The JSON is what file_sd and http_sd read both; the exporter itself serves it at /sd?port=9100.

    [{"targets": ["10.1.0.101:9100"],
      "labels": {"__meta_ct_engine": "openvz", "__meta_ct_id": "101", "__meta_ct_name": "web1", ...

Addresses are those CT0's files give a container, never what the container says of itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from ct0.addresses import read_addresses
from ct0.container import CT, FROZEN, RUNNING
from ct0.containers import containers
from ct0.errors import Error
from ct0.host import Host
from ct0.replacing import replace_file
from ct0.text import plain
from ct0_exporters.host_cpu import host_name
from ct0_exporters.options import folder, pattern

PORT = 9100  # node_exporter's


def main(arguments: Sequence[str]) -> int:
    """The exit status: 0, 1 when the containers cannot be listed or the file not be written."""
    given = parser().parse_args(arguments)
    host = Host(vars(given)["path.rootfs"])
    try:
        cts = [ct for ct in containers(host) if wanted(given, ct)]
        text = targets(host, cts, given.port or [PORT], stopped=given.all)
        if given.output is None:
            sys.stdout.write(text)
        elif not same(given.output, text):
            replace_file(given.output, text.encode())
    except OSError as error:
        where = error.filename or "stdout"
        print(f"ct0-exporter targets: {where}: {error.strerror}", file=sys.stderr)
        return 1
    except Error as error:
        print(f"ct0-exporter targets: {error}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ct0-exporter targets",
        description="Write the addresses of this host's containers as JSON, as Prometheus' file_sd "
        "and http_sd read it.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--port", type=port, action="append", help="may be given more than once (9100)")
    add("--all", action="store_true", help="stopped containers too")
    add("--output", metavar="FILE", help="instead of stdout; left alone if nothing has changed")
    add("--ct.include", metavar="REGEX", type=pattern, help="only CTs of this CTID or name")
    add("--ct.exclude", metavar="REGEX", type=pattern, help="all CTs but of this CTID or name")
    add(
        "--path.rootfs",
        metavar="DIR",
        type=folder,
        default="/",
        help="the host below DIR (%(default)s)",
    )
    return parser


def port(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def wanted(given: argparse.Namespace, ct: CT) -> bool:
    include, exclude = vars(given)["ct.include"], vars(given)["ct.exclude"]
    names = ct.ctid, ct.name
    if include is not None and not any(map(include.fullmatch, names)):
        return False
    return exclude is None or not any(map(exclude.fullmatch, names))


def targets(host: Host, cts: list[CT], ports: Iterable[int], *, stopped: bool = False) -> str:
    """A target group for each address, so that relabelling can tell a CT's addresses apart."""
    shown = [ct for ct in cts if stopped or ct.state in (RUNNING, FROZEN)]
    ports = list(ports)
    node = host_name(host)
    groups = []
    for ct, addresses in zip(shown, read_addresses(host, shown)):
        for index, address in enumerate(addresses):
            version = ip_address(address).version
            at = f"[{address}]" if version == 6 else address
            labels = {
                "__meta_ct_host": node,
                "__meta_ct_engine": ct.engine,
                "__meta_ct_id": plain(ct.ctid),
                "__meta_ct_name": plain(ct.name or ct.ctid),
                "__meta_ct_state": ct.state,
                "__meta_ct_address": address,
                "__meta_ct_address_index": str(index),
                "__meta_ct_address_family": f"ipv{version}",
            }
            groups.append({"targets": [f"{at}:{port}" for port in ports], "labels": labels})
    # A group a line: `git diff` and a person read it.
    return "[" + ",\n ".join(json.dumps(group, ensure_ascii=False) for group in groups) + "]\n"


def same(path: str, text: str) -> bool:
    """Prometheus reads a file again whenever it is written, changed or not."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read() == text
    except (FileNotFoundError, UnicodeDecodeError):
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
