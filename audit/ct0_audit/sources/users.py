"""What runs when a user is removed, or logs in and out.

    USERDEL_CMD     /usr/sbin/userdel_local        login.defs(5), called with the user's name
    session optional pam_exec.so /usr/local/sbin/kill-rest.sh

and adduser's /usr/local/sbin/deluser.local, shadow's /etc/shadow-maint. deluser.conf itself and
logind's KillUserProcesses= name no command: logind ends the session's own cgroup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Snippet
from ct0_audit.sources.lines import command, without_comments
from ct0_audit.sources.scripts import Found, configured, folders, named, paths_in

KIND = "users"

HOOKS = tuple(
    f"/etc/shadow-maint/user{what}-{when}.d" for what in ("add", "del") for when in ("pre", "post")
)
SCRIPTS = (
    "/usr/local/sbin/deluser.local",
    "/usr/local/sbin/adduser.local",
    "/usr/sbin/userdel_local",
    "/etc/X11/xdm/Xreset",
    "/etc/bash.bash_logout",
    "/etc/zsh/zlogout",
)
USERDEL = re.compile(r"\s*USERDEL_CMD\s+(?=\S)")
PAM_EXEC = re.compile(r"\bpam_exec\.so\s+((?:[a-z_]+(?:=\S+)?\s+)*)(?=/)")


def read(host: Host) -> Found:
    yield from folders(host, HOOKS, KIND)
    for path in SCRIPTS:
        yield from named(host, path, KIND)
    yield from configured(host, ("/etc/login.defs",), parse_login_defs)
    yield from configured(host, paths_in(host, "/etc/pam.d"), parse_pam)


def parse_login_defs(text: str, path: str) -> Iterator[Snippet]:
    """The command that userdel runs."""
    for line in without_comments(text):
        begins = USERDEL.match(line.text)
        if begins:
            yield command(line.part(begins.end()), path, KIND, "USERDEL_CMD")


def parse_pam(text: str, path: str) -> Iterator[Snippet]:
    """The commands of pam_exec(8)."""
    for line in without_comments(text, join=True):
        begins = PAM_EXEC.search(line.text)
        if begins:
            yield command(line.part(begins.end()), path, KIND, "pam_exec")
