"""A host whose containers' names were chosen to break whoever writes them down."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import planted

# As LXC has them: names of folders, so no "/" and at most 255 bytes.
LXC = (
    "semi;colon # not a comment",
    "quote'quote\"`id`",
    "dollar$USER1$ $(reboot) !1!",
    "brace}\n\ndefine host {\n  host_name evil\n}",
    "command[evil]=reboot\ncommand[x]",
    "pipe|in<html>&amp;",
    "back\\slash\\",
    "new\nline\ttab\x1b[31m\x7f",
    "-rf",
    "ünïcödé \u202egnp.exe",
    "a" * 255,
    ";" * 255,
    "\U0001f600" * 63,
    "with space ",
    "{name} {ct0} %s %(prog)s",
    "ct0",  # CT0's own name
    "docker.0123456789ab",  # as the label of another's
)
# As Docker's files may have them: any text at all.
DOCKER = (
    "x" * 300,
    "web1",
    "web1",
    "a/../../b",
    "*/ object Host {",
    "'; define host {",
    "",
    "nul\0nul",
)


def plant(root: Path) -> Path:
    """Write the host below `root`; returns it."""
    planted.process(root, 1, "init", cgroup="0::/init.scope\n", nspid="1")
    for name in ("stat", "meminfo", "loadavg", "uptime"):
        shutil.copyfile(planted.HOSTS / "openvz6/proc" / name, root / "proc" / name)
    (root / "etc").mkdir()
    (root / "etc/hostname").write_text("ct0\n")
    for name in LXC:
        folder = root / "var/lib/lxc" / name
        folder.mkdir(parents=True)
        (folder / "config").write_text("lxc.rootfs.path = dir:/srv/x\n")
    for number, name in enumerate(DOCKER):
        folder = root / f"var/lib/docker/containers/{number:064x}"
        folder.mkdir(parents=True)
        record = {"State": {"Pid": 0}, "Name": name, "Driver": "overlay2"}
        (folder / "config.v2.json").write_text(json.dumps(record))
    return root
