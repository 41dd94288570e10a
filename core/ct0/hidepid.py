"""Whether this caller is shown all processes: proc(5), the mount options hidepid and gid.

proc /proc proc rw,relatime,hidepid=2,gid=111 0 0
"""

from __future__ import annotations

from ct0.errors import Unavailable
from ct0.host import Host
from ct0.text import read_text


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
