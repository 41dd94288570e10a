"""What the text of an init script says of its daemon."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_suites.resources.services.initscript import parse_script

DEBIAN = """\
#!/bin/sh
### BEGIN INIT INFO
# Provides: sshd
DAEMON=/usr/sbin/sshd
PIDFILE="/run/sshd.pid"
case $1 in
  status) status_of_proc -p $PIDFILE $DAEMON sshd && exit 0 || exit $? ;;
esac
"""
REDHAT = """\
#!/bin/bash
# chkconfig: - 13 87
# processname: named
# pidfile: /var/run/named/named.pid
prog=named
exec="/usr/sbin/${prog}"
PID=${PIDFILE:-/var/run/$prog/$prog.pid}
status -p "$PID" $prog
"""
OPENRC = """\
#!/sbin/openrc-run
command="/usr/sbin/crond"
pidfile="/run/${RC_SVCNAME}.pid"
"""


@pytest.mark.parametrize(
    ("name", "text", "names", "pidfile"),
    [
        ("ssh", DEBIAN, ("sshd",), "/run/sshd.pid"),
        ("bind", REDHAT, ("named",), "/var/run/named/named.pid"),
        ("cronie", OPENRC, ("crond",), "/run/cronie.pid"),
        (
            "exim4",
            "start-stop-daemon --stop --name exim4 --pidfile /run/e/x.pid",
            ("exim4",),
            "/run/e/x.pid",
        ),
        ("x", "kill $(pidof -o %PPID xd)", ("xd",), "/run/xd.pid"),
        ("x", "killproc -p /var/lib/x/pid /usr/bin/xd -HUP", ("xd",), "/var/lib/x/pid"),
    ],
)
def test_real_ways_of_saying_it(name: str, text: str, names: tuple[str, ...], pidfile: str) -> None:
    found = parse_script(name, text)
    assert found.names == names
    assert found.pidfiles[0] == pidfile


def test_the_services_name_counts_where_no_other_is_found() -> None:
    assert parse_script("exim4", "echo hello").names == ("exim4",)
    # The ssh client of whoever is logged in is not the server.
    assert "ssh" not in parse_script("ssh", DEBIAN).names


def test_what_a_command_gives_is_not_known() -> None:
    found = parse_script("x", "DAEMON=$(which xd)\nPIDFILE=`cat y`\nPROG=$UNKNOWN/xd\n")
    assert found.names == ("x",)
    assert found.pidfiles == ("/run/x.pid", "/run/x/x.pid", "/var/run/x.pid")


def test_interpreters_are_nobody() -> None:
    assert parse_script("x", "DAEMON=/usr/bin/python3\n").names == ("x",)


def test_only_files_where_pidfiles_are() -> None:
    text = "rapid=/usr/sbin/acpid\nPIDFILE=/etc/shadow\nPIDFILE2=/dev/sda\n"
    assert parse_script("x", text).pidfiles[0] == "/run/x.pid"


@given(st.text(st.sampled_from(list(" \n=$(){}[]/'\"`:-xpidof#DAEMON")), max_size=120))
def test_no_text_is_a_traceback(text: str) -> None:
    parse_script("x", text)
