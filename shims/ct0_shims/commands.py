"""The commands, and with which exit status each one's incumbent says it could not work at all."""

from __future__ import annotations

COMMANDS = {
    "pidof": 1,
    "pgrep": 3,
    "pkill": 3,
    "killall": 1,
    "killall5": 1,
    "killproc": 1,
    "checkproc": 102,
    "pidofproc": 102,
    "startproc": 1,
    "ct0-pids": 7,
}

# What `ct0 shims` does, and the one file under its own name: ct0_shims.delivery.manage.
MANAGED = ("install", "check", "remove", "divert", "undivert", "status", "build", "sources")
