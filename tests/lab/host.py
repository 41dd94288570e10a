"""CT0's own daemons, plain and in disguise: chrooted, and with private mounts as PrivateTmp= gives.

They have a CT's interface, and are none: ct0 must count each of them as CT0's own.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .command import wait_for
from .ct import CT
from .overlay import root_of
from .processes import namespace, root_directory
from .recipes import app_rootfs
from .run import Run
from .service import service

PRIVATE_TMP = 'mount -t tmpfs "$0" /tmp && exec sleep 86400'


class HostDaemons(CT):
    """Processes in CT0's PID namespace that share a mount namespace and a root directory."""

    def __init__(self, kind: str, run: Run, enter: Sequence[str], mounts: str, root: Path) -> None:
        super().__init__(kind, "", kind, os.getpid(), enter)
        self._daemon = run.daemon_name
        self._mounts = mounts
        seen = root.stat()
        self._root = (seen.st_dev, seen.st_ino)

    def belongs(self, pid: int) -> bool:
        """By all three: PID namespace, mount namespace and root directory."""
        return (
            super().belongs(pid)
            and namespace(pid, "mnt") == self._mounts
            and root_directory(pid) == self._root
        )

    def stop(self) -> None:
        """Kill the daemons of the run that belong here."""
        for pid in self.pids(self._daemon):
            os.kill(pid, signal.SIGKILL)


@contextmanager
def plain_daemons(run: Run) -> Iterator[HostDaemons]:
    """CT0 as it is; the run's daemon lies in /usr/sbin for as long as the block lasts."""
    run.install_daemon(Path("/"))
    daemons = HostDaemons("host", run, ["env"], namespace("self", "mnt"), Path("/"))
    try:
        yield daemons
    finally:
        daemons.stop()
        Path(run.daemon).unlink(missing_ok=True)


@contextmanager
def chrooted_daemons(run: Run) -> Iterator[HostDaemons]:
    """A chroot, as named or postfix live in one: another root, every namespace CT0's."""
    with root_of(run, f"{run.prefix}-chroot", app_rootfs()) as root:
        mounts = namespace("self", "mnt")
        daemons = HostDaemons("chroot", run, ["chroot", str(root)], mounts, root)
        try:
            yield daemons
        finally:
            daemons.stop()


@contextmanager
def private_mounts_daemons(run: Run) -> Iterator[HostDaemons]:
    """A mount namespace with a /tmp of its own, as PrivateTmp= gives; everything else CT0's.

    Needs `plain_daemons` around it, which installs the daemon on CT0.
    """
    argv = ["unshare", "--mount", "sh", "-c", PRIVATE_TMP, f"{run.prefix}-tmp"]
    with service(argv, run.folder / "private-mounts.log", lambda: True) as pid:
        ours = namespace("self", "mnt")
        wait_for("a mount namespace", lambda: namespace(pid, "mnt") not in ("", ours))
        wait_for("a private /tmp", lambda: f"{run.prefix}-tmp" in _mounts(pid))
        enter = ["nsenter", f"--target={pid}", "--mount", "--"]
        daemons = HostDaemons("private-mounts", run, enter, namespace(pid, "mnt"), Path("/"))
        try:
            yield daemons
        finally:
            daemons.stop()


def _mounts(pid: int) -> str:
    return Path(f"/proc/{pid}/mounts").read_text(encoding="utf-8", errors="replace")
