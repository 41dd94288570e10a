"""python -m bench.plugins: what a plugin costs that judges all containers of a host at once.

Two hosts of generated files, version 1 and 2, 200 CTs each; plugins keep what they counted of them.
Each is run as installed, in turn with the others; shown are `least / median` milliseconds of time
passed, and of processor time. The floor is an interpreter that imports nagiosplugin and ends.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.installed import install_checks
from bench.measure import ENVIRONMENT, Cost, run_once

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "core"))

from generated import generate, write  # noqa: E402

MILLISECONDS = 500  # of time passed, check_ct_resources of all
SCRIPT = """\
#!{python}
import sys
sys.path.insert(0, {packages!r})
from ct0_checks.launch import {command}
sys.exit({command}())
"""


class Line(NamedTuple):
    what: str
    argv: list[str]
    starts: str  # what its output must begin with
    target: float | None = None


def main() -> int:
    options = parser().parse_args()
    missed = False
    record = {}
    with tempfile.TemporaryDirectory(prefix="ct0-bench-") as name:
        folder = Path(name)
        install_checks(folder, sys.executable)
        for version in (1, 2):
            root = generate(folder / f"v{version}", version, options.cts)
            write(root, "/proc/uptime", "5000.00 9000.00\n")
            lines = wanted(folder, root, options.cts)
            for line in lines:
                check(line)
            costs = measure(lines, options.runs)
            load = os.getloadavg()[0]
            print(f"\n{options.cts} CTs, cgroup version {version} (load {load:.1f})\n")
            print(f"  {'':<44}{'time passed':>20}{'processor':>20}")
            for line, runs in zip(lines, costs):
                print(shown(line, runs), flush=True)
                missed = missed or (line.target is not None and wall(runs) > line.target)
            record[f"version {version}"] = {line.what: runs for line, runs in zip(lines, costs)}
    if options.json:
        Path(options.json).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return 1 if missed and options.check else 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.plugins", description=__doc__)
    add = parser.add_argument
    add("--cts", type=int, default=200, help="containers of each host (%(default)s)")
    add("--runs", type=int, default=21, help="runs of each (%(default)s)")
    add("--json", metavar="FILE", help="write every single run to FILE")
    add("--check", action="store_true", help="exit 1 if a target is missed")
    return parser


def wanted(folder: Path, root: Path, cts: int) -> list[Line]:
    common = [f"--root={root}", f"--state-dir={folder}/kept"]
    resources = [script(folder, "check_ct_resources"), *common]
    fine = f"OK - {cts} containers"
    return [
        Line("python -c 'import nagiosplugin'", [sys.executable, "-c", "import nagiosplugin"], ""),
        Line("check_ct_resources", resources, f"CT_RESOURCES {fine}", MILLISECONDS),
        Line("check_ct_resources --format=json", [*resources, "--format=json"], "{"),
        Line("check_ct_resources --ct=ct1", [*resources, "--ct=ct1"], "CT_RESOURCES OK - ct1"),
        Line(
            "check_ct_state",
            [script(folder, "check_ct_state"), *common, "--autostart=running=ok"],
            f"CT_STATE OK - {cts} running",
        ),
        Line(
            "check_ct_pressure",
            [script(folder, "check_ct_pressure"), *common, "--missing=ok"],
            f"CT_PRESSURE {fine}",
        ),
    ]


def script(folder: Path, command: str) -> str:
    path = folder / command
    text = SCRIPT.format(python=sys.executable, packages=str(folder / "packages"), command=command)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def check(line: Line) -> None:
    """A figure for a wrong answer is worth nothing. Keeps a first sample on the way."""
    done = subprocess.run(line.argv, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if not done.stdout.startswith(line.starts) or done.stderr or done.returncode:
        raise SystemExit(f"bench: {line.what}: {done.stdout[:300]} {done.stderr}")


def measure(lines: list[Line], runs: int) -> list[list[Cost]]:
    costs: list[list[Cost]] = [[] for _ in lines]
    for _ in range(runs):
        for line, own in zip(lines, costs):
            own.append(run_once(line.argv))
    return costs


def wall(runs: list[Cost]) -> float:
    return median(run.wall for run in runs)


def shown(line: Line, runs: list[Cost]) -> str:
    walls, cpus = [run.wall for run in runs], [run.cpu for run in runs]
    text = f"  {line.what:<44}" + "".join(
        f"{f'{min(each):.0f} / {median(each):.0f} ms':>20}" for each in (walls, cpus)
    )
    if line.target is None:
        return text
    return f"{text}  (at most {line.target:g}: {'met' if wall(runs) <= line.target else 'MISSED'})"


if __name__ == "__main__":
    sys.exit(main())
