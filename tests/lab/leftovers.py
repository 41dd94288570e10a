"""Remove what a killed run left: `python -m lab.leftovers` from tests/, or `make lab-clean`.

Everything of a run is found by its prefix or lies below its folder, and nothing else is touched.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path

from . import cache
from .command import attempt
from .processes import alive, all_pids, cgroups, has_terminal, namespace, start_time

RUN = re.compile(r"ct0[ld]([0-9a-f]{6})")
CGROUPS = Path("/sys/fs/cgroup")


def main(argv: list[str]) -> int:
    """Remove every dead run's leftovers; with --all, those of running ones too."""
    runs = sorted(known_runs())
    if not runs:
        print("nothing left behind")
    for run in runs:
        if owner_is_alive(run) and "--all" not in argv:
            print(f"run {run}: still going, left alone")
            continue
        remove_run(run)
        left = leftovers(run)
        print(f"run {run}: {'removed' if not left else 'could not remove ' + ', '.join(left)}")
        if left:
            return 1
    return 0


def known_runs() -> set[str]:
    """Ids of all runs that have a folder, a mount, a cgroup or a process."""
    runs = cache.folder() / "runs"
    found = {path.name for path in runs.iterdir()} if runs.is_dir() else set()
    text = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    text += "\n".join(str(path) for path in _cgroup_folders("ct0l"))
    text += "\n".join(f"{_cmdline(pid)}{cgroups(pid)}" for pid in all_pids() if pid != os.getpid())
    return found | set(RUN.findall(text))


def owner_is_alive(run: str) -> bool:
    """Whether the process that opened the run still is the one it was."""
    try:
        pid, started = (cache.folder() / "runs" / run / "owner").read_text("ascii").split()
    except (FileNotFoundError, ValueError):
        return False
    return alive(int(pid)) and start_time(int(pid)) == int(started)


def leftovers(run: str) -> list[str]:
    """What is there of a run, in words; empty after remove_run."""
    folder = cache.folder() / "runs" / run
    found = [f"process {pid}" for pid in _processes(run)]
    found += [f"mount {path}" for path in _mounts(run)]
    found += [f"cgroup {path}" for path in _cgroups(run)]
    found += [f"link {name}" for name in _links(run)]
    found += [str(path) for path in (folder, _daemon(run)) if path.exists()]
    return found


def remove_run(run: str) -> None:
    """Kill and remove all of a run: processes, mounts, cgroups, links, files."""
    marked = _cgroups(run)
    deadline = time.monotonic() + 15
    while _processes(run) and time.monotonic() < deadline:
        for pid in _processes(run):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.1)
    for path in _mounts(run):
        attempt(["umount", "--lazy", path])
    for name in _links(run):
        attempt(["ip", "link", "delete", name])
    for top in marked:
        for below, _, _ in os.walk(top, topdown=False):
            _rmdir(Path(below))
    _daemon(run).unlink(missing_ok=True)
    folder = cache.folder() / "runs" / run
    if folder.exists() and not _mounts(run):
        shutil.rmtree(folder, ignore_errors=True)


def _processes(run: str) -> list[int]:
    """Processes named after the run in their command line or cgroup, and those whose root is one of
    the run's mounts: a bare namespace has no name at all, and a Docker CT with --pid=host, left by
    a dockerd that was killed, has only its ID.

    Seeing such a mount somewhere below is no mark: every namespace made meanwhile, by another test
    or by the machine's owner, has a copy of it."""
    word = re.compile(rf"ct0[ld]{run}|/runs/{run}\b")
    mine = namespace("self", "mnt")
    found = []
    for pid in all_pids():
        if pid == os.getpid() or not alive(pid) or has_terminal(pid):
            continue  # an editor or a pager on the run's files is not the run's
        text = _cmdline(pid) + cgroups(pid)
        if namespace(pid, "mnt") != mine:
            text += _root_mount(pid)
        if word.search(text):
            found.append(pid)
    return found


def _mounts(run: str) -> list[str]:
    """Mount points of the run, the innermost first."""
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    found = [line.split()[1] for line in lines if f"ct0l{run}" in line or f"/runs/{run}/" in line]
    return [path.replace("\\040", " ") for path in reversed(found)]


def _cgroups(run: str) -> list[Path]:
    """Cgroups named after the run, and those numbered ones its folder lists (Proxmox's CTIDs)."""
    found = _cgroup_folders(f"ct0l{run}")
    numbers = cache.folder() / "runs" / run / "pve-lxc"
    for ctid in numbers.iterdir() if numbers.is_dir() else ():
        for hierarchy in CGROUPS.iterdir():
            pair = (hierarchy / "lxc" / ctid.name, hierarchy / "lxc.monitor" / ctid.name)
            found += [path for path in pair if path.is_dir()]
    return found


def _cgroup_folders(word: str) -> list[Path]:
    """The outermost cgroups, in every hierarchy, with `word` in their name."""
    found: list[Path] = []
    for top, folders, _ in os.walk(CGROUPS):
        for name in [name for name in folders if word in name]:
            found.append(Path(top) / name)
            folders.remove(name)
    return found


def _links(run: str) -> list[str]:
    return [name for name in os.listdir("/sys/class/net") if run in name]


def _daemon(run: str) -> Path:
    return Path(f"/usr/sbin/ct0d{run}")


def _cmdline(pid: int) -> str:
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _root_mount(pid: int) -> str:
    """What is mounted on the process's "/", as mountinfo says it."""
    try:
        text = Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        # ENOENT, ESRCH: gone. EINVAL: the process is ending and has no mount namespace any more.
        return ""
    return "\n".join([line for line in text.splitlines() if line.split()[4:5] == ["/"]])


def _rmdir(path: Path) -> None:
    try:
        path.rmdir()
    except OSError:
        # EBUSY: a process of it is still on its way out; leftovers() reports the cgroup.
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
