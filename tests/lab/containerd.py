"""containerd alone, its CTs made by `ctr run --rootfs`: cgroups are /NAMESPACE/ID."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import SYSTEM_PATH, LabError, attempt, call
from .ct import CT
from .overlay import root_of
from .recipes import APP_INIT, app_rootfs
from .run import Run
from .service import service

NAMESPACE = "default"
# Without it `ctr task exec` finds no command.
ENVIRONMENT = f"--env=PATH={SYSTEM_PATH}"


class Containerd:
    """A running containerd of the run's own."""

    def __init__(self, run: Run, folder: Path, pid: int) -> None:
        self.run = run
        self.pid = pid
        self.command = ["ctr", "--address", f"{folder}/sock", "--namespace", NAMESPACE]
        self.places = {
            "/var/lib/containerd": str(folder / "root"),
            "/run/containerd": str(folder / "state"),
        }


class ContainerdCT(CT):
    """A task of containerd's."""

    def __init__(self, containerd: Containerd, name: str) -> None:
        self._command = containerd.command
        super().__init__(
            "containerd",
            name,
            name,
            _task_pid(containerd, name),
            [*containerd.command, "task", "exec", "--exec-id=lab", name],
            containerd.places,
        )

    def stop(self) -> None:
        """Kill the task; the container stays known to containerd."""
        attempt([*self._command, "task", "kill", "--signal=KILL", self.name])


@contextmanager
def containerd_engine(run: Run) -> Iterator[Containerd]:
    """A containerd for the run; `containerd_ct` makes CTs in it."""
    folder = run.folder / "containerd"
    folder.mkdir()
    paths = ["--root", f"{folder}/root", "--state", f"{folder}/state"]
    config = folder / "config.toml"
    # CRI wants a network plugin's configuration and is not needed by ctr.
    config.write_text(
        'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n', encoding="ascii"
    )
    argv = ["containerd", "--config", str(config), "--address", f"{folder}/sock", *paths]
    ask = ["ctr", "--address", f"{folder}/sock", "version"]
    with service(argv, folder / "log", lambda: attempt(ask).returncode == 0) as pid:
        yield Containerd(run, folder, pid)


@contextmanager
def containerd_ct(containerd: Containerd, name: str = "task1") -> Iterator[ContainerdCT]:
    """A containerd CT on a root file system of its own."""
    full = f"{containerd.run.prefix}-{name}"
    with root_of(containerd.run, full, app_rootfs()) as root:
        try:
            run = [*containerd.command, "run", "--detach", ENVIRONMENT, "--rootfs", str(root), full]
            call([*run, *APP_INIT])
            yield ContainerdCT(containerd, full)
        finally:
            remove(containerd, full)


def remove(containerd: Containerd, name: str) -> None:
    """Kill the task and forget the container."""
    attempt([*containerd.command, "task", "rm", "--force", name])
    attempt([*containerd.command, "container", "rm", name])


def create(containerd: Containerd, name: str, root: Path) -> None:
    """Define a container without a task."""
    call(
        [
            *containerd.command,
            "container",
            "create",
            ENVIRONMENT,
            "--rootfs",
            str(root),
            name,
            *APP_INIT,
        ]
    )


def _task_pid(containerd: Containerd, name: str) -> int:
    for line in call([*containerd.command, "task", "ls"]).stdout.splitlines():
        words = line.split()
        if words[:1] == [name]:
            return int(words[1])
    raise LabError(f"ctr task ls: does not list {name}")
