"""Podman with runc, without a daemon; its storage is the run's own.

Cgroups are /libpod_parent/libpod-<64hex>, conmon's (CT0's own process) /libpod_parent/conmon or the
caller's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import attempt, call
from .ct import CT
from .overlay import root_of
from .recipes import APP_INIT, app_rootfs
from .run import Run


class PodmanCT(CT):
    """A started Podman container."""

    def __init__(self, command: list[str], folder: Path, name: str) -> None:
        self._command = command
        seen = json.loads(call([*command, "inspect", name]).stdout)[0]
        super().__init__(
            "podman",
            seen["Id"],
            name,
            int(seen["State"]["Pid"]),
            [*command, "exec", name],
            {
                "/var/lib/containers/storage": str(folder / "storage"),
                "/run/containers/storage": str(folder / "run"),
            },
        )

    def stop(self) -> None:
        """Kill the CT; it stays known to podman."""
        attempt([*self._command, "kill", self.name])


def podman_command(folder: Path) -> list[str]:
    """podman with its storage in `folder`; crun refuses hybrid cgroups, hence runc."""
    paths = [f"--root={folder}/storage", f"--runroot={folder}/run", f"--tmpdir={folder}/tmp"]
    return [
        "podman",
        *paths,
        "--runtime=runc",
        "--cgroup-manager=cgroupfs",
        "--events-backend=file",
    ]


def create(command: list[str], name: str, root: Path) -> None:
    """Define a CT without starting it."""
    options = ["--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"]
    call([*command, "create", f"--name={name}", *options, "--rootfs", str(root), *APP_INIT])


@contextmanager
def podman_ct(run: Run, name: str = "pod1") -> Iterator[PodmanCT]:
    """A Podman CT on a root file system of its own."""
    folder = run.folder / "podman"
    folder.mkdir(exist_ok=True)
    command = podman_command(folder)
    full = f"{run.prefix}-{name}"
    with root_of(run, full, app_rootfs()) as root:
        try:
            create(command, full, root)
            call([*command, "start", full])
            yield PodmanCT(command, folder, full)
        finally:
            attempt([*command, "rm", "--force", "--time=0", full])
