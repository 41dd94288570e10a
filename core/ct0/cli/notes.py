"""What the reader of a listing should know about its limits; on standard error."""

from __future__ import annotations

import os
import sys

from ct0.hidepid import hidepid
from ct0.host import Host


def rights(host: Host, command: str) -> None:
    """Say what this caller cannot see, instead of showing less without a word."""
    if not host.live or os.geteuid() == 0:
        return
    hidden = hidepid(host)
    if hidden:
        print(
            f"ct0 {command}: /proc is mounted with {hidden}: other users' processes are hidden",
            file=sys.stderr,
        )
    if command == "list":
        print(
            "ct0 list: not root: names and stopped containers of some engines may be missing",
            file=sys.stderr,
        )
