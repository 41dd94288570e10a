"""Docker: a dockerd of the run's own, with no bridge and no packet filter rules.

Cgroups are /docker/<64hex>. A CT run with --pid=host shares CT0's PID namespace and is told apart
by its cgroup (and mount namespace) only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import attempt, call
from .ct import CT
from .overlay import root_of
from .processes import cgroups
from .recipes import APP_INIT, app_rootfs
from .run import Run
from .service import service

DOCKER = "/usr/bin/docker"
IMAGE = "ct0-lab"


class Docker:
    """A running dockerd that knows the lab's image."""

    def __init__(self, run: Run, folder: Path, pid: int) -> None:
        self.run = run
        self.folder = folder
        self.pid = pid
        self.command = [DOCKER, "--host", f"unix://{folder}/sock"]
        self.places = {"/var/lib/docker": str(folder / "data")}

    def create(self, name: str, options: tuple[str, ...] = ()) -> str:
        """Create a CT that is not started and return its ID."""
        # The machine's hard limits may be lower than dockerd's defaults, and runc then refuses.
        limits = ["--ulimit", "nofile=1024:1024"]
        argv = [*self.command, "create", "--name", f"{self.run.prefix}-{name}", "--network=none"]
        return call([*argv, *limits, *options, IMAGE, *APP_INIT]).stdout.strip()

    def remove(self, name: str) -> None:
        """Kill and remove a CT by its name."""
        attempt([*self.command, "rm", "--force", f"{self.run.prefix}-{name}"])


class DockerCT(CT):
    """A started Docker container."""

    def __init__(self, docker: Docker, ctid: str, host_pid: bool) -> None:
        seen = json.loads(call([*docker.command, "inspect", ctid]).stdout)[0]
        self._docker = docker
        self._host_pid = host_pid
        super().__init__(
            "docker",
            ctid,
            seen["Name"].lstrip("/"),
            int(seen["State"]["Pid"]),
            [*docker.command, "exec", ctid],
            docker.places,
        )

    def belongs(self, pid: int) -> bool:
        """By PID namespace, and by cgroup where that is CT0's own."""
        return self.ctid in cgroups(pid) if self._host_pid else super().belongs(pid)

    def stop(self) -> None:
        """Kill the CT; it stays known to dockerd."""
        attempt([*self._docker.command, "kill", self.ctid])


@contextmanager
def docker_engine(run: Run) -> Iterator[Docker]:
    """A dockerd for the run; `docker_ct` makes CTs in it."""
    folder = run.folder / "docker"
    folder.mkdir()
    paths = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"]
    paths += ["--pidfile", f"{folder}/pid", "--host", f"unix://{folder}/sock"]
    # Not this machine's /etc/docker/daemon.json: a setting given in both places stops dockerd.
    config = folder / "daemon.json"
    config.write_text("{}\n", encoding="ascii")
    options = [f"--config-file={config}", "--exec-opt=native.cgroupdriver=cgroupfs"]
    network = ["--iptables=false", "--ip6tables=false", "--bridge=none"]
    ask = [DOCKER, "--host", f"unix://{folder}/sock", "info"]
    with service(
        ["dockerd", *options, *paths, *network],
        folder / "log",
        lambda: attempt(ask).returncode == 0,
    ) as pid:
        docker = Docker(run, folder, pid)
        with root_of(run, "docker-image", app_rootfs()) as root:
            tar = folder / "image.tar"
            call(["tar", "-C", str(root), "-cf", str(tar), "."])
            call([*docker.command, "import", str(tar), IMAGE])
        yield docker


@contextmanager
def docker_ct(docker: Docker, name: str = "app1", host_pid: bool = False) -> Iterator[DockerCT]:
    """A Docker CT; with `host_pid` one that shares CT0's PID namespace."""
    try:
        ctid = docker.create(name, ("--pid=host",) if host_pid else ())
        call([*docker.command, "start", ctid])
        yield DockerCT(docker, ctid, host_pid)
    finally:
        docker.remove(name)
