"""The process tables that are measured on: private PID namespaces with a /proc of their own.

The scene's first process is a copy of this program (`inside.py`). When it ends, however it ends,
the kernel kills whatever else is in the namespace, containers included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Scene(NamedTuple):
    name: str
    words: str
    own: int  # CT0's own processes, without the command that is measured
    containers: int = 0
    each: int = 0  # processes in each container


SCENES = (
    Scene("small", "200 processes, all CT0's", 200),
    Scene("large", "5,000 processes, all CT0's", 5000),
    Scene("containers", "200 processes of CT0's, 4,800 in 8 containers", 200, 8, 600),
)


def run_inside(order: dict[str, Any]) -> dict[str, Any]:
    """Have `bench.inside` carry out the order in a new PID namespace; returns what it measured."""
    namespaces = ["--pid", "--fork", "--mount-proc", "--kill-child"]
    if os.geteuid() != 0:
        namespaces += ["--user", "--map-root-user"]
    argv = ["unshare", *namespaces, sys.executable, "-m", "bench.inside"]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run(
        argv,
        input=json.dumps(order),
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"bench: the scene {order['scene'][0]} failed (exit {done.returncode})")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


@contextmanager
def container_cgroups(scene: Scene) -> Iterator[list[list[str]]]:
    """For each container the cgroups it is to be in, named as LXC names them.

    In every hierarchy that may be written to; none for a caller who is not root. They are removed
    when the processes in them are gone.
    """
    name = f"lxc.payload.bench{os.getpid()}-"  # two benches at once do not meet
    made = [
        [path for top in hierarchies() if make_group(path := f"{top}/{name}{number}")]
        for number in range(1, scene.containers + 1)
    ]
    try:
        yield made
    finally:
        for path in [path for paths in made for path in paths]:
            remove_group(path)


def hierarchies() -> list[str]:
    """Mount points of the cgroup hierarchies; cpuset of version 1 needs more than a mkdir."""
    with open("/proc/mounts", encoding="utf-8", errors="surrogateescape") as file:
        mounts = [line.split(" ") for line in file]
    return [
        words[1]
        for words in mounts
        if words[2] == "cgroup2" or (words[2] == "cgroup" and "cpuset" not in words[3].split(","))
    ]


def make_group(path: str) -> bool:
    try:
        os.mkdir(path)
    except OSError:
        return False  # not root, read-only, or another run's: then without
    return True


def remove_group(path: str) -> None:
    for _ in range(100):
        try:
            os.rmdir(path)
            return
        except OSError:
            time.sleep(0.05)  # EBUSY: the kernel has not reaped the last of them yet
    print(f"bench: {path} could not be removed", file=sys.stderr)
