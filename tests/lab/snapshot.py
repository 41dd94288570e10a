"""Copies a running host into a folder of plain files; runs on that host, on its own Python.

`python3 snapshot.py OUT PID,PID,... GLOB...`: of each process status, stat, comm, cmdline and
cgroup; its links (exe, root, cwd, ns/*) and every other symbolic link as text files that hold the
target. Imports nothing of the lab's.
"""

from __future__ import annotations

import glob
import os
import sys

FILES = ("status", "stat", "comm", "cmdline", "cgroup")
LINKS = ("exe", "root", "cwd", "ns/pid", "ns/mnt", "ns/user")
WHOLE = ("/proc/stat", "/proc/uptime", "/proc/mounts")
LARGEST = 65536


def main(argv: list[str]) -> int:
    """See the module's text."""
    out, pids, *patterns = argv
    for pid in pids.split(","):
        for name in FILES:
            _copy(out, f"/proc/{pid}/{name}")
        for name in LINKS:
            _write(out, f"/proc/{pid}/{name}", os.readlink(f"/proc/{pid}/{name}").encode())
    for path in WHOLE:
        _copy(out, path)
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            if os.path.islink(path):
                _write(out, path, os.readlink(path).encode())
            elif os.path.isfile(path):
                _copy(out, path)
    return 0


def _copy(out: str, path: str) -> None:
    with open(path, "rb") as file:
        _write(out, path, file.read(LARGEST))


def _write(out: str, path: str, data: bytes) -> None:
    place = out + path
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
