"""The processes of a CT, for the collectors that look at each of them."""

from __future__ import annotations

import os

from ct0.cgroup_files import read_cgroup
from ct0.container import CT
from ct0.errors import Unavailable
from ct0_exporters.scrape import Scrape

# Hierarchies that every process is in, the cheapest to walk first.
PREFERRED = ("", "pids", "memory", "name=systemd", "freezer", "name=container", "ve")


def pids(scrape: Scrape, ct: CT) -> list[int]:
    """PIDs, as CT0 sees them, of all processes in the CT's outer cgroup and below."""
    folders = scrape.cgroups.folders(ct)
    known = [folders[name] for name in PREFERRED if name in folders] or list(folders.values())
    for top in known:
        found: list[int] = []
        for folder, _, _ in os.walk(top):
            try:
                text = read_cgroup(f"{folder}/cgroup.procs")
            except Unavailable:
                continue  # gone, or a threaded cgroup: its processes are listed above it
            found += [int(word) for word in text.split() if word.isdecimal() and word != "0"]
        if found:
            return found
    return []
