"""The first process of a scene: fills it, measures, and prints what it measured as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench import fill
from bench.cases import Case, cases
from bench.measure import Pair, check, measure
from bench.scene import Scene


def main() -> int:
    order = json.load(sys.stdin)
    scene = Scene(*order["scene"])
    programs = order["programs"]
    # A shim says in syslog whom it left alone; a bench must neither fill the log nor wait for it.
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)

    containers = [start_container(programs, scene, groups) for groups in order["cgroups"]]
    own = scene.own - 1 - len(containers)  # without this process and the containers' parents
    daemons, script = fill.spawn(programs, own)
    fill.settle()
    count, expected = len(fill.pids()), scene.own + scene.containers * scene.each
    if count != expected:
        raise SystemExit(f"bench: {count} processes in the scene, not {expected}")

    results = []
    for case in cases(scene, Path(order["shims"]), Path(programs), order["python"]):
        results.append(measured(case, order["runs"], daemons, [script]))
    record = {"load": os.getloadavg()[0], "results": results}
    json.dump(record, sys.stdout)
    for container in containers:
        container.kill()
    return 0


def start_container(programs: str, scene: Scene, groups: list[str]) -> subprocess.Popen[str]:
    """A nested PID namespace, in its cgroups before its first process starts."""
    shell = 'for group; do echo $$ > "$group/cgroup.procs"; done; shift $#; '
    shell += 'exec unshare --pid --fork --mount-proc --kill-child "$PYTHON" -IS "$FILL"'
    shell += ' "$PROGRAMS" "$EACH"'
    environment = {
        **os.environ,
        "PYTHON": "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable,
        "FILL": fill.__file__,
        "PROGRAMS": programs,
        "EACH": str(scene.each),
    }
    argv = ["sh", "-c", shell, "sh", *groups]
    container = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=environment)
    assert container.stdout is not None
    if container.stdout.readline() != "ready\n":
        raise SystemExit("bench: a container did not start")
    return container


def measured(case: Case, runs: int, daemons: list[int], scripts: list[int]) -> dict[str, Any]:
    wanted = {"daemons": daemons, "script": scripts, "": []}[case.finds]
    check(case, wanted)
    pairs: list[Pair] = measure(case.ours, case.theirs, runs)
    return {"case": case.name, "incumbent": case.incumbent, "target": case.target, "pairs": pairs}


if __name__ == "__main__":
    sys.exit(main())
