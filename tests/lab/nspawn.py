"""systemd-nspawn without machined: a PID namespace in the caller's own cgroup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .command import wait_for
from .ct import CT
from .namespaces import NamespaceCT, child_in_other_namespace
from .overlay import root_of
from .recipes import APP_INIT, SYSVINIT, rootfs
from .run import Run
from .service import service


@contextmanager
def nspawn_ct(run: Run, name: str = "machine1") -> Iterator[CT]:
    """A CT of systemd-nspawn's; PID 1 is a shell, as an unregistered machine's often is."""
    full = f"{run.prefix}-{name}"
    with root_of(run, full, rootfs(SYSVINIT)) as root:
        options = ["--quiet", "--register=no", "--keep-unit", "--private-network"]
        argv = ["systemd-nspawn", *options, "-D", str(root), "-M", full, *APP_INIT]
        log = run.folder / f"{full}.log"
        with service(argv, log, lambda: True) as pid:
            wait_for(f"{full} to run", lambda: child_in_other_namespace(pid) != 0)
            ct = NamespaceCT("nspawn", full, child_in_other_namespace(pid))
            try:
                yield ct
            finally:
                ct.stop()
