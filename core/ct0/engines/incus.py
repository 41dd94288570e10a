"""Incus and LXD: LXC underneath, so the cgroup marks are LXC's."""

from __future__ import annotations

from ct0.engines.mark import Mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ct0.container import CT
    from ct0.host import Host


def payload(controllers: str, parts: list[str]) -> Mark | None:
    return None  # lxc.payload finds them; which engine it is, their configuration tells


FOLDERS = (
    "/var/lib/incus/containers",
    "/var/lib/lxd/containers",
    "/var/snap/lxd/common/lxd/containers",
)


def configured(host: Host, commands: list[list[str]]) -> Iterator[CT]:
    """Every name in the `containers` folder; another project's is PROJECT_NAME there, and no
    instance's own name has an underscore."""
    import os

    from ct0.container import CT
    from ct0.engines.lxc import monitored
    from ct0.text import entries

    known = [folder for folder in FOLDERS if os.path.isdir(host.path(folder))]
    others = [path for path in monitored(commands) if path.endswith("/containers")]
    for folder in known + [path for path in others if path not in known]:
        for name in entries(host.path(folder)):
            here = f"{folder}/{name}"
            called = name.rpartition("_")[2]
            yield CT("incus", name, called, config=f"{here}/backup.yaml", root=f"{here}/rootfs")
