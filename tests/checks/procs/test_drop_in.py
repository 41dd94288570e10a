"""Must equal monitoring-plugins' check_procs on recorded tables: text, perfdata, exit status."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from checks.procs.both import TABLES, Said, differences, incumbent, play, table_pids

# Played on every table.
EVERYWHERE = r"""
-w 5
-w 200 -c 400
-c 1:
-c 1: -C sshd
-c 1:1 -C nothing
-w 2: -c 1:
-w @2:5
-w @0:100 -c @5:6
-w ~:3
-w :3 -c 1
-w 0x4
-w 1e1
-w inf -c ~:
-w abc
-w '' -c ''
-w 5:6:7
-w ' 4'
-w -5:-3
-w @ -c @~:4
-w ~ -c ~5
-w : -c @:
-w 2.5:7.5 -c 1.5:8.5
1 2
1 2 S
'' 3
-w 1 2 S
-c 1 2 Z
-w 1 -c 2 S
-s Z 1 2 S
1 -s Z 2
-- 1 2
- 1
-w -- 3
-s S
-s Ss
-s Z
-s R
-s D
-s N
-s L
-s +
-s RSZDT
-s S -s Z
-s ''
--status Z
--st=Z
--s Z
-p 1
-p 2
-p 0
-p -1
-p ' 1'
-p +1
-p 99999999999
-p 1 -p 2
--ppid=1 -s S
-u 0
-u root
-u daemon
-u nobody
-u www-data -u root
-u ''
-u 1-1
-u 33 -s S
-z 1
-z 10000
-z -1
-z 2147483648
-r 1
-r 5000
--rss 9000 --vsz 15000
-P 0
-P 0.0
-P 0.9
-P 1.5.5
-P .3
-P 26.2
-P 1e3
-P 0x1
-P nan
-P inf
-a sshd
-a s
-a ''
-a x -a s
-a 'worker process'
-a '<defunct>'
--argument-array=python3
--ereg-argument-array=sshd
--ereg-argument-array '^/usr/s?bin/'
--ereg-argument-array '[0-9]+$'
--ereg-argument-array 'sshd|init'
--ereg-argument-array '^\[.*\]$'
--ereg-argument-array '^$'
--ereg-argument-array '(a) *'
--ereg-argument-array '[[:upper:]]'
--ereg-argument-array a --ereg-argument-array b
--ereg-argument-array s -a s
-C sshd
-C systemd
-C tmux:
-C 'tmux: server'
-C server
-C f2b/server
-C 'a)'
-C java
-C kworker/R-rcu_g
-C R-rcu_g
-C slash/
-C lead
-C 'caf??'
-C new.line.[31m
-C ''
-C sshd -C init
-C perl -a perl -u root -s S
-k
-k -C kthreadd
-k -C systemd
-k -w 3 -c 5
-k -s S -p 1
-T
-T -C sshd
--trad
-vkTw9
-v
-v -w 1
-m PROCS -w 3
-m VSZ
-m VSZ -w 1 -c 100000
-m VSZ -w 11000 -v
-m VSZ -w @1:16000 -c @300000: -v
-m VSZ -w '' -v
-m VSZ 100 200
-m RSS -w 1
-m RSS -c 9500 -v
-m RSS -c 9500 -v -s S
-m RSS -w 1000:9000 -c 1:10000 -C python3
-m CPU -w 0.5
-m CPU -w 0.9 -c 26.2 -v
-m CPU -w 0.1 -c 50
-m CPU -v -c @0
-m CPU -w ~:0
-m ELAPSED -w 60 -v
-m ELAPSED -c 3600 -w 300
-m ELAPSED -c 1: -v
-m ELAPSED -c 93784
-m ELAPSED -w :1200 -C sshd
-m VSZ -m RSS -c 6000
--metric=ELAPSED --warning=10 --critical=100000 --command=sshd -v
-C sshd -u root -a sshd -s S -z 1 -r 1 -P 0 -p 1 -m CPU
-v -C sshd -c 5
--warning 3 --crit=4
-w9 -c8:
-w 1 -w 9
-t 5 -w 1
-t 0
-t ''
-to 5
-t ' 5' -k
--elapsed 5
--no-kthreads x
--no-kthreads= -w 3
-v -v
-vv -k
-vv -C sshd
-vv -m VSZ -w 100
-vvv
-vvv -k
-vvvv -s Z
"""

# What is refused before a table is looked at; played on one.
REFUSED = r"""
-w 5:2
-c 5:2
-w 5:1 -c 7:1
5:2
1 5:2
-w nan
-w 5:x
-w -5
-w 6:~
-w @6:5
-w :nan
-w 5:2 -q
-m ''
-p 1x
-p ''
-p 1.
-p 0x1
-p '1 '
-z 1x
-z ''
-r 1x
-r +
-P x
-P ''
-P .
-P '1 '
-P 1-3
-P 1,5
-P 1.x
-u 4711
-u nosuch
-u 1x
-u -1
-u nosuch -w 5:2
-u root -u nosuch
-t x
-t 10x
-t +3
-t 5.5
-t 99999999999
--ereg-argument-array '('
--ereg-argument-array '['
--ereg-argument-array '*'
--ereg-argument-array '\'
--ereg-argument-array 'a{1'
--ereg-argument-array '(' -w 5:2
-q
-e 5
-x -h
--foo
--foo=1
--c=5
--v
--ve
--p=1
--t 5
--e x
--help=3
-s
-z
-w
--critical
--no-kthreads
--elapsed
--elap
-t
-kq
--input-file=/nonexistent/file
--input-file=empty
--input-file=heading
--input-file=unreadable-lines
--input-file=
--input-file
--extra-opts=@opts.ini
--extra-opts @opts.ini
--extra-opts @opts.ini -w 9
-w 9 --extra-opts=@opts.ini
-- --extra-opts=@opts.ini
--extra-opts=two@opts.ini
--extra-opts=two@opts.ini --extra-opts=@opts.ini
--extra-opts=spaced@opts.ini
--extra-opts=again@opts.ini
--extra-opts=flags@opts.ini
--extra-opts=nothing@opts.ini
--extra-opts=nowhere@opts.ini
--extra-opts=bad@opts.ini
--extra-opts=after@opts.ini
--extra-opts=unknown@opts.ini
--extra-opts=@nofile
--extra-opts=@broken.ini
--extra-opts=@outside.ini
--extra-opts
--extra-opts -v
--extra-opts=
--extra-opts=two@
--extra-opts=letters@opts.ini
-a 'a|b'
-C 'a|b'
-s 'a|b'
-X sshd
--exclude-process sshd
--state Z
-h
-V
"""
OPTIONS = """\
# comment
; another
[check_procs]
warning = 2
critical=4
[two]
  command = sshd

[ spaced ]
argument-array = two words
[again]
metric=VSZ
[other]
warning=1
[again]
warning=100
[flags]
verbose=
k=
[nothing]
[bad]
verbose
[after] warning=1
[unknown]
foo=1
[letters]
w = 2
C = sshd
"""

# (table, command line) -> why ours is not theirs.
TABLE_EXCEPTIONS = {
    # A line that ends early: theirs takes for its arguments what lies behind it in memory.
    **{
        ("ps.short", line): "arguments out of the lines that follow"
        for line in (
            "--ereg-argument-array '^$'",
            "--ereg-argument-array '(a) *'",
            "--ereg-argument-array a --ereg-argument-array b",
            "--ereg-argument-array '[0-9]+$'",
            "-vv -k",
            "-v -v",
            "-vv -m VSZ -w 100",
            "-vvv",
            "-vvv -k",
            "-vvvv -s Z",
        )
    },
    **{
        ("ps.cast", line): "a name with | in it, where theirs begins its performance data"
        for line in (
            "-m VSZ -w 11000 -v",
            "-m VSZ -w @1:16000 -c @300000: -v",
            "-m CPU -v -c @0",
            "-vv -m VSZ -w 100",
        )
    },
}
REFUSED_EXCEPTIONS = {
    "-m ''": "THREADS is a metric of ours",
    "--extra-opts=letters@opts.ini": "theirs takes =2 and =sshd for the values",
    "-a 'a|b'": "a | that would begin the performance data is shown as a comma",
    "-C 'a|b'": "the same",
    "-s 'a|b'": "the same",
    "-X sshd": "an option of theirs since 2.3.4",
    "--exclude-process sshd": "the same",
    "--state Z": "theirs documents --state and knows --status only",
    "-h": "our own help",
    "-V": "our own version",
}
TABLE_NAMES = ("ps.host", "ps.ct", "ps.cast", "ps.kernel", "ps.short")


def lines(text: str) -> list[str]:
    return text.strip().split("\n")


CASES = [(table, line) for table in TABLE_NAMES for line in lines(EVERYWHERE)]


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], tuple[Said, Said]]:
    """Everything at once: (table, line) -> what theirs and ours said."""
    incumbent()
    folder = files(tmp_path_factory.mktemp("procs"))
    found: dict[tuple[str, str], tuple[Said, Said]] = {}
    for table in TABLE_NAMES:
        these = lines(EVERYWHERE)
        if table == "ps.host":
            these = these + lines(REFUSED)
        path = TABLES / table
        argv = [[f"--input-file={path}", *shlex.split(line)] for line in these]
        said = play(argv, folder, table_pids(path), {"MP_CONFIG_FILE": ""})
        found.update({(table, line): pair for line, pair in zip(these, said)})
    return found


def files(folder: Path) -> Path:
    (folder / "opts.ini").write_text(OPTIONS)
    (folder / "broken.ini").write_text("[check_procs\nwarning=1\n")
    (folder / "outside.ini").write_text("warning=1\n[check_procs]\ncritical=1\n")
    (folder / "empty").write_text("")
    (folder / "heading").write_text("STAT UID PID\n")
    (folder / "unreadable-lines").write_text("STAT\nS x 1\n\n")
    return folder


@pytest.mark.parametrize(("table", "line"), CASES)
def test_same_on_a_recorded_table(
    table: str, line: str, played: dict[tuple[str, str], tuple[Said, Said]]
) -> None:
    found = differences(*played[table, line])
    if (table, line) in TABLE_EXCEPTIONS:
        assert found, "no longer an exception"
    else:
        assert not found, "\n".join([line, *found])


@pytest.mark.parametrize("line", lines(REFUSED))
def test_same_refusal(line: str, played: dict[tuple[str, str], tuple[Said, Said]]) -> None:
    found = differences(*played["ps.host", line])
    if line in REFUSED_EXCEPTIONS:
        assert found, "no longer an exception"
    else:
        assert not found, "\n".join([line, *found])


def test_there_are_many_and_few_exceptions() -> None:
    assert len(set(lines(EVERYWHERE))) + len(set(lines(REFUSED))) >= 200
    assert len(TABLE_EXCEPTIONS) + len(REFUSED_EXCEPTIONS) < len(CASES) / 20
