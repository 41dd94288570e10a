"""Init scripts that reach CT0's containers, to be run in a node with sysvinit (`NODE_SYSVINIT`).

Two are Debian 12's own, their daemons real ones that run in CT0 and in its CTs:

bind9, /etc/init.d/named
    sets PATH, sources /lib/lsb/init-functions, and in `stop` asks `rndc stop -p` for the PID. When
    no named answers on CT0 (it does not run, or rndc cannot reach it) it takes the PIDs of
    `pgrep -f ^/usr/sbin/named` instead, waits ten seconds for all of them to die, and sends them
    SIGKILL for ten more: with nothing to stop on CT0, every CT's name server dies, after 12 s.
exim4-base, /etc/init.d/exim4
    sources /lib/lsb/init-functions with the PATH service(8) gives it, and in `force-stop` sends
    SIGTERM to every PID of `pidof exim4` whose /proc/PID/root reads "/", as it does for every CT
    after pivot_root. (`stop` uses the pidfile and is safe.)

Both look the command up in PATH after they sourced /lib/lsb/init-functions, so a directory put
first in PATH by a file of /lib/lsb/init-functions.d reaches them. Under systemd neither script runs
by `service`: hence the sysvinit node. Looked at and left out: mariadb's `killall -15 mariadbd`
(190 MB) and pacemaker's `killall -q -9 pacemakerd` (sets PATH after the functions).

The third is RHEL's way, by a stand-in for its /etc/rc.d/init.d/functions. "el4" calls pidof without
-c; "el5" with -c, which sysvinit's pidof (Debian's) honours by root directory, so CTs are spared;
"el7" calls `pidof -c -m`, with procps' pidof as /usr/sbin/pidof, which does not spare them.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .node import Node
from .procps_pidof import procps_pidof

FILES = Path(__file__).parent / "files"
PIDOF_OPTIONS = {"el4": "", "el5": "-c", "el7": "-c -m"}
PATH_HOOK = "/lib/lsb/init-functions.d/99-path"


class Script(NamedTuple):
    """An init script's action that kills by name; the daemon's comm is `daemon`."""

    service: str
    action: str
    daemon: str


NAMED = Script("named", "stop", "named")
EXIM4 = Script("exim4", "force-stop", "exim4")


def path_first(node: Node, directory: str) -> None:
    """Put a directory of the node first in PATH for every init script that uses LSB's functions."""
    node.write(PATH_HOOK, f"PATH={directory}:$PATH\n")


def no_path_first(node: Node) -> None:
    """Take it out again."""
    node.run(["rm", "-f", PATH_HOOK])


def install_rhel(node: Node, release: str, daemon: str) -> str:
    """Install the functions of a RHEL `release` and a service for `daemon`; returns its script.

    /etc/sysconfig/init, which the functions read after they set PATH, starts out empty.
    """
    functions = (FILES / "rhel-functions").read_text(encoding="utf-8")
    options = PIDOF_OPTIONS[release]
    node.write("/etc/rc.d/init.d/functions", functions.replace("@PIDOF_OPTIONS@", options))
    script = "/etc/rc.d/init.d/ct0-lab"
    service = (FILES / "rhel-service").read_text(encoding="utf-8").replace("@DAEMON@", daemon)
    node.write(script, service)
    node.write("/etc/sysconfig/init", "")
    node.run(["chmod", "755", script])
    if release == "el7":
        node.copy_in(procps_pidof(), "/usr/local/lib/procps-pidof")
        node.run(["ln", "-sf", "/usr/local/lib/procps-pidof", "/usr/sbin/pidof"])
    else:
        node.run(["rm", "-f", "/usr/sbin/pidof"])
    return script


def remove_rhel(node: Node) -> None:
    """Take out what install_rhel put in."""
    node.run(["rm", "-rf", "/etc/rc.d", "/etc/sysconfig/init", "/usr/local/lib/procps-pidof"])
    node.run(["sh", "-c", "[ ! -L /usr/sbin/pidof ] || rm /usr/sbin/pidof"])
