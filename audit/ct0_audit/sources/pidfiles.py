"""PID files whose number is another's now, by the live process table.

    /run/foo.pid: 4711      and 4711 is nginx of container 101

Files that container managers keep for their own containers are theirs to have a container's PID in.
"""

from __future__ import annotations

import re

from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.owner import CONTAINER, Ownership
from ct0.process import Process
from ct0_audit import files
from ct0_audit.records import MISCOUNTS, NotRead, Selector
from ct0_audit.sources.lines import Line, direct
from ct0_audit.sources.scripts import Found

KIND = "pidfile"

FOLDER = "/run"
NUMBER = re.compile(r"\s*(\d{1,10})\b")
OF_MANAGERS = re.compile(
    r"/(containerd|docker|runc|crun|crio|libpod|podman|containers|lxc|lxd|incus|libvirt|systemd"
    r"|user|netns|vz|vzctl|buildah|conmon|k3s|kubernetes|qemu-server|pve\w*)(/|$|[-.])"
)
LARGEST = 4096


def read(host: Host) -> Found:
    try:
        ownership = Ownership(host)
    except (Unavailable, Malformed, OSError):
        return  # a mounted disk has no processes, and nothing is claimed of them
    for entry in files.walk(host, FOLDER, 3):
        if isinstance(entry, files.Unreadable):
            continue  # /run has folders of all users' own; what is no PID file matters nothing
        if not entry.path.endswith(".pid") or OF_MANAGERS.search(entry.path):
            continue
        try:
            text = files.text(host, entry.path, LARGEST)
        except files.Absent:
            continue
        except files.Unreadable as reason:
            yield NotRead(entry.path, reason.reason)
            continue
        number = NUMBER.match(text)
        if number:
            yield from _judge(host, ownership, entry.real, int(number[1]), text)


def _judge(host: Host, ownership: Ownership, path: str, pid: int, text: str) -> Found:
    line = Line(1, text.split("\n")[0])
    try:
        with Process(host, pid) as process:
            owner = ownership.owner(process)
            if owner.kind != CONTAINER:
                return
            whose = f"{owner.engine} container {owner.ctid}"
            detail = f"{pid} is now a process of {whose}: who signals by this file signals it"
            yield direct(line, "CT110", detail, path, KIND, Selector("pidfile", (path,)))
    except (ProcessLookupError, FileNotFoundError):
        detail = (
            f"no process has the number {pid}: it goes to whoever starts next, in any container"
        )
        yield direct(line, "CT110", detail, path, KIND, severity=MISCOUNTS)
    except (PermissionError, Malformed, Unavailable):
        yield NotRead(path, f"whose process {pid} is cannot be told")
