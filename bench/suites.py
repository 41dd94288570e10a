"""python -m bench.suites: what judging many hosts costs, and the same questions by plain testinfra.

50 expectations of each host: settings of the kernel, mounts, processes. Two kinds of simulated
hosts, each under a name of its own:

    in memory  commands are answered from what this machine answered once: what is left is ours
    local      `ct0 verify` as installed, every host this machine anew: real commands, real files

Per-host cost over 10, 25, 50 and 100 hosts tells whether it grows linearly; peak memory is the
largest of the process and its children (wait4(2)). Beside it pytest-testinfra alone, with its local
backend, asks the same 50 questions of each host; ours and theirs in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.exporter import Figure

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = [str(ROOT / "core"), str(ROOT / "tests/infra")]
sys.path[:0] = PACKAGES

SIZES = (10, 25, 50, 100)
EXPECTED = 50
MOUNTS, ABSENT = 10, 10  # of them, at most; the rest are settings of the kernel
MOVING = ("ns_last_pid", "tainted")  # settings that the kernel itself changes
GROWTH = 1.2  # per-host cost of the most hosts to that of the fewest
MEMORY = 1.25  # peak of the most hosts to that of the fewest

# The same questions, as testinfra's own documentation asks them.
THEIRS = """\
import json
import pytest

questions = json.load(open({path!r}))

@pytest.mark.parametrize("name", questions["values"])
def test_sysctl(host, name):
    assert str(host.sysctl(name)) == questions["values"][name]

@pytest.mark.parametrize("path", questions["mounts"])
def test_mount(host, path):
    assert host.mount_point(path).filesystem == questions["mounts"][path]

@pytest.mark.parametrize("name", questions["absent"])
def test_process(host, name):
    assert not host.process.filter(comm=name)
"""


class Cost(NamedTuple):
    """Seconds, of the process and its children; MiB at its peak."""

    wall: float
    cpu: float
    peak: float


class Questions(NamedTuple):
    values: dict[str, str]
    mounts: dict[str, str]
    absent: list[str]


def main() -> int:
    options = parser().parse_args()
    if options.in_memory:
        return in_memory(Path(options.in_memory[0]), int(options.in_memory[1]))
    sizes = sorted(options.hosts or SIZES)
    with tempfile.TemporaryDirectory(prefix="ct0-bench-") as name:
        folder = Path(name)
        questions = asked()
        lay_out(folder, questions)
        print("\n".join(facts(questions)))
        figures = []
        for title, command in (("in memory", memory_command), ("local", verify_command)):
            print(f"\n{title} (load {os.getloadavg()[0]:.1f})\n\n{HEAD}", flush=True)
            rounds = [
                [run(command(folder, hosts), folder) for hosts in sizes]
                for _ in range(max(1, options.runs))
            ]
            for hosts, costs in zip(sizes, zip(*rounds)):
                print(row(hosts, least(costs)), flush=True)
            figures += growth(title, sizes, rounds)
        figures += beside(folder, options.beside, options.runs)
    print("")
    for figure in figures:
        print(figure)
    if options.json:
        record = [figure._asdict() for figure in figures]
        Path(options.json).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 1 if options.check and not all(figure.met for figure in figures) else 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.suites",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--hosts", type=int, action="append", help="so many hosts; repeatable (10, 25, 50, 100)")
    add("--beside", type=int, default=5, help="hosts of the comparison (%(default)s)")
    add("--runs", type=int, default=3, help="rounds, each of all sizes (%(default)s)")
    add("--json", metavar="FILE", help="write the figures to FILE")
    add("--check", action="store_true", help="exit 1 if a target is missed")
    add("--in-memory", nargs=2, help=argparse.SUPPRESS)
    return parser


def asked() -> Questions:
    """50 questions whose answers are known, of this machine."""
    lines = [line.split(" ") for line in Path("/proc/self/mounts").read_text().splitlines()]
    places = [line[1] for line in lines]
    plain = [line for line in lines if places.count(line[1]) == 1 and "\\" not in line[1]]
    mounts = {line[1]: line[2] for line in sorted(plain, key=lambda line: line[1])[:MOUNTS]}
    absent = [f"benchabsent{number}" for number in range(ABSENT)]
    values: dict[str, str] = {}
    for path in sorted(Path("/proc/sys").glob("[kv][em]*/*")):
        if len(values) + len(mounts) + len(absent) == EXPECTED:
            return Questions(values, mounts, absent)
        text = settled(path)
        if text:
            values[".".join(path.parts[3:])] = text
    raise SystemExit(f"bench: this machine has {len(values)} settings that can be asked")


def settled(path: Path) -> str:
    """A setting's number; "" of what is none, or is not the administrator's."""
    if path.name in MOVING or not path.is_file():
        return ""
    try:
        text = path.read_text().strip()
    except OSError:
        return ""  # written only
    return text if text.isascii() and text.isdigit() else ""


def lay_out(folder: Path, questions: Questions) -> None:
    """The expectations, ours and theirs."""
    import yaml

    document = {
        "version": 1,
        "sysctls": [
            {"id": f"value-{number}", "values": {name: value}}
            for number, (name, value) in enumerate(questions.values.items())
        ],
        "mounts": [
            {"id": f"mount-{number}", "path": path, "type": kind}
            for number, (path, kind) in enumerate(questions.mounts.items())
        ],
        "processes": [{"id": name, "name": name, "count": 0} for name in questions.absent],
    }
    (folder / "site.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    path = folder / "questions.json"
    path.write_text(json.dumps(questions._asdict()), encoding="utf-8")
    (folder / "test_theirs.py").write_text(THEIRS.format(path=str(path)), encoding="utf-8")


def memory_command(folder: Path, hosts: int) -> list[str]:
    return [sys.executable, "-m", "bench.suites", "--in-memory", str(folder), str(hosts)]


def verify_command(folder: Path, hosts: int) -> list[str]:
    nodes = "".join(f"  - {{url: 'local://', name: host{n}, kind: host}}\n" for n in range(hosts))
    (folder / "nodes.yaml").write_text(f"version: 1\nnodes:\n{nodes}", encoding="utf-8")
    command = [sys.executable, "-m", "ct0.cli", "verify", "-i", "nodes.yaml", "-e", "site.yaml"]
    return [*command, "--junit=ours.xml", "--jsonl=ours.jsonl"]


def their_command(folder: Path, hosts: int) -> list[str]:
    names = ",".join(f"local://{number}" for number in range(hosts))
    quiet = [
        "-q",
        "-c",
        os.devnull,
        f"--rootdir={folder}",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:ct0",
    ]
    return [sys.executable, "-m", "pytest", *quiet, f"--hosts={names}", "test_theirs.py"]


def in_memory(folder: Path, hosts: int) -> int:
    """Judge so many hosts whose commands were all answered before; the child of a run."""
    from ct0_suites.expectations.load import load
    from ct0_suites.judging import Judge
    from ct0_suites.records import HOST, PASSED, Subject
    from ct0_suites.running import Node, verify
    from ct0_suites.target import Target
    from ct0_suites.transport import Local

    transport = Remembering(Local())

    def node(name: str) -> Node:
        @contextmanager
        def opened() -> Iterator[Sequence[Target]]:
            yield [Target(Subject(name, HOST), transport)]

        return Node(name, opened)

    judge = Judge(load([str(folder / "site.yaml")]))
    summary = verify([node(f"host{number}") for number in range(hosts)], judge, ())
    wanted = hosts * (EXPECTED + 1)  # each host's state is the first result
    if summary.counts[PASSED] != wanted or len(transport.answers) > EXPECTED:
        print(f"{summary.counts}, {len(transport.answers)} commands", file=sys.stderr)
        return 1
    return 0


class Remembering:
    """Asks each command of another transport once, whoever asks again."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self.answers: dict[tuple[str, bytes], Any] = {}

    def run(self, command: str, stdin: bytes = b"", timeout: float = 30.0) -> Any:
        key = (command, stdin)
        if key not in self.answers:
            self.answers[key] = self.transport.run(command, stdin, timeout)
        return self.answers[key]


def least(costs: Iterable[Cost]) -> Cost:
    """Of some runs, each figure for itself."""
    return Cost(*(min(each) for each in zip(*costs)))


def run(argv: list[str], folder: Path) -> Cost:
    """One run; it must succeed, as a figure for a wrong answer is worth nothing."""
    with tempfile.TemporaryFile() as said:
        paths = os.pathsep.join([str(ROOT), *PACKAGES])
        environment = {**os.environ, "PYTHONPATH": paths}
        began = time.perf_counter()
        process = subprocess.Popen(
            argv, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = status  # waited for already
        if status:
            said.seek(0)
            text = said.read().decode("utf-8", "replace")[-2000:]
            raise SystemExit(f"bench: {' '.join(argv)}: wait status {status}\n{text}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


HEAD = "  hosts    wall s     cpu s   wall ms/host   cpu ms/host   peak MiB"


def row(hosts: int, cost: Cost) -> str:
    wall, cpu = (seconds / hosts * 1000 for seconds in (cost.wall, cost.cpu))
    whole = f"{hosts:>7}{cost.wall:>10.2f}{cost.cpu:>10.2f}"
    return f"{whole}{wall:>15.1f}{cpu:>14.1f}{cost.peak:>11.1f}"


def growth(title: str, sizes: Sequence[int], rounds: Sequence[Sequence[Cost]]) -> list[Figure]:
    """The most hosts beside the fewest: of each round, as load is another in the next."""
    pairs = [(costs[0], costs[-1]) for costs in rounds]
    more = sizes[-1] / sizes[0]
    times = f"{sizes[-1]} hosts to {sizes[0]}"
    wall, cpu, peak = (
        median(values) for values in zip(*((b / a for a, b in zip(*pair)) for pair in pairs))
    )
    return [
        Figure(f"{title}: wall per host, {times}", wall / more, "x", GROWTH),
        Figure(f"{title}: cpu per host, {times}", cpu / more, "x", GROWTH),
        Figure(f"{title}: peak memory, {times}", peak, "x", MEMORY),
    ]


def beside(folder: Path, hosts: int, runs: int) -> list[Figure]:
    """The same 50 questions of as many hosts, ours and theirs in turn."""
    print(f"\nours, then plain pytest-testinfra (load {os.getloadavg()[0]:.1f})\n\n{HEAD}")
    ours, theirs = [], []
    for _ in range(max(1, runs)):
        ours.append(run(verify_command(folder, hosts), folder))
        theirs.append(run(their_command(folder, hosts), folder))
    for costs in (ours, theirs):
        print(row(hosts, least(costs)), flush=True)
    ratios = [Cost(*(a / b for a, b in zip(*pair))) for pair in zip(ours, theirs)]
    return [
        Figure(f"ours to testinfra's: {what}, median of {len(ratios)} pairs", median(values), "x")
        for what, values in zip(Cost._fields, zip(*ratios))
    ]


def facts(questions: Questions) -> list[str]:
    return [
        time.strftime("%Y-%m-%d") + f", {os.cpu_count()} cores, Linux {platform.release()},"
        f" Python {platform.python_version()}, pytest-testinfra {version('pytest-testinfra')}",
        f"{EXPECTED} expectations of each host: {len(questions.values)} settings,"
        f" {len(questions.mounts)} mounts, {len(questions.absent)} processes",
    ]


if __name__ == "__main__":
    sys.exit(main())
