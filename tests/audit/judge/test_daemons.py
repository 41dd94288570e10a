"""start-stop-daemon and the functions of init scripts."""

from __future__ import annotations

import pytest

from audit.judged import DEBIAN, PROCPS, judged, rules
from ct0_audit.fix import edited
from ct0_audit.records import Selector

RHEL = ". /etc/rc.d/init.d/functions\n"
SUSE = ". /etc/rc.status\n"
LSB = ". /lib/lsb/init-functions\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("start-stop-daemon --stop --quiet --exec /usr/sbin/pppd", ["CT002K"]),
        ("start-stop-daemon --stop --oknodo \\\n   --name rpc.mountd \\\n --user 0", ["CT002K"]),
        ("start-stop-daemon -K -x /usr/sbin/x", ["CT002K"]),
        ("/sbin/start-stop-daemon -K -n x -s HUP", ["CT002K"]),
        ("start-stop-daemon --stop --user bob", ["CT002K"]),
        ("start-stop-daemon --start --exec /usr/sbin/nscd", ["CT002B"]),
        ("start-stop-daemon -S -b -x /usr/sbin/x -- -p 80", ["CT002B"]),
        ("start-stop-daemon --status --exec /usr/sbin/x", ["CT002F"]),
        ("start-stop-daemon --stop --test --exec /usr/sbin/x", ["CT002F"]),
        ("start-stop-daemon --stop --signal 0 --name x", ["CT002F"]),
        ('start-stop-daemon --stop --exec /usr/sbin/x "$@"', ["CT002K.."]),
        ("D=/usr/sbin/x; start-stop-daemon --stop --exec $D", ["CT002K"]),
        ("O='--stop --exec /usr/sbin/x'; start-stop-daemon $O", ["CT002K"]),
    ],
)
def test_start_stop_daemon(text: str, found: list[str]) -> None:
    assert rules(text, DEBIAN) == found


@pytest.mark.parametrize(
    "text",
    [
        "start-stop-daemon --stop --pidfile /run/x.pid --exec /usr/sbin/x",
        "start-stop-daemon --stop --exec /usr/sbin/x \\\n   --pidfile $PIDFILE",
        "start-stop-daemon --stop --exec=/usr/sbin/x --pidfile=/run/x.pid",
        "start-stop-daemon -K -p /run/x.pid -x x",
        "start-stop-daemon --stop --pid 4711 --name x",
        "start-stop-daemon --stop --ppid 1 --name x",
        "P='--pidfile /run/x.pid'; start-stop-daemon --stop $P --exec x",
        "if a; then P='-p 1'; else P='--pidfile 2'; fi; start-stop-daemon --stop $P --exec x",
        "# start-stop-daemon --stop --exec x",
        'log_daemon_msg "start-stop-daemon --stop --exec x"',
        "start-stop-daemon --help",
    ],
)
def test_start_stop_daemon_with_a_pid_file(text: str) -> None:
    assert rules(text, DEBIAN) == []


def test_openrc_s_start_stop_daemon_leaves_containers_out() -> None:
    text = "start-stop-daemon --stop --exec /usr/sbin/x"
    assert rules(text, DEBIAN._replace(openrc=True)) == []


def test_the_pid_file_the_script_uses_elsewhere_is_proposed() -> None:
    text = (
        "D=/usr/sbin/x\n"
        'start-stop-daemon --start --pidfile "$PIDFILE" --exec $D\n'
        "start-stop-daemon --stop --exec $D\n"
    )
    (finding,) = judged(text, DEBIAN)
    assert edited(text, finding.edits).split("\n")[2] == (
        'start-stop-daemon --pidfile "$PIDFILE" --stop --exec $D'
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (RHEL + "killproc crond -HUP", ["CT003K"]),
        (RHEL + "killproc crond", ["CT003K"]),
        (RHEL + "status httpd", ["CT003F"]),
        (RHEL + "kill $(pidofproc x)", ["CT003K"]),
        (RHEL + "pidofproc x >/dev/null || daemon x", ["CT016B"]),
        (SUSE + "killproc x", ["CT003K"]),
        ("/sbin/killproc x", ["CT003K"]),
        ("/sbin/killproc -TERM /usr/sbin/x", ["CT003K.."]),
        (SUSE + "/sbin/startproc x", ["CT016B"]),
    ],
)
def test_init_functions(text: str, found: list[str]) -> None:
    assert rules(text, PROCPS) == found


@pytest.mark.parametrize(
    "text",
    [
        RHEL + "killproc -p /run/x.pid x",
        RHEL + "status -p /run/x.pid x",
        RHEL + "status() { :; }\nstatus x",
        RHEL + "# killproc x",
        RHEL + 'echo "killproc x"',
        "status x",
        "killproc x",
    ],
)
def test_init_functions_with_a_pid_file_or_of_nobody_s(text: str) -> None:
    assert rules(text, PROCPS) == []


def test_debian_s_functions_ask_pid_files() -> None:
    text = LSB + 'status_of_proc "$DAEMON" x\nkillproc x\npidofproc x || exit 3\n'
    assert rules(text, DEBIAN) == []


def test_the_same_functions_on_rhel_ask_pidof() -> None:
    assert rules(LSB + "killproc x\n", PROCPS) == ["CT003K"]


def test_whom_it_would_find() -> None:
    found = judged("start-stop-daemon --stop --name a --exec /b --user 0", DEBIAN)
    assert [finding.selector for finding in found] == [Selector("comm", ("a",), ("0",))]
    found = judged("start-stop-daemon --stop --exec /b", DEBIAN)
    assert [finding.selector for finding in found] == [Selector("exec", ("/b",))]
