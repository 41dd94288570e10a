"""python -m bench.beside: what a scrape costs, beside others that tell of the same host.

Twenty real LXD containers. ct0-exporter, Debian's node_exporter and process-exporter and LXD's own
/1.0/metrics are asked in turn; then all over again with 2,000 processes more on the host.
Processor time is what the kernel counts for the server and for what it started.

Needs root, and installs the lab's packages. LXD remembers its answer for 8 seconds, so it is asked
every 9.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from lab import packages  # noqa: E402
from lab.command import LabError, wait_for  # noqa: E402
from lab.lxd import Lxd, lxd_ct, lxd_engine  # noqa: E402
from lab.prometheus import free_port  # noqa: E402
from lab.run import Run, lab_run  # noqa: E402
from lab.service import service  # noqa: E402

TICK = 1000 / os.sysconf("SC_CLK_TCK")
LXD_REMEMBERS = 9
CROWDED = 1.10
GROUPS = 'process_names:\n- name: "{{.Comm}}"\n  cmdline: [".+"]\n'


Row = dict[str, Any]


class Cost(NamedTuple):
    """Of one scrape, in milliseconds."""

    cpu: float
    wall: float


class Server:
    """One that answers with an exposition, at a TCP port or a Unix socket."""

    def __init__(self, name: str, pid: int, at: int | Path, path: str, at_once: int) -> None:
        self.name = name
        self.pid = pid
        self.at = at
        self.path = path
        self.at_once = at_once  # scrapes that are timed together

    def scrape(self) -> str:
        connection = http.client.HTTPConnection("localhost", timeout=300)
        if isinstance(self.at, Path):
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(str(self.at))
        else:
            connection.sock = socket.create_connection(("127.0.0.1", self.at))
        try:
            connection.request("GET", self.path, headers={"Host": "localhost"})
            answer = connection.getresponse()
            text = answer.read().decode()
        except (http.client.HTTPException, OSError) as reason:
            raise SystemExit(f"bench: {self.name} gives no answer: {reason}") from reason
        finally:
            connection.close()
        if answer.status != 200:
            raise SystemExit(f"bench: {self.name} answers {answer.status}: {text[:200]}")
        return text

    def cpu(self) -> float:
        """Milliseconds so far, of the server (clock_getcpuclockid(3)) and of what it started and
        awaited (in ticks)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        children = (int(fields[13]) + int(fields[14])) * TICK
        return time.clock_gettime(~self.pid << 3 | 2) * 1000 + children

    def rss(self) -> float:
        """MiB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def cost(self) -> Cost:
        if self.at_once == 1:
            time.sleep(LXD_REMEMBERS)
        before, begin = self.cpu(), time.perf_counter()
        for _ in range(self.at_once):
            self.scrape()
        wall = (time.perf_counter() - begin) * 1000
        return Cost((self.cpu() - before) / self.at_once, wall / self.at_once)


@contextmanager
def servers(run: Run, lxd: Lxd) -> Iterator[list[Server]]:
    only = f"--ct.include={run.prefix}-.*"  # another run of the lab may be on this machine
    groups = run.folder / "process-exporter.yml"
    groups.write_text(GROUPS, encoding="ascii")
    ours, node, process = free_port(), free_port(), free_port()
    commands = {
        "ct0-exporter": (ours, [sys.executable, "-m", "ct0_exporters", only]),
        "node_exporter": (node, ["prometheus-node-exporter"]),
        "process-exporter": (process, ["prometheus-process-exporter", "-config.path", str(groups)]),
    }
    with ExitStack() as stack:
        found = []
        for name, (port, command) in commands.items():
            argv = [*command, f"--web.listen-address=127.0.0.1:{port}"]
            ready = partial(listens, port)
            log = run.folder / f"{name}.log"
            # process-exporter looks at every process before it listens.
            pid = stack.enter_context(service(argv, log, ready, timeout=180))
            found.append(Server(name, pid, port, "/metrics", 10))
        found.append(Server("LXD", lxd.pid, lxd.folder / "unix.socket", "/1.0/metrics", 1))
        yield found


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def crowd(processes: int) -> Iterator[None]:
    """Processes of CT0's own that do nothing."""
    each = "/usr/bin/busybox sleep 86400"
    script = f"i=0; while [ $i -lt {processes} ]; do {each} & i=$((i+1)); done; echo; wait"
    shell = subprocess.Popen(
        ["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True, text=True
    )
    try:
        assert shell.stdout is not None
        shell.stdout.readline()
        yield
    finally:
        os.killpg(shell.pid, 9)
        shell.wait()


def measured(found: list[Server], rounds: int) -> dict[str, Cost]:
    """Server -> the median of its costs; all in turn, so that they meet the same load."""
    costs: dict[str, list[Cost]] = {server.name: [] for server in found}
    for server in found:
        server.scrape()
    for _ in range(rounds):
        for server in found:
            costs[server.name].append(server.cost())
    return {
        name: Cost(median(each.cpu for each in those), median(each.wall for each in those))
        for name, those in costs.items()
    }


def compared(cts: int, rounds: int, processes: int) -> list[Row]:
    with ExitStack() as stack:
        run = stack.enter_context(lab_run())
        lxd = stack.enter_context(lxd_engine(run))
        for number in range(cts):
            stack.enter_context(lxd_ct(lxd, f"c{number}"))
        found = stack.enter_context(servers(run, lxd))
        texts = {server.name: server.scrape() for server in found}
        wait_for("all CTs", lambda: all_there(found[0].scrape(), run, cts), 15)
        usual = measured(found, rounds)
        sizes = {server.name: server.rss() for server in found}
        with crowd(processes):
            crowded = measured(found, rounds)
        return [
            {
                "server": server.name,
                "series": len(series(texts[server.name])),
                "of CTs": sum(run.prefix in line for line in series(texts[server.name])),
                "cpu": usual[server.name].cpu,
                "wall": usual[server.name].wall,
                "MiB": sizes[server.name],
                "crowded cpu": crowded[server.name].cpu,
                "crowded wall": crowded[server.name].wall,
            }
            for server in found
        ]


def all_there(text: str, run: Run, cts: int) -> bool:
    """A figure for half of the containers is worth nothing."""
    tasks = [line for line in series(text) if line.startswith("ct_tasks{")]
    return sum(f"{run.prefix}-c" in line for line in tasks) == cts


def series(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def table(rows: list[Row]) -> list[str]:
    heads = list(rows[0])
    cells = [heads, *([shown(row[head]) for head in heads] for row in rows)]
    widths = [max(len(line[at]) for line in cells) for at in range(len(heads))]
    return [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths))
        )
        for line in cells
    ]


def shown(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.beside",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cts", type=int, default=20, help="(%(default)s)")
    parser.add_argument("--rounds", type=int, default=7, help="(%(default)s)")
    parser.add_argument("--crowd", type=int, default=2000, help="processes more (%(default)s)")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--check", action="store_true", help="exit 1 if a target is missed")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("bench: needs root: the containers are real", file=sys.stderr)
        return 2
    try:
        packages.ensure()
        rows = compared(options.cts, options.rounds, options.crowd)
    except LabError as reason:
        print(f"bench: {reason}", file=sys.stderr)
        return 1
    print(*table(rows), sep="\n")
    ratio = rows[0]["crowded cpu"] / rows[0]["cpu"]
    met = ratio <= CROWDED
    print(
        f"\nct0-exporter with {options.crowd} processes more / without, cpu: {ratio:.2f}"
        f"  (at most {CROWDED:g}: {'met' if met else 'MISSED'})"
    )
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 1 if options.check and not met else 0


if __name__ == "__main__":
    sys.exit(main())
