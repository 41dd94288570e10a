"""A CT that no engine knows: a bare PID namespace, as unshare(1) makes one."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from .command import call, wait_for
from .ct import CT
from .overlay import root_of
from .processes import alive, all_pids, namespace
from .recipes import APP_INIT, app_rootfs
from .run import Run
from .service import service

# The engine's own pivot_root, by hand; with it /proc/PID/root reads "/" from CT0.
PIVOT = """\
mount --bind "$1" "$1" && cd "$1" && mkdir -p old && pivot_root . old && cd / || exit 1
mount -t proc proc /proc && umount -l /old || exit 1
shift
exec "$@"
"""


class NamespaceCT(CT):
    """Entered by nsenter through its first process."""

    def __init__(self, engine: str, name: str, init: int) -> None:
        enter = ["nsenter", f"--target={init}", "--all", "--root", "--wdns=/", "--"]
        super().__init__(engine, name, name, init, enter)

    def stop(self) -> None:
        """Kill its first process; the kernel kills the rest."""
        if alive(self.init) and self.belongs(self.init):
            os.kill(self.init, signal.SIGKILL)


@contextmanager
def bare_ct(run: Run, name: str = "bare1") -> Iterator[CT]:
    """A PID namespace with a pivoted root and no cgroup of its own: a sandbox to any engine."""
    full = f"{run.prefix}-{name}"
    with root_of(run, full, app_rootfs()) as root:
        call(["mkdir", "-p", str(root / "old")])
        kinds = ["--pid", "--fork", "--kill-child", "--mount", "--uts", "--ipc", "--net"]
        argv = ["unshare", *kinds, "sh", "-c", PIVOT, full, str(root), *APP_INIT]
        with service(argv, run.folder / f"{full}.log", lambda: True) as pid:
            wait_for(f"{full} to run", lambda: _pivoted(child_in_other_namespace(pid)))
            ct = NamespaceCT("unshare", full, child_in_other_namespace(pid))
            try:
                yield ct
            finally:
                # unshare(1) ignores SIGTERM while it waits for its child.
                ct.stop()


def child_in_other_namespace(parent: int) -> int:
    """PID of the first descendant that has a PID namespace of its own; 0 when there is none yet."""
    outside = namespace(parent)
    family = {parent}
    for pid in sorted(all_pids()):
        if _parent(pid) in family:
            family.add(pid)
            if alive(pid) and namespace(pid) not in ("", outside):
                return pid
    return 0


def _pivoted(pid: int) -> bool:
    if not pid:
        return False
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8") as file:
            return "trap" in file.read().split("\0")[2][:4]
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return False


def _parent(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0
