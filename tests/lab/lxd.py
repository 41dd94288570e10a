"""LXD: a daemon of the run's own with a `dir` pool; Incus keeps the same layout.

Cgroups are LXC's, /lxc.payload.NAME; a CT in another project than "default" is PROJECT_NAME there.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import attempt, call, clean_environment
from .ct import CT
from .overlay import root_of
from .recipes import app_rootfs
from .run import Run
from .service import service

PRESEED = """\
config: {}
storage_pools:
- {name: default, driver: dir}
profiles:
- name: default
  devices: {root: {path: /, pool: default, type: disk}}
"""
IMAGE = "ct0-lab"


class Lxd:
    """A running LXD that knows the lab's image."""

    def __init__(self, run: Run, folder: Path, pid: int) -> None:
        self.run = run
        self.folder = folder
        self.pid = pid
        # The client finds its server through the environment; env(1) puts it into the command.
        self.command = ["env", f"LXD_DIR={folder}", "lxc"]
        self.places = {"/var/lib/lxd": str(folder)}

    def create(self, name: str) -> None:
        """Define a privileged CT without starting it; no idmap has to be set up for those."""
        full = f"{self.run.prefix}-{name}"
        call([*self.command, "init", IMAGE, full, "-c", "security.privileged=true"])

    def remove(self, name: str) -> None:
        """Kill and remove a CT by its name."""
        attempt([*self.command, "delete", "--force", f"{self.run.prefix}-{name}"])


class LxdCT(CT):
    """A started LXD container."""

    def __init__(self, lxd: Lxd, name: str) -> None:
        self._lxd = lxd
        state = json.loads(call([*lxd.command, "query", f"/1.0/instances/{name}/state"]).stdout)
        enter = [*lxd.command, "exec", "--mode=non-interactive", name, "--"]
        super().__init__("lxd", name, name, int(state["pid"]), enter, lxd.places)

    def stop(self) -> None:
        """Kill the CT; it stays known to LXD."""
        attempt([*self._lxd.command, "stop", "--force", self.name])


@contextmanager
def lxd_engine(run: Run) -> Iterator[Lxd]:
    """An LXD for the run; `lxd_ct` makes CTs in it."""
    folder = run.folder / "lxd"
    folder.mkdir()
    env = {**clean_environment(), "LXD_DIR": str(folder)}
    waitready = ["lxd", "waitready", "--timeout=1"]

    def ready() -> bool:
        return attempt(waitready, env=env).returncode == 0

    log = run.folder / "lxd.log"
    with service(["lxd", "--logfile", f"{log}.engine"], log, ready, env) as pid:
        lxd = Lxd(run, folder, pid)
        call(["lxd", "init", "--preseed"], env=env, input=PRESEED)
        with root_of(run, "lxd-image", app_rootfs()) as root:
            tar = run.folder / "lxd-rootfs.tar"
            call(["tar", "-C", str(root), "-cf", str(tar), "."])
            call([*lxd.command, "image", "import", str(_metadata(run)), str(tar), "--alias", IMAGE])
        yield lxd


@contextmanager
def lxd_ct(lxd: Lxd, name: str = "inst1") -> Iterator[LxdCT]:
    """A running LXD CT."""
    try:
        lxd.create(name)
        call([*lxd.command, "start", f"{lxd.run.prefix}-{name}"])
        yield LxdCT(lxd, f"{lxd.run.prefix}-{name}")
    finally:
        lxd.remove(name)


def _metadata(run: Run) -> Path:
    """The tarball that tells LXD what the other tarball is."""
    text = f"architecture: {os.uname().machine}\ncreation_date: {int(time.time())}\n"
    text += "properties: {os: busybox, release: lab}\n"
    path = run.folder / "lxd-metadata.tar"
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo("metadata.yaml")
        member.size = len(text)
        tar.addfile(member, io.BytesIO(text.encode()))
    return path
