"""Commands that signal whom they find."""

from __future__ import annotations

import pytest

from audit.judged import DEBIAN, judged, rules
from ct0_audit.records import Selector


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("killall -15 mariadbd", ["CT001K"]),
        ("/usr/bin/killall -q -HUP syslogd klogd", ["CT001K"]),
        ("killall -s HUP -- x", ["CT001K"]),
        ("killall -r '^php'", ["CT001K"]),
        ("X=nginx; killall $X", ["CT001K"]),
        ("killall $X", ["CT001K."]),
        ("echo x | xargs killall", ["CT001K"]),
        ("pkill -HUP -x rsyslogd", ["CT001K"]),
        ("pkill -9 -f 'java.*tomcat'", ["CT001K"]),
        ("pkill -u root -x cron", ["CT001K"]),
        ("pkill -t pts/0", ["CT001K"]),
        ("skill -9 java", ["CT001K"]),
        ("pkill -KILL -u www-data", ["CT008K"]),
        ("pkill -U 33,34", ["CT008K"]),
        ("killall -u bob", ["CT008K"]),
        ("skill -u bob", ["CT008K"]),
        ("slay bob", ["CT008K"]),
        ("killall5 -15", ["CT007K"]),
        ("/sbin/killall5", ["CT007K"]),
        ("kill -9 -1", ["CT007K"]),
        ("kill -TERM -- -1", ["CT007K"]),
        ("kill -- -1", ["CT007K"]),
        ("fuser -km /srv", ["CT009K"]),
        ("fuser -k -HUP 80/tcp", ["CT009K"]),
        ("killall -0 haproxy", ["CT005F"]),
        ("snice +5 java", ["CT015F"]),
        ("cpulimit -l 10 -e rsync", ["CT108K"]),
        ("pkill -0 -x haproxy || service haproxy start", ["CT016B"]),
        ("pkill --ns $$ -x rsyslogd", ["CT013F"]),
        ("pkill --ns $$ --nslist pid,mnt -x x", ["CT013F"]),
    ],
)
def test_found(text: str, found: list[str]) -> None:
    assert rules(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "# killall x",
        "echo killall x",
        "echo 'killall x; pkill y'",
        'log "killall -9 x"',
        "cat <<EOF\nkillall x\npkill y\nEOF",
        ": <<'EOF'\nkill -9 $(pidof x)\nEOF",
        "killall -l",
        "killall --version",
        "killall -n $$ x",
        "killall -i x",
        "apt-get install killall psmisc",
        "command -v killall",
        "type pkill >/dev/null",
        "which killall pkill",
        "pkill -F /run/x.pid",
        "pkill --pidfile /run/x.pid -x x",
        "pkill -P $$",
        "pkill -g 0",
        "pkill --ns $$ --nslist pid -x x",
        "pkill --cgroup /system.slice/x.service",
        "kill -l",
        "kill -1",
        "kill -HUP 1",
        "kill -1 $pid",
        "kill -0 -1",
        "kill -9 $!",
        "kill %1",
        "fuser -v /srv",
        "snice +5 -p 4711",
        "cpulimit -l 10 -p 4711",
        "fuser /srv >/dev/null",
        "killall() { :; }\nkillall x",
        "ssh web1 killall x",
        "vzctl exec 101 killall httpd",
        "lxc-attach -n web1 -- pkill x",
        "docker exec web1 sh -c 'killall nginx'",
        "nsenter -t 4711 -a killall x",
        "unshare --pid --fork killall x",
        "ssh web1 <<EOF\nkillall x\nEOF",
    ],
)
def test_not_found(text: str) -> None:
    assert rules(text) == []


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("killall -9 mariadbd mysqld", Selector("comm", ("mariadbd", "mysqld"))),
        ("killall /usr/sbin/nginx", Selector("exec", ("/usr/sbin/nginx",))),
        ("killall -r '^php'", Selector("pattern", ("^php",))),
        ("pkill cron", Selector("pattern", ("cron",))),
        ("pkill -x cron", Selector("exact", ("cron",))),
        ("pkill -fx 'cron -f'", Selector("full", ("^(cron -f)$",))),
        ("pkill -u root,33 -x cron", Selector("exact", ("cron",), ("root", "33"))),
        ("pkill -u www-data", Selector("user", ("www-data",))),
        ("D=/usr/sbin/x; pkill -f ^$D", Selector("full", ("^/usr/sbin/x",))),
        ("pkill -f ^$D", None),
        ("killall5", Selector("everybody")),
    ],
)
def test_whom_it_would_find(text: str, selector: Selector | None) -> None:
    assert [finding.selector for finding in judged(text)] == [selector]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("killall -9 x", " -n $$"),
        ("pkill -x x", " --ns $$ --nslist pid"),
        ("sh -c 'pkill -x x'", " --ns $$ --nslist pid"),
    ],
)
def test_the_safe_rewrite(text: str, new: str) -> None:
    (finding,) = judged(text)
    assert [edit.text for edit in finding.edits] == [new]


def test_in_a_unit_the_shell_s_own_pid_is_not_written() -> None:
    """systemd makes a single $ of $$."""
    (finding,) = judged("sh -c 'pkill -x x'", kind="systemd")
    assert [edit.text for edit in finding.edits] == [" --ns 1 --nslist pid"]


def test_a_command_out_of_a_variable_has_no_rewrite() -> None:
    (finding,) = judged("K=killall; $K x", DEBIAN)
    assert finding.edits == ()
