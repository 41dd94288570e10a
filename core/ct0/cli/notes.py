"""What the reader of a listing should know about its limits; on standard error."""

from __future__ import annotations

import os
import sys

from ct0.errors import Unavailable
from ct0.host import Host
from ct0.text import read_text


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


def hidepid(host: Host) -> str:
    """`hidepid=2` or the like if /proc is mounted so, else ""."""
    try:
        lines = read_text(f"{host.proc}/mounts").split("\n")
    except Unavailable:
        return ""
    for words in map(str.split, lines):
        if len(words) > 3 and words[1] == "/proc" and words[2] == "proc":
            for option in words[3].split(","):
                if option.startswith("hidepid=") and option not in ("hidepid=0", "hidepid=off"):
                    return option
    return ""
