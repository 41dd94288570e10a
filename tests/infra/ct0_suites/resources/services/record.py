"""One service, as its init system and its processes tell of it."""

from __future__ import annotations

from typing import NamedTuple

SYSTEMD, SYSV, OPENRC = "systemd", "sysv", "openrc"
INITS = (SYSTEMD, SYSV, OPENRC)


class Service(NamedTuple):
    """`running` and `enabled` are None where that cannot be told; `state` and `enabling` then say
    why, and else what is."""

    name: str
    init: str  # of INITS
    exists: bool
    running: bool | None
    state: str
    enabled: bool | None  # whether the next boot starts it
    enabling: str = ""
    masked: bool = False
    script: str = ""  # the init script behind it
    pid: int | None = None  # of a pidfile that a script wrote
    pidfile: str = ""
