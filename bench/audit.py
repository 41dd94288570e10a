"""python -m bench.audit: how long `ct0 audit` takes for a whole Debian root, cold and warm.

Cold is without what was judged before (--no-cache), warm the second run with it. Beside them, in
turn and in the same minute, the incumbent: the grep that an administrator would run over the same
folders, which tells neither a comment from a command nor whom it would hit.

    python -m bench.audit                   # this host
    python -m bench.audit --root DIR        # a mounted one, or one the lab has built
    python -m bench.audit --check           # exit 1 if a target is missed

Figures are `least / median` of --runs, in milliseconds of processor time (user and system) and of
time passed. The audit is one process that waits for nobody, so targets are held against the least
processor time, which is the time passed on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

PARTS = Path(__file__).parent.parent
WORDS = "killall|pkill|pidof|pgrep|start-stop-daemon|killproc|kill .*-1|fuser -k|ps .*grep"
FOLDERS = (
    "etc", "usr/bin", "usr/sbin", "usr/lib/systemd", "usr/lib/ocf", "usr/share/acpi-support",
    "var/lib/dpkg/info", "var/spool/cron",
)  # fmt: skip
COLD, WARM = 5000.0, 1000.0  # milliseconds


class Cost(NamedTuple):
    """Of one run: milliseconds of processor time (user and system) and of time passed."""

    cpu: float
    wall: float


def main() -> int:
    options = parser().parse_args()
    root = os.path.realpath(options.root)
    with tempfile.TemporaryDirectory(prefix="ct0-bench-") as cache:
        ours = [
            sys.executable,
            "-m",
            "ct0.cli",
            "--root",
            root,
            "audit",
            "-q",
            "--fail-on",
            "never",
        ]
        ours += ["--format", "json"]
        theirs = ["grep", "-rIE", WORDS, *folders(root)]
        report = audited(ours, cache)
        costs: dict[str, list[Cost]] = {"cold": [], "warm": [], "grep": []}
        run_once([*ours, "--no-cache"], cache)  # the files are in memory then for everybody
        for _ in range(options.runs):
            costs["cold"].append(run_once([*ours, "--no-cache"], cache))
            costs["warm"].append(run_once(ours, cache))
            costs["grep"].append(run_once(theirs, cache))
    load = os.getloadavg()[0]
    busy = ", busy" if load > (os.cpu_count() or 1) else ""
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Linux {platform.release()}")
    print(f"{root}: {report['files']} files read, {len(report['findings'])} findings"
          f" (load {load:.1f}{busy})\n")  # fmt: skip
    print(table(costs), end="")
    missed = [
        name
        for name, target in (("cold", COLD), ("warm", WARM))
        if min(cost.cpu for cost in costs[name]) > target
    ]
    if missed and options.check:
        print(f"\nmissed: {', '.join(missed)}", file=sys.stderr)
        return 1
    return 0


def table(costs: dict[str, list[Cost]]) -> str:
    lines = [f"{'':<6}{'cpu ms':>16}{'wall ms':>16}{'cpu to grep':>15}  target"]
    for name, target in (("cold", COLD), ("warm", WARM), ("grep", None)):
        walls = [cost.wall for cost in costs[name]]
        cpus = [cost.cpu for cost in costs[name]]
        pairs = zip(costs[name], costs["grep"])
        ratio = statistics.median(mine.cpu / theirs.cpu for mine, theirs in pairs)
        said = "" if target is None else f"<= {target:.0f} ms  {met(min(cpus) <= target)}"
        lines.append(f"{name:<6}{pair(cpus):>16}{pair(walls):>16}{ratio:>15.1f}  {said}".rstrip())
    return "\n".join(lines) + "\n"


def pair(figures: list[float]) -> str:
    return f"{min(figures):.0f} / {statistics.median(figures):.0f}"


def met(good: bool) -> str:
    return "met" if good else "MISSED"


def folders(root: str) -> list[str]:
    places = [os.path.join(root, folder) for folder in FOLDERS]
    return [place for place in places if os.path.isdir(place)]


def environment(cache: str) -> dict[str, str]:
    """Root's cache is the host's own; the bench has one of its own, as another user would."""
    paths = os.pathsep.join(str(PARTS / part) for part in ("core", "audit"))
    return {"PATH": os.environ["PATH"], "PYTHONPATH": paths, "CT0_AUDIT_CACHE": f"{cache}/audit"}


def audited(argv: list[str], cache: str) -> dict[str, Any]:
    """The report, by a first run that also fills the cache."""
    done = subprocess.run(argv, env=environment(cache), capture_output=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"bench: ct0 audit: {done.stderr.decode().strip()}")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def run_once(argv: list[str], cache: str) -> Cost:
    """One process and its own account: wait4(2)."""
    begin = time.perf_counter()
    with subprocess.Popen(
        argv, env=environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        usage = os.wait4(process.pid, 0)[2]
        process.returncode = 0
    wall = time.perf_counter() - begin
    return Cost((usage.ru_utime + usage.ru_stime) * 1000, wall * 1000)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.audit",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--root", default="/", metavar="DIR", help="another host's root")
    parser.add_argument("--runs", type=int, default=5, help="of each (%(default)s)")
    parser.add_argument("--check", action="store_true", help="exit 1 if a target is missed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
