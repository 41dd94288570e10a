"""keepalived: scripts that decide who holds an address, and processes that it counts itself.

    vrrp_script chk_haproxy {
        script "killall -0 haproxy"
        interval 2
    }
    vrrp_track_process track_nginx {
        process nginx
    }

keepalived.conf(5). Since 2.0 a script is split into words and run without a shell; the
notifications of a state (notify_master and others) are as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Direct, Selector, Snippet
from ct0_audit.sources.lines import command, direct, without_comments
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "keepalived"

SCRIPT = re.compile(r"\s*(script|misc_path|notify\w*|quorum_up|quorum_down)\s+(?=\S)")
TRACK = re.compile(r"\s*vrrp_track_process\s+(\S+)\s*\{?")
PROCESS = re.compile(r"(?:^|\{)\s*(process|exec)\s+(.+?)\s*\}?\s*$")
BESIDE = re.compile(r"\s+[{}]?\s*$|\s+[!#].*$")


def read(host: Host) -> Found:
    wanted = [
        "/etc/keepalived/keepalived.conf",
        *paths_in(host, "/etc/keepalived", depth=2, ends=(".conf",)),
    ]
    yield from configured(host, wanted, parse_keepalived)


def parse_keepalived(text: str, path: str) -> Iterator[Snippet | Direct]:
    """Scripts, and the processes of vrrp_track_process blocks."""
    track = ""
    for line in without_comments(text, "#!"):
        script = SCRIPT.match(line.text)
        if script:
            words = line.part(script.end())
            words = words.part(0, len(BESIDE.sub("", words.text))).stripped().unquoted()
            if words.text not in ("", "{"):
                yield command(words, path, KIND, f"{script[1]} of keepalived")
        tracked = TRACK.match(line.text)
        if tracked:
            track = tracked[1]
        process = PROCESS.search(line.text) if track else None
        if process:
            name = process[2].strip("\"' ").split()[0]
            detail = f"keepalived counts every process named {name!r}"
            selector = Selector("comm", (name.rpartition("/")[2],))
            yield direct(line, "CT102", detail, path, KIND, selector)
        if line.text.rstrip().endswith("}"):
            track = ""
