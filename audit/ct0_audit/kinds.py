"""What could come back and bite, in 28 kinds, and by which sources and rules each is found.

The catalogue was made from bug reports of people whose containers were hit. A kind with `reason` is
not looked for as such, and says why.
"""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    number: int
    name: str
    sources: tuple[str, ...]  # keys of SOURCES; () for "every shell, wherever it was found"
    rules: tuple[str, ...]
    reason: str = ""


KINDS = (
    Kind(1, "init functions without a PID file", ("init",), ("CT003",)),
    Kind(2, "killing by name in init scripts", ("init",), ("CT001", "CT004", "CT005", "CT012")),
    Kind(3, "start-stop-daemon without a PID file", ("init", "maintainer"), ("CT002",)),
    Kind(4, "logrotate scripts", ("logrotate",), ("CT001", "CT004", "CT005")),
    Kind(5, "cron, anacron and at", ("cron",), ("CT001", "CT006", "CT016")),
    Kind(6, "systemd units and timers", ("systemd",), ("CT001", "CT004", "CT113")),
    Kind(7, "maintainer scripts", ("maintainer", "rpm scriptlet"), ("CT002", "CT004", "CT014")),
    Kind(
        8,
        "configuration management",
        ("puppet", "ansible", "salt", "cfengine", "chef"),
        ("CT105",),
    ),
    Kind(9, "monit", ("monit",), ("CT101", "CT001")),
    Kind(10, "supervisors", ("supervision",), ("CT001",)),
    Kind(11, "keepalived", ("keepalived",), ("CT102", "CT005")),
    Kind(12, "resource agents", ("resource agent",), ("CT001", "CT005")),
    Kind(
        13,
        "monitoring that counts by name",
        ("nagios", "snmpd", "zabbix", "collectd", "telegraf", "agents"),
        ("CT103", "CT104"),
    ),
    Kind(14, "needrestart and its like", ("needrestart",), ("CT106",)),
    Kind(15, "killing by open file", (), ("CT009",)),
    Kind(16, "the shutdown path", ("shutdown",), ("CT007", "CT001")),
    Kind(17, "killing by user", ("users",), ("CT008",)),
    Kind(18, "network hooks", ("network",), ("CT004", "CT001")),
    Kind(19, "power, ACPI and udev", ("power",), ("CT004", "CT001")),
    Kind(20, "wrappers of daemons", ("wrapper",), ("CT001", "CT005", "CT016")),
    Kind(21, "watchdog", ("watchdog",), ("CT107",)),
    Kind(22, "killers for memory and abuse", ("killer",), ("CT108", "CT015")),
    Kind(23, "looking at processes by name", (), ("CT015",)),
    Kind(24, "scanners for rootkits", ("scanner",), ("CT109",)),
    Kind(25, "PID files", ("pidfile",), ("CT110", "CT010")),
    Kind(26, "hidden children", ("sysctl",), ("CT111",)),
    Kind(27, "backup hooks", ("backup",), ("CT001",)),
    Kind(28, "containers with the host's PIDs", ("container",), ("CT112",)),
)
