"""Debian's killall (psmisc 23.6) and ours, the same command lines on the same process table.

Compared are standard output, messages, exit status and who was really signalled. What differs on
purpose stands in DIFFERENT, line by line with the reason; a line there that no longer differs
fails as well.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from shims.incumbent import Actor, Line, Outcome, differences, lay_out, line, play

CAST = [
    Actor("short", "kshort", group="short"),
    Actor("long1", "kveryverylongname1", group="long1"),
    Actor("long2", "kveryverylongname2", group="long2"),
    Actor("exact", "kexactly15chars", group="exact"),
    # comm is cut and no word of the command line tells the rest
    Actor("hidden", "kveryverylongname3", ("other", "1000"), group="hidden"),
    Actor("titled", "kexactly15charz", ("kexactly15charz: worker", "1000"), group="titled"),
    Actor("script", "kscript", content="sh", group="script"),
    Actor("longscript", "kscriptverylongname", content="sh", group="longscript"),
    Actor("renamed", "krenamed", ("kother", "1000"), group="renamed"),
    Actor("deleted", "kdeleted", file_then="deleted", group="deleted"),
    Actor("replaced", "kreplaced", file_then="replaced", group="replaced"),
    Actor("bracket", "k)x y", group="bracket"),
    Actor("plus", "k+.[", group="plus"),
    Actor("upper", "KUpper", group="upper"),
    Actor("zombie", "kz", comm="kzombie", zombie=True, group="zombie"),
    Actor("stopped", "kstopped", stopped=True, group="stopped"),
    Actor("leader", "kleader", group="leader"),
    Actor("member1", "kmember", group="leader"),
    Actor("member2", "kmember", group="leader"),
    Actor("twin1", "ktwin", group="twin1"),
    Actor("twin2", "ktwin", group="twin2"),
    Actor("daemon", "kdaemon", uid=1, gid=1, group="daemon"),
    Actor("mixed", "kmixed", uid=1, euid=2, gid=1, group="mixed"),
    Actor("one", "k", group="one"),
]

WORDS = r"""
killall kshort
killall -v kshort
killall -0 -v kshort krenamed
killall -0 -v krenamed kshort
killall -v kother
killall nosuch
killall -q nosuch
killall -0 -v kshort nosuch
killall -0 -v -q kshort nosuch
killall -0 -v kshort kshort
killall k
killall -0 -v -- kshort
killall -v ktwin
killall -0 -q -v ktwin nosuch
killall ''
killall -0 -- -v
killall -
killall --
killall
killall -0 -v
killall -0 -v kveryverylongname1
killall -0 -v kveryverylongname2 kveryverylongname1
killall -0 -v kveryverylongname
killall -0 -v kveryverylongna
killall -0 -v kveryverylongnaXX
killall -0 -v kveryverylongname3
killall -0 -v kveryverylon
killall -0 -v other
killall -0 -e -v kveryverylongname1
killall -e kveryverylongname1
killall -0 -ve kveryverylongname3
killall -0 -ve kveryverylongna
killall -0 -ver kveryverylongname1
killall -0 -vex kveryverylongname1
killall -0 --ve kshort
killall -0 --exact -v kveryverylongname3
killall -e -q nosuch
killall -0 -v kexactly15chars
killall -0 -v kexactly15charsX
killall -0 -ve kexactly15chars
killall -0 -v kexactly15charz
killall -0 -v 'kexactly15charz: worker'
killall -0 -v -e 'kexactly15charz: worker'
killall -v kscript
killall -0 -v kscriptverylongname
killall -0 -v kscriptverylon
killall -0 -ve kscriptverylongname
killall -0 -v sh
killall -0 -v 'k)x y'
killall -0 -v 'k+.['
killall -v kupper
killall -0 -v -I kupper
killall -0 -v -I KSHORT KTWIN
killall -0 -v --ignore-case KVERYVERYLONGNAME1
killall -0 -I -v KVERYVERYLONGNAME3
killall -0 -v -I kExactly15charZ
killall -v kzombie
killall -v -9 kzombie
killall -v -CONT kstopped
killall -v kstopped
killall -v -STOP kshort
killall -v -KILL kstopped
killall -0 -v /srv/kshort
killall -0 -v /srv/kshort kshort
killall -0 -v srv/kshort
killall -0 -v ./srv/kshort
killall -0 -v /srv/../srv/kshort
killall -0 -v /srv/kveryverylongname1
killall -0 -v /srv/kscript
killall -0 -v /bin/sh
killall -0 -v /srv/nosuch
killall -0 -v kshort /srv/nosuch
killall -0 -v /srv/kreplaced
killall -v kreplaced
killall -0 -v /srv/kdeleted
killall -v kdeleted
killall -0 -v /srv
killall -0 -v srv/
killall -0 -e -v /srv/kveryverylongname3
killall -0 -e -v /srv/kexactly15charz
killall -0 -v /srv/krenamed
killall -0 -v -I /srv/KSHORT
killall -0 -r -v '^kshort$'
killall -0 -r -v '^k(short|twin)$'
killall -0 -r -v 'kshort' 'ktw.n'
killall -0 -r -v kshort kshort
killall -0 -r -v nosuch kshort
killall -0 -r -v '^k.*name[12]$'
killall -0 -r -v 'name3'
killall -0 -r -v '^kveryverylongna$'
killall -0 -r -v -e 'kvery'
killall -0 -r -v -I '^KTWIN'
killall -0 -r -v 'k\)x'
killall -0 -r -v 'k[+]'
killall -0 -r -v '^k$'
killall -0 -r -v '^[[:upper:]]'
killall -0 -r -v -I '^ku[[:lower:]]+$'
killall -0 -r -v 'worker$'
killall -0 -r -v /srv/kshort
killall -0 -r -v '('
killall -0 -r -v '*'
killall -0 -r -v 'k{2,1}'
killall -0 -r -v '[[:nosuch:]]'
killall -0 -r -v kshort 'a['
killall -0 -r -v '\d'
killall -0 -r -v '^ksh?ort' '^ktw*?in$'
killall -0 --regexp -v '\<ktwin\>'
killall -s HUP -v kshort
killall -s SIGHUP -v kshort
killall -s 1 -v kshort
killall -s1 -v kshort
killall -sHUP -v kshort
killall -HUP -v kshort
killall -SIGHUP -v kshort
killall -1 -v kshort
killall -v kshort -USR1
killall -v kshort -USR2 krenamed
killall --signal USR1 -v kshort
killall --signal=USR1 -v kshort
killall -signal USR1 -v kshort
killall --sig USR1 -v kshort
killall -INT -v kshort
killall -v -INT kshort
killall -v -ILL kshort
killall -v -VTALRM kshort
killall -v -WINCH kshort
killall -v -CHLD kshort
killall -v -POLL kshort
killall -v -IO kshort
killall -v -IOT kshort
killall -v -CLD kshort
killall -v -STKFLT kshort
killall -v -0 kshort
killall -v -s 0 kshort nosuch
killall -9 -v kshort
killall -9 -0 -v kshort
killall -s KILL -s 0 -v kshort
killall -15x -v kshort
killall -s 15x -v kshort
killall -s 99 -v kshort
killall -99 kshort
killall -34 -v kshort
killall -64 -v kshort
killall -65 -v kshort
killall -s FOO kshort
killall -s hup kshort
killall -s sighup kshort
killall -s '' kshort
killall -s -1 kshort
killall -s SIG kshort
killall -FOO kshort
killall -hup kshort
killall -SIGFOO kshort
killall -s RTMIN kshort
killall -s RTMIN+1 kshort
killall -SIGRTMIN kshort
killall -HUP -FOO kshort
killall -s
killall -s KILL
killall -9
killall --signal
killall -x kshort
killall -qx kshort
killall -% kshort
killall --nosuch kshort
killall --wait=1 kshort
killall -e=1 kshort
killall -h
killall --help
killall -U
killall -Iq kshort
killall -Vq kshort
killall -l
killall -l kshort
killall --list
killall --list-signals
killall -list
killall -lx
killall -FOO -l
killall -V
killall -0 --version
killall kshort -V
killall -0 -u root -v kshort
killall -0 -uroot -v kshort
killall --user root -v kshort kdaemon
killall -0 -user root -v kshort
killall -0 -userroot -v kshort
killall -u daemon
killall -0 -v -u daemon
killall -0 -v -u daemon kdaemon
killall -0 -v -u daemon kshort
killall -0 -v -u bin
killall -0 -v -u bin kmixed
killall -u nosuchuser kshort
killall -u 0 kshort
killall -u '' kshort
killall -0 -u root -u daemon -v kdaemon
killall -0 -v -u daemon -r '^kd'
killall -0 -v -y 1h kshort
killall -0 -v -y1h kshort
killall -0 -v -o 1h kshort
killall -0 -v -o 1h -y 2h kshort
killall -0 --younger-than 1d -v kshort
killall -0 --older-than 1w -v kshort
killall -0 -younger 1M -v kshort
killall -0 -v -y 1y kshort
killall -0 -v -y 5minutes kshort
killall -0 -v -y ' +1h' kshort
killall -y 1 kshort
killall -y 1x kshort
killall -y h kshort
killall -y '' kshort
killall -y -1h kshort
killall -y 0s kshort
killall -y 1.5h kshort
killall -o 1 kshort
killall -y
killall -0 -n @short@ -v kshort
killall -0 --ns @stage@ -v kshort
killall -0 -ns @stage@ -v kshort
killall -0 -n 0 -v kshort
killall -0 -n 1x -v kshort
killall -n x kshort
killall -n '' kshort
killall -n
killall -g -v kshort
killall -g -v kleader
killall -g -v kmember
killall -g kmember kleader
killall -g -v ktwin
killall -g -9 -v kmember
killall -g -0 -v kmember
killall -g -HUP -v kmember kshort
killall --process-group -v kleader
killall -gv kmember
killall -Z '(' kshort
killall -Z
killall -w nosuch
killall -0 -w -v -q nosuch
killall -wq -0 nosuch
killall -quiet nosuch
killall -qv kshort
killall -0 -verb kshort
killall -0 -vI KSHORT
killall -0 -v -interactive nosuch
killall -0 -v POSIX
""".strip().splitlines()

LINES = [line(text) for text in WORDS] + [
    line("killall -i -v kshort", "y\n"),
    line("killall -i -v kshort", "Y\n"),
    line("killall -i -v kshort", "yes\n"),
    line("killall -i -v kshort", "yep"),
    line("killall -i -v kshort", "n\n"),
    line("killall -i -v kshort", "No\n"),
    line("killall -i -v kshort", "\n"),
    line("killall -i -v kshort", ""),
    line("killall -i -v kshort", "maybe\ny\n"),
    line("killall -i -v kshort", " yes\ny\n"),
    line("killall -i -v kshort", "maybe\n"),
    line("killall -i -v ktwin", "n\ny\n"),
    line("killall -i -v ktwin", "y\nn\n"),
    line("killall -i -v ktwin kshort", "y\n"),
    line("killall -iq ktwin kshort", "n\n"),
    line("killall --interactive -9 kshort", "y\n"),
    line("killall -i -HUP kshort", "n\n"),
    line("killall -i -0 -v kshort", "y\n"),
    line("killall -gi kmember", "y\n"),
    line("killall -ig kmember", "y\n"),
    line("killall -i kveryverylongname1", "y\n"),
    line("killall -i kexactly15charz", "y\n"),
    line("killall -i -99 kshort", "y\n"),
    line("killall -v kshort", uid=65534),
    line("killall -v kshort kdaemon", uid=1),
    line("killall -q -v kshort", uid=65534),
    line("killall -v kdaemon", uid=1),
    line("killall -v /srv/kshort", uid=65534),
    line("killall -v /srv/kdaemon", uid=1),
    line("killall -v kmixed", uid=1),
    line("killall -v kmixed", uid=2),
    line("killall -g -v kmember", uid=65534),
    line("killall -i -v kshort", "y\n", uid=65534),
    line("killall -v -u daemon", uid=1),
    line("killall -v -r kda", uid=1),
    line("killall -v -e kveryverylongname1", uid=65534),
    Line(("killall", "-v", *[f"n{n}" for n in range(64)])),
    Line(("killall", "-v", *[f"n{n}" for n in range(65)])),
    Line(("killall", "-v", "k\udcff")),
    Line(("killall", "-v", "k\u00e9")),
    Line(("killall", "-r", "-v", "k\udcff")),
]

# Everything that is different on purpose, with why.
DIFFERENT = {
    "killall -0 -v /srv/kreplaced": "an upgrade replaced the file: its process is still meant",
    "killall -V": "our version",
    "killall -0 --version": "our version",
    "killall kshort -V": "our version",
    "killall -ig kmember <<<'y\\n'": "begins --ignore-case: see killall -vI KSHORT",
    "killall -0 -vI KSHORT": "theirs takes the next word for the name of a signal",
}


@pytest.fixture(scope="module")
def played() -> dict[str, tuple[Outcome, Outcome]]:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root and unshare for a process table of its own")
    if not Path("/usr/bin/killall").exists():
        pytest.skip("no killall of psmisc here")
    # Not below pytest's folder: other users cannot enter that.
    with tempfile.TemporaryDirectory() as folder:
        shims = lay_out(Path(folder), "killall")
        return {
            str(one): (theirs, ours) for one, theirs, ours in play(CAST, LINES, "/usr/bin", shims)
        }


@pytest.mark.parametrize("text", [str(one) for one in LINES])
def test_line(text: str, played: dict[str, tuple[Outcome, Outcome]]) -> None:
    found = differences(*played[text], "killall")
    if text in DIFFERENT:
        assert found, f"no longer differs: {DIFFERENT[text]}"
    else:
        assert not found, "\n".join(found)


def test_every_exception_is_about_a_line() -> None:
    assert DIFFERENT.keys() <= {str(one) for one in LINES}


def test_lines_are_many_and_each_once() -> None:
    assert len({str(one) for one in LINES}) == len(LINES) >= 150
