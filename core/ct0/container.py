"""One container as its host knows it."""

from __future__ import annotations

from typing import NamedTuple

RUNNING, FROZEN, STOPPED, SUSPENDED, MOUNTED = (
    "running",
    "frozen",
    "stopped",
    "suspended",
    "mounted",
)


class CT(NamedTuple):
    """What is not known is "" (texts), 0 (init_pid, started) or {} (cgroups).

    Names and paths may come from inside a container or from its owner: they are not safe to print
    raw (`ct0.text.plain`).
    """

    engine: str
    ctid: str  # as the engine writes it: 101, a UUID, web1, 64 hex digits
    name: str = ""  # what people call it
    state: str = STOPPED
    init_pid: int = 0  # PID of its init as CT0 sees it
    processes: int = 0
    started: float = 0.0  # seconds since the epoch
    config: str = ""  # path of its configuration on CT0
    root: str = ""  # path of its root directory, or what its configuration says of it
    cgroups: dict[str, str] = {}  # noqa: RUF012 - controllers ("" is version 2) -> its outer cgroup
    shares_pids: bool = False  # its processes are in CT0's PID namespace (--pid=host)
    autostart: bool | None = None  # whether its engine starts it at boot; None: not known

    @property
    def cgroup(self) -> str:
        """The outer cgroup worth showing: version 2's, else memory's, else any; "" if none."""
        paths = {key: path for key, path in self.cgroups.items() if path != "/"}
        return paths.get("") or paths.get("memory") or next(iter(paths.values()), "")
