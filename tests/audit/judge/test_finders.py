"""Commands that find processes, and what is done with what they find."""

from __future__ import annotations

import pytest

from audit.judged import DEBIAN, PROCPS, judged, rules
from ct0_audit.records import Selector


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("kill -HUP $(pidof netdata)", ["CT004K"]),
        ("kill -HUP `pidof netdata`", ["CT004K"]),
        ('kill "$(pidof -s x)"', ["CT004K"]),
        ("kill $(pgrep -f ^/usr/sbin/named)", ["CT004K"]),
        ("pgrep x | xargs -r kill -9", ["CT004K"]),
        ("pgrep x | head -1 | xargs kill", ["CT004K"]),
        ("pids=$(pidof x)\nfor p in $pids; do kill $p; done", ["CT004K"]),
        ("for p in `pidof x`; do kill $p; done", ["CT004K"]),
        ("pidof x | while read p; do kill $p; done", ["CT004K"]),
        ("get() { pidof x; }\nkill $(get)", ["CT004K"]),
        ("stop() { kill -9 $1; }\nstop $(pidof x)", ["CT004K"]),
        ("sudo kill $(pidof x)", ["CT004K"]),
        ("sh -c 'kill $(pidof x)'", ["CT004K"]),
        ("if pidof exim4 >/dev/null; then :; fi", ["CT005F"]),
        ('[ -n "$(pgrep x)" ] && touch y', ["CT005F"]),
        ("pgrep x >/dev/null && reload", ["CT005F"]),
        ("while pgrep x; do sleep 1; done", ["CT005F"]),
        ("kill -0 $(pidof x)", ["CT005F"]),
        ("running() { pidof x >/dev/null; }\nif running; then :; fi", ["CT005F"]),
        ("pidof x; if [ $? -eq 0 ]; then :; fi", ["CT005F"]),
        ("echo running: $(pidof x)", ["CT005F.."]),
        ("pgrep x >/dev/null || service x start", ["CT016B"]),
        ("if ! pidof x; then /usr/sbin/x; fi", ["CT016B"]),
        ("if pidof x; then :; else systemctl start x; fi", ["CT016B"]),
        ('[ -z "$(pgrep x)" ] && /etc/init.d/x start', ["CT016B"]),
        ("start() {\nif pidof x; then return 0; fi\nx --daemon\n}", ["CT016B"]),
        ("case $1 in start) pidof x && exit 0; x;; esac", ["CT016B"]),
        ("ps ax | grep foo | awk '{print $1}' | xargs kill -9", ["CT006K"]),
        ("kill `ps -ef | grep foo | grep -v grep | awk '{print $2}'`", ["CT006K"]),
        ("ps aux | awk '/foo/ {print $2}' | xargs kill", ["CT006K"]),
        ("ps -C foo -o pid= | xargs kill", ["CT006K"]),
        ("ps -ef | grep -q '[f]oo' || /usr/sbin/foo", ["CT006B"]),
        ("(ps aux 2>/dev/null) | grep -q foo && y", ["CT006F"]),
        ("if ps -C foo >/dev/null; then :; fi", ["CT006F"]),
        ("mapfile -t P < <(pgrep x)\nkill ${P[@]}", ["CT004K"]),
        ("while read p; do kill $p; done < <(pgrep x)", ["CT004K"]),
        ("kill -TERM $(</run/x.pid)", ["CT010K.."]),
        ("pid=$(head -1 /run/x.pid); kill $pid", ["CT010K.."]),
        ("kill $(lsof -t /srv)", ["CT009K"]),
        ("kill -9 $(fuser /srv 2>/dev/null)", ["CT009K"]),
        ("kill -HUP $(cat /run/x.pid)", ["CT010K.."]),
        ("PIDFILE=/run/x.pid; kill `cat $PIDFILE`", ["CT010K.."]),
        ('pid=$(cat "$PIDFILE"); kill -9 $pid', ["CT010K.."]),
        ('[ "$(readlink /proc/$pid/root)" = "/" ] && kill $pid', ["CT012K"]),
        ("pgrep --ns $$ -x x >/dev/null", ["CT013F"]),
        ("pidof -c x >/dev/null && y", ["CT014F"]),
        ("strace -p $(pidof named)", ["CT015F"]),
        ("renice 10 -p $(pgrep rsync)", ["CT015F"]),
        ("echo -17 > /proc/$(pidof sshd)/oom_adj", ["CT015F"]),
    ],
)
def test_found(text: str, found: list[str]) -> None:
    assert rules(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "# kill $(pidof x)",
        "echo 'kill $(pidof x)'",
        "cat <<'EOF'\nkill $(pidof x)\nEOF",
        "pidof x >/dev/null 2>&1\ntouch y",
        "pgrep -F /run/x.pid || service x start",
        "pgrep -P $$ && wait",
        "pgrep --ns $$ --nslist pid -x x && y",
        "pgrep --help",
        "pidof -h",
        "which pidof && y",
        "ps -p $pid >/dev/null && y",
        "ps --ppid $$ | grep x && y",
        "ps -p $(cat /run/x.pid) -o comm= | grep -q x",
        "ps aux",
        "ps | grep x && y",
        "ps aux > /tmp/list",
        "{ ps aux > /tmp/list; } | grep x && y",
        "while a; do ps aux > /tmp/list; done | grep x && y",
        "ps aux 2>&1 >/tmp/list | grep x && y",
        "kill $(jobs -p)",
        "kill $pid",
        "pid=$(</run/x.pid); echo $pid",
        "kill $(</etc/x)",
        "sed -i s/a/b/ /run/x.pid",
        "kill $(cat /proc/sys/x)",
        "cat /run/x.pid",
        "pid=$(cat /run/x.pid); echo $pid",
        "kill_() { pid=$(cat y); kill $pid; }\nshow() { pid=`pidof x >/dev/null`; }",
        "readlink /etc/localtime",
        "[ /proc/$pid/ns/pid -ef /proc/self/ns/pid ] && kill $pid",
        "lsof -t /srv",
        "pidof() { :; }\nkill $(pidof x)",
        "kill $(ssh web1 pidof x)",
        "kill $(lxc-info -n web1 -p -H)",
    ],
)
def test_not_found(text: str) -> None:
    assert rules(text) == []


def test_pidof_c_is_right_where_pidof_is_sysvinit_s() -> None:
    assert rules("pidof -c x && y", DEBIAN) == []
    assert rules("kill $(pidof -c x)", DEBIAN) == []
    assert rules("kill $(pidof -c x)", PROCPS) == ["CT014K"]


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("kill $(pidof /usr/sbin/x y)", Selector("name", ("/usr/sbin/x", "y"))),
        ("ps ax | grep -F a.b | xargs kill", Selector("text", ("a.b",))),
        (r"ps ax | grep 'a\|b+' | xargs kill", Selector("full", (r"a|b\+",))),
        ("ps ax | grep -E 'a|b+' | xargs kill", Selector("full", ("a|b+",))),
        ("ps -C a,b | xargs kill", Selector("comm", ("a", "b"))),
        ("kill $(pgrep -u root)", Selector("user", ("root",))),
        ("kill $(cat /run/x.pid)", Selector("pidfile", ("/run/x.pid",))),
    ],
)
def test_whom_it_would_find(text: str, selector: Selector) -> None:
    assert [finding.selector for finding in judged(text)] == [selector]


def test_the_whole_kill_is_shown_and_meant() -> None:
    (finding,) = judged("true\n  kill -HUP $(pidof x) || true")
    assert finding.code == "kill -HUP $(pidof x) || true"
    assert finding.place[1:] == (2, 3, 2, 23)


@pytest.mark.parametrize(
    ("text", "facts", "new"),
    [
        ("kill $(pidof x)", DEBIAN, "kill $(pidof -c x)"),
        ("kill $(pidof x)", PROCPS, "kill $(pgrep --ns $$ --nslist pid -x x)"),
        ("kill $(pidof -s x)", PROCPS, "kill $(pidof -s x)"),
        ("pgrep x && y", PROCPS, "pgrep --ns $$ --nslist pid x && y"),
        ("pgrep --ns $$ x && y", PROCPS, "pgrep --ns $$ --nslist pid x && y"),
        ("pgrep --ns=$$ x && y", PROCPS, "pgrep --ns=$$ --nslist pid x && y"),
        (
            '[ "$(readlink /proc/$pid/root)" = "/" ] && kill $pid',
            PROCPS,
            "[ /proc/$pid/ns/pid -ef /proc/self/ns/pid ] && kill $pid",
        ),
        (
            "kill $(pidof x)",
            PROCPS._replace(shims=frozenset({"pidof"})),
            "kill $(/usr/lib/ct0/shims/pidof x)",
        ),
    ],
)
def test_the_safe_rewrite(text: str, facts: object, new: str) -> None:
    from ct0_audit.facts import Facts
    from ct0_audit.fix import edited

    assert isinstance(facts, Facts)
    (finding,) = judged(text, facts)
    assert edited(text, finding.edits) == new
