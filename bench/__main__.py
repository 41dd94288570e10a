"""python -m bench: what our commands cost beside the incumbents, in the same minute and place.

Each pair of figures is `least / median`: milliseconds of processor time, user and system. Ratios
are ours to theirs, taken pair by pair of runs that followed one another.
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
from pathlib import Path
from typing import Any

from bench import fill
from bench.delivered import lay_out
from bench.installed import install_checks
from bench.scene import SCENES, Scene, container_cgroups, run_inside
from bench.table import Line, table

INCUMBENTS = ("sysvinit-utils", "procps", "psmisc", "monitoring-plugins-basic")


def main() -> int:
    options = parser().parse_args()
    chosen = [scene for scene in SCENES if scene.name in (options.scene or [scene.name])]
    missed: list[str] = []
    measured_by_scene: dict[str, Any] = {}
    heading = facts(options.python)
    print("\n".join(heading))
    with tempfile.TemporaryDirectory(prefix="ct0-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        shims = lay_out(folder, options.python)
        install_checks(folder, options.python)
        programs = folder / "programs"
        programs.mkdir()
        fill.make_programs(str(programs))
        for scene in chosen:
            measured = play(scene, shims, programs, options)
            lines = [Line(result) for result in measured["results"]]
            busy = measured["load"] > (os.cpu_count() or 1)
            print(f"\n{scene.words} (load {measured['load']:.1f}{', busy' if busy else ''})\n")
            print(table(lines), end="", flush=True)
            missed += [f"{scene.name}: {line.case}" for line in lines if line.met is False]
            measured_by_scene[scene.name] = measured
    if options.json:
        record = {"facts": heading, "scenes": measured_by_scene}
        Path(options.json).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if options.check and missed:
        print(f"\nmissed: {'; '.join(missed)}", file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [scene.name for scene in SCENES]
    parser.add_argument("--scene", action="append", choices=names, help="this one only; repeatable")
    parser.add_argument("--runs", type=int, default=21, help="pairs of each case (%(default)s)")
    parser.add_argument(
        "--python", default="/usr/bin/python3", help="what runs the shims (%(default)s)"
    )
    parser.add_argument("--json", metavar="FILE", help="write every single run to FILE")
    parser.add_argument("--check", action="store_true", help="exit 1 if a target is missed")
    return parser


def play(scene: Scene, shims: Path, programs: Path, options: argparse.Namespace) -> dict[str, Any]:
    with container_cgroups(scene) as cgroups:
        return run_inside(
            {
                "scene": scene,
                "cgroups": cgroups,
                "shims": str(shims),
                "programs": str(programs),
                "python": options.python,
                "runs": options.runs,
            }
        )


def facts(python: str) -> list[str]:
    """Where and against what it was measured."""
    version = output([python, "-c", "import platform; print(platform.python_version())"])
    asked = ["dpkg-query", "--show", "--showformat=${Package} ${Version}\n", *INCUMBENTS]
    incumbents = output(asked).replace("\n", ", ") or "incumbents of unknown versions"
    return [
        time.strftime("%Y-%m-%d") + f", {os.cpu_count()} cores, Linux {platform.release()}",
        f"shims by {python} ({version}) against {incumbents}",
    ]


def output(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
