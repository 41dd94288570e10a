"""Recorded hosts (tests/hosts/) made into folders that read like the real thing.

In the repository a link of /proc is a text file that holds the link's target: a `root` or `cwd`
link to "/" would lead every tool that follows links out of the checkout. Here they become links.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

HOSTS = Path(__file__).parent / "hosts"
LINKS = ("exe", "root", "cwd")


def plant(host: str, target: Path) -> Path:
    """Copy tests/hosts/HOST to `target` and make its links real; returns `target`."""
    shutil.copytree(HOSTS / host, target)
    proc = target / "proc"
    for process in proc.iterdir() if proc.is_dir() else ():
        if not process.name.isdigit():
            continue
        links = [process / name for name in LINKS]
        if (process / "ns").is_dir():
            links += list((process / "ns").iterdir())
        for link in links:
            if link.is_file():
                goal = link.read_text()
                link.unlink()
                if goal:
                    os.symlink(goal, link)
    names = target / "etc/vz/names"
    for name in names.iterdir() if names.is_dir() else ():
        goal = name.read_text().strip()
        name.unlink()
        os.symlink(goal, name)
    return target


def process(
    host: Path,
    pid: int,
    comm: str = "sleep",
    *,
    cmdline: bytes | None = None,
    exe: str | None = "/usr/bin/sleep",
    state: str = "S",
    ppid: int = 1,
    uid: int = 0,
    cgroup: str = "0::/system.slice/x.service\n",
    nspid: str | None = None,
    namespace: str | None = "pid:[4026531836]",
    env_id: str | None = None,
    starttime: int = 100,
    pgrp: int | None = None,
    session: int | None = None,
    tty_nr: int = 0,
) -> Path:
    """Write one /proc/PID of a made-up host; None leaves a line, link or file out."""
    folder = host / "proc" / str(pid)
    (folder / "ns").mkdir(parents=True, exist_ok=True)
    group, leader = pgrp or pid, session or pid
    raw = os.fsencode(comm)
    tail = (
        f"{state} {ppid} {group} {leader} {tty_nr} -1 4202496 0 0 0 0 0 0 0 0 20 0 1 0 {starttime}"
    )
    (folder / "stat").write_bytes(b"%d (%b) " % (pid, raw) + tail.encode() + b" 0" * 30 + b"\n")
    (folder / "comm").write_bytes(raw + b"\n")
    if cmdline is None:
        cmdline = b"" if state == "Z" or exe is None else exe.encode() + b"\x0086400\0"
    (folder / "cmdline").write_bytes(cmdline)
    (folder / "cgroup").write_text(cgroup)
    name = raw.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
    lines = [
        b"Name:\t" + name,
        b"State:\t" + state.encode(),
        b"Pid:\t%d" % pid,
        b"PPid:\t%d" % ppid,
    ]
    lines += [b"Uid:\t" + b"\t".join([b"%d" % uid] * 4), b"Gid:\t" + b"\t".join([b"%d" % uid] * 4)]
    if env_id is not None:
        lines.append(b"envID:\t" + env_id.encode())
    if nspid is not None:
        lines.append(b"NSpid:\t" + nspid.encode())
    (folder / "status").write_bytes(b"\n".join(lines) + b"\n")
    for link, goal in (("exe", exe), ("ns/pid", namespace)):
        if goal is not None:
            os.symlink(goal, folder / link)
    return folder
