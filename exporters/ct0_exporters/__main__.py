"""ct0-exporter: serve the metrics of this host's containers, write one scrape to stdout (`once`),
to a file for node_exporter (`textfile`), their addresses for Prometheus (`targets`), or say
whether a --web.config.file is good (`check-web-config`)."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys

from ct0 import __version__
from ct0.host import Host
from ct0.replacing import replace_file
from ct0_exporters import targets
from ct0_exporters.collectors import COLLECTORS
from ct0_exporters.exporter import Exporter
from ct0_exporters.options import add_arguments, options
from ct0_exporters.render import OPENMETRICS, TEXT

M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3
COLLECT_AFTER = 50_000  # objects; a scrape of 500 CTs makes some 30,000 samples
FORMATS = {"text": TEXT, "openmetrics": OPENMETRICS}
NEED_A_FILE = {"textfile": "PATH", "check-web-config": "FILE"}
TABLE = {name: (collector.default, collector.help) for name, collector in COLLECTORS.items()}


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ct0-exporter",
        usage="%(prog)s [OPTION...] [once | textfile PATH | targets | check-web-config FILE]",
        description=__doc__,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("command", nargs="*", metavar="once | textfile PATH | targets", help="instead of serving")
    add("--format", choices=list(FORMATS), default="text", help="of `once` (%(default)s)")
    add("--version", action="version", version=f"ct0-exporter {__version__}")
    add_arguments(parser, TABLE)
    add_serving(parser)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0, 1 when the containers cannot be listed or the output not be
    written, 2 for a wrong option."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["targets"]:
        return targets.main(arguments[1:])
    if arguments[:1] == ["check-web-config"] and len(arguments) == 2:
        from ct0_exporters.serving.web_config_file import check_web_config

        return check_web_config(arguments[1])
    asked = parser()
    given = asked.parse_args(arguments)
    logging.basicConfig(format="ct0-exporter: %(message)s", level=logging.INFO)
    command, *rest = given.command or ["serve"]
    if command in NEED_A_FILE and len(rest) != 1:
        asked.error(f"{command} needs one {NEED_A_FILE[command]}")
    if (command, len(rest)) not in (("serve", 0), ("once", 0), ("textfile", 1)):
        asked.error(f"no such command: {' '.join(given.command)}")
    chosen = options(given, TABLE)
    host = Host(vars(given)["path.rootfs"])
    try:
        if command == "serve" and given.command == []:
            return run_server(Exporter(host, chosen), given)
        exporter = Exporter(host, chosen, lasting=False)
        body, _ = exporter.metrics(accept=FORMATS[given.format] if command == "once" else TEXT)
        if command == "once":
            sys.stdout.buffer.write(body)
            sys.stdout.buffer.flush()
        else:
            replace_file(rest[0], body)
    except BrokenPipeError:
        # Whoever read had enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        print(f"ct0-exporter: {error.filename or 'stdout'}: {error.strerror}", file=sys.stderr)
        return 1
    return 0 if exporter.listed else 1  # the log has said why


def add_serving(parser: argparse.ArgumentParser) -> None:
    from ct0_exporters.serving.options import add_web_options

    add_web_options(parser)


def run_server(exporter: Exporter, given: argparse.Namespace) -> int:
    try:
        from ct0_exporters.discovery import with_discovery
        from ct0_exporters.page.site import LivePage
        from ct0_exporters.serving.server import serve
    except ImportError as error:
        print(
            f"ct0-exporter: {error}: serving needs more: pip install 'ct0[exporter]'",
            file=sys.stderr,
        )
        return 1
    keep_memory_small()
    options = exporter.options
    page = with_discovery(exporter.host, options, LivePage(exporter.host, options))
    keep_collections_few()
    return serve(exporter.metrics, given, page, collectors=options.collectors)


def keep_memory_small() -> None:
    """One heap for all threads: glibc gives each its own, and a scrape's megabytes then stay with
    whichever thread made them. And none of them on the heap, where glibc puts large pieces once
    some were given back: they go back to the kernel. mallopt(3); other C libraries do without."""
    import ctypes

    try:
        allocator = ctypes.CDLL(None)
        allocator.mallopt(M_ARENA_MAX, 1)
        allocator.mallopt(M_MMAP_THRESHOLD, 128 * 1024)
    except (AttributeError, OSError):
        pass


def keep_collections_few() -> None:
    """A scrape makes tens of thousands of samples, and drops them all when it has been sent; there
    is no cycle among them. Python would look for one after every 700, and now and then through all
    modules that were ever loaded: a twentieth of a scrape."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)


if __name__ == "__main__":
    sys.exit(main())
