"""Locks that say somebody works on a container, and those that nobody took away again.

    /vz/lock/101.lck                   vzctl: PID, newline, what it does ("stopping")
    /run/lxc/lock/var/lib/lxc/.web1    liblxc: empty, always there; /proc/locks says if it is held
    /var/lib/lxc/web1/partial          lxc-create that did not come to its end
    lock: backup                       Proxmox, in /etc/pve/lxc/101.conf

A PID that lives may be another process by now: one that started after the lock was made is not the
holder. /proc/locks: "1: OFDLCK ADVISORY  WRITE -1 00:1a:1234 0 EOF", device in hex, then the inode.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from ct0.cgroup_files import optional, read_cgroup
from ct0.container import CT
from ct0.containers import boot_time, ticks_per_second
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.process import Process
from ct0.text import entries, plain, read_text, settings

LOCKS = "/run/lxc/lock"
SAME = 2.0  # seconds; start times are as coarse as the time of boot


class Lock(NamedTuple):
    """`held`: by somebody who lives; else it was left behind. Texts are safe to print."""

    engine: str
    ctid: str
    path: str
    doing: str = ""  # what for, where the engine writes that down
    since: float = 0.0  # since the epoch; 0: not known
    pid: int = 0  # of its holder; 0: not known
    held: bool = False


def read_locks(host: Host, cts: list[CT]) -> list[Lock]:
    """Every lock of these CTs; a file that cannot be read has none."""
    held = held_files(host)
    found = openvz_locks(host) if any(ct.engine == "openvz" for ct in cts) else []
    for ct in cts:
        if ct.engine == "lxc" and ct.config.startswith("/"):
            found += lxc_locks(host, ct, held)
        elif ct.engine == "proxmox":
            found += proxmox_locks(host, ct)
    return found


def openvz_locks(host: Host) -> list[Lock]:
    try:
        common = settings(read_text(host.path("/etc/vz/vz.conf")))
    except Unavailable:
        common = {}
    folder = common.get("LOCKDIR") or "/vz/lock"
    found = []
    for name in entries(host.path(folder)):
        if not name.endswith(".lck"):
            continue
        path = f"{folder}/{name}"
        try:
            pid, doing = parse_vzctl_lock(read_text(host.path(path)))
            since = os.stat(host.path(path)).st_mtime
        except (Unavailable, OSError):
            continue  # just released, or hidden from this caller
        held = bool(pid) and has_lived_since(host, pid, since)
        ctid = plain(name[:-4])
        found.append(Lock("openvz", ctid, plain(path), plain(doing, 40), since, pid, held))
    return found


def parse_vzctl_lock(text: str) -> tuple[int, str]:
    """PID and what it does; a PID of 0 for a file that does not say, which vzctl removes."""
    first, _, rest = text.partition("\n")
    pid = int(first) if first.isascii() and first.isdecimal() and len(first) < 11 else 0
    return pid, rest.partition("\n")[0]


def has_lived_since(host: Host, pid: int, since: float) -> bool:
    try:
        with Process(host, pid) as process:
            started = process.stat().starttime / ticks_per_second(host)
    except (OSError, Malformed):
        return False
    return boot_time(host) + started <= since + SAME


def lxc_locks(host: Host, ct: CT, held: set[tuple[int, int]]) -> list[Lock]:
    home = os.path.dirname(ct.config)
    lxcpath, name = os.path.split(home)
    found = []
    path = f"{LOCKS}/{lxcpath.lstrip('/')}/.{name}"
    status = status_of(host.path(path))
    if status is not None and (status.st_dev, status.st_ino) in held:
        found.append(Lock("lxc", plain(ct.ctid), plain(path), held=True))
    partial = f"{home}/partial"
    status = status_of(host.path(partial))
    if status is not None:
        inode = status.st_dev, status.st_ino
        found.append(
            Lock(
                "lxc",
                plain(ct.ctid),
                plain(partial),
                "creating",
                status.st_mtime,
                held=inode in held,
            )
        )
    return found


def status_of(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None  # there is none, or this caller may not look


def proxmox_locks(host: Host, ct: CT) -> list[Lock]:
    """The first section of the configuration; those below are of snapshots. Who set it is not
    written down: the task that did may be at work still."""
    try:
        text = read_text(host.path(ct.config))
        since = os.stat(host.path(ct.config)).st_mtime
    except (Unavailable, OSError):
        return []
    for line in text.split("\n"):
        if line.startswith("["):
            break
        key, colon, value = line.partition(":")
        if colon and key == "lock":
            doing = plain(value.strip(), 40)
            return [Lock("proxmox", plain(ct.ctid), plain(ct.config), doing, since, held=True)]
    return []


def held_files(host: Host) -> set[tuple[int, int]]:
    """(device, inode) of the files that somebody has a lock on."""
    return parse_locks(optional(read_cgroup, f"{host.proc}/locks") or "")


def parse_locks(text: str) -> set[tuple[int, int]]:
    """Lines that do not read as documented are passed over: newer kernels may have other kinds.
    `->` marks one that waits for the lock above it."""
    found = set()
    for line in text.split("\n"):
        words = line.split()
        if "->" in words or len(words) < 8:
            continue
        major, _, rest = words[5].partition(":")
        minor, _, inode = rest.partition(":")
        try:
            found.add((os.makedev(int(major, 16), int(minor, 16)), int(inode)))
        except (ValueError, OverflowError):
            continue
    return found
