"""python -m bench.exporter: what a scrape costs, beside bare reading of the same files.

Two hosts of generated files, version 1 and 2, 500 CTs each. `ct0-exporter` serves them from a Unix
socket; its processor time and memory are what the kernel says. `bare` opens, reads and closes the
files that one scrape opens, and does nothing else.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from generated import crowd, generate  # noqa: E402

RATIO, MILLISECONDS, MIB, GROWTH, CROWDED = 2.5, 150, 60, 1.05, 1.10
# The targets are of 40 series for each CT, which these give; all there are by default are 58.
FORTY = ("identity", "cpu", "pressure", "memory", "tasks")
FORTY_QUERY = "?" + "&".join(f"collect[]={name}" for name in FORTY)
FORMATS = {"identity": "", "gzip": "gzip"}


class Figure(NamedTuple):
    what: str
    value: float
    unit: str
    target: float | None = None

    @property
    def met(self) -> bool:
        return self.target is None or self.value <= self.target

    def __str__(self) -> str:
        line = f"  {self.what:<58}{self.value:10.2f} {self.unit}"
        if self.target is None:
            return line
        return f"{line}  (at most {self.target:g}: {'met' if self.met else 'MISSED'})"


class Connection(http.client.HTTPConnection):
    """HTTP by a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost")
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)

    def scrape(self, encoding: str = "", query: str = "") -> bytes:
        self.request("GET", f"/metrics{query}", headers={"Accept-Encoding": encoding})
        response = self.getresponse()
        body = response.read()
        if response.status != 200:
            raise SystemExit(f"bench: the exporter answers {response.status}: {body[:200]!r}")
        return body


class Server:
    def __init__(self, process: subprocess.Popen[bytes], path: str) -> None:
        self.pid = process.pid
        self.path = path
        self.connection = Connection(path)

    def cpu(self) -> float:
        """Milliseconds so far, user and system; clock_getcpuclockid(3): stat has ticks only."""
        return time.clock_gettime(~self.pid << 3 | 2) * 1000

    def rss(self) -> float:
        """MiB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def memory(self, scrapes: int) -> float:
        """MiB after so many scrapes more."""
        self.cost(scrapes)
        return self.rss()

    def cost(self, scrapes: int, encoding: str = "", query: str = "") -> float:
        """Milliseconds of processor time for one of so many scrapes."""
        before = self.cpu()
        for _ in range(scrapes):
            self.connection.scrape(encoding, query)
        return (self.cpu() - before) / scrapes


@contextmanager
def serving(host: Path) -> Iterator[Server]:
    """ct0-exporter of that host, answering."""
    path = f"{host}.sock"
    command = [sys.executable, "-m", "ct0_exporters", "--path.rootfs", str(host)]
    command += ["--web.listen-address", f"unix:{path}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=ROOT / "exporters")
    try:
        server = Server(process, path)
        for _ in range(100):
            try:
                server.connection.connect()
                break
            except OSError:
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait()


def opened(host: Path, collect: Sequence[str] = ()) -> list[str]:
    """The files that one scrape opens, the second: the first reads what is kept from then on.
    Of these collectors only, if any are named."""
    program = """
import json, sys
from ct0.host import Host
from ct0_exporters.collectors import COLLECTORS
from ct0_exporters.exporter import Exporter
from ct0_exporters.options import Options
chosen = tuple(name for name, each in COLLECTORS.items() if each.default)
exporter = Exporter(Host(sys.argv[1]), Options(collectors=chosen))
collect = frozenset(sys.argv[2:]) or None
exporter.metrics(collect)
seen = []
sys.addaudithook(lambda event, args: seen.append(str(args[0])) if event == "open" else None)
exporter.metrics(collect)
print(json.dumps(seen))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(host), *collect],
        capture_output=True,
        text=True,
        check=True,
    )
    paths, folder = [], ""
    for path in json.loads(done.stdout):
        if path.startswith("/") and os.path.isdir(path):
            folder = path  # files of a process are opened relative to its folder
        else:
            paths.append(path if path.startswith("/") else f"{folder}/{path}")
    return paths


def bare(paths: list[str], times: int) -> float:
    """Milliseconds of processor time to open, read and close them all."""
    costs = []
    flags = os.O_RDONLY | os.O_CLOEXEC
    for _ in range(times):
        begin = time.process_time()
        for path in paths:
            try:
                file = os.open(path, flags)
            except OSError:
                continue  # a scrape looks for it too
            os.read(file, 16384)
            os.close(file)
        costs.append((time.process_time() - begin) * 1000)
    return median(costs)


def series_of(text: bytes) -> int:
    return sum(1 for line in text.split(b"\n") if line and not line.startswith(b"#"))


def at_once(server: Server, clients: int) -> tuple[float, float]:
    """Wall milliseconds of one scrape alone, and of the slowest of several at the same moment."""
    alone, slowest = [], []
    for _ in range(5):
        alone.append(together(server, 1))
        slowest.append(together(server, clients))
    return median(alone), median(slowest)


def together(server: Server, clients: int) -> float:
    """Milliseconds until the last of so many clients, who ask at the same moment, has it all."""
    barrier = threading.Barrier(clients)
    took: list[float] = []

    def scrape() -> None:
        connection = Connection(server.path)
        connection.connect()
        barrier.wait()
        begin = time.perf_counter()
        connection.scrape()
        took.append((time.perf_counter() - begin) * 1000)
        connection.close()

    threads = [threading.Thread(target=scrape) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(took)


def measure(folder: Path, version: int, cts: int, scrapes: int, processes: int) -> list[Figure]:
    host = generate(folder / f"v{version}", version, cts)
    paths = opened(host)
    with serving(host) as server:
        text = server.connection.scrape()
        series = series_of(text)
        packed = server.connection.scrape("gzip")
        assert len(gzip.decompress(packed)) > 1000
        server.cost(20)
        some = series_of(server.connection.scrape(query=FORTY_QUERY))
        server.cost(5, query=FORTY_QUERY)
        fewer = opened(host, FORTY)
        rounds = [(server.cost(10, query=FORTY_QUERY), bare(fewer, 3)) for _ in range(7)]
        forty, forty_ratio = median(a for a, _ in rounds), median(a / b for a, b in rounds)
        # In turn, so that both meet the same load of the machine.
        rounds = [(server.cost(10), bare(paths, 3)) for _ in range(7)]
        cost, reading = median(a for a, _ in rounds), median(b for _, b in rounds)
        ratio = median(a / b for a, b in rounds)
        zipped = server.cost(20, "gzip")
        alone, slowest = at_once(server, 4)
        # A scrape's own few megabytes are there or not when one looks: look a few times.
        early = median(server.memory(5) for _ in range(10))
        server.cost(scrapes)
        late = median(server.memory(5) for _ in range(10))
    crowd(host, processes)
    with serving(host) as server:
        server.cost(20)
        crowded = median(server.cost(10) for _ in range(5))
    return [
        Figure("series", series, ""),
        Figure("files opened by a scrape", len(paths), ""),
        Figure("exposition", len(text) / 1e6, "MB"),
        Figure("bare reading of these files, cpu", reading, "ms"),
        Figure("a scrape, cpu", cost, "ms"),
        Figure("a scrape / bare reading", ratio, "x"),
        Figure("series of a scrape without network, block_io, hugetlb", some, ""),
        Figure("... cpu", forty, "ms", MILLISECONDS),
        Figure("... / bare reading of its files", forty_ratio, "x", RATIO),
        Figure("a scrape with gzip, cpu", zipped, "ms"),
        Figure("a scrape alone, wall", alone, "ms"),
        Figure("the slowest of four at once / one alone", slowest / alone, "x", 2.0),
        Figure("memory after a few scrapes", early, "MiB"),
        Figure(f"memory after {scrapes} scrapes more", late, "MiB", MIB),
        Figure("... / after a few", late / early, "x", GROWTH),
        Figure(f"with {processes} processes more / without, cpu", crowded / cost, "x", CROWDED),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.exporter",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cts", type=int, default=500, help="(%(default)s)")
    parser.add_argument("--scrapes", type=int, default=1000, help="for memory (%(default)s)")
    parser.add_argument("--crowd", type=int, default=2000, help="processes more (%(default)s)")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--check", action="store_true", help="exit 1 if a target is missed")
    options = parser.parse_args()
    record: dict[str, Any] = {}
    missed = False
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="ct0-bench-") as name:
        for version in (2, 1):
            print(f"\n{options.cts} CTs, cgroup version {version}", flush=True)
            figures = measure(Path(name), version, options.cts, options.scrapes, options.crowd)
            print(*figures, sep="\n", flush=True)
            record[f"version {version}"] = [figure._asdict() for figure in figures]
            missed = missed or not all(figure.met for figure in figures)
    if options.json:
        Path(options.json).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 1 if missed and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
