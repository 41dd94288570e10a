"""procps' pgrep against ours, line by line, on a host without containers."""

from __future__ import annotations

import pytest

from shims.drop_in import Played, needs_root
from shims.incumbent import Line, line

PATTERNS = r"""
short
-x short
-c short
-l short
-a short
-l .
-a .
.
^short$
-x .*
-x nosuch
nosuch
-c nosuch
-l -c short
-d, short
-d , -l short
-d '' short
--delimiter=: short
-ld' ' short
-x 'short|sym'
-x '(short|sym)'
'^(short|sym)$'
'[[:upper:]]'
'[[:digit:]]+'
'^[a-c]'
'^[^a-z]'
'a.b'
'a\.b'
'c\+\+'
'c++'
'c+'
-x 'c\+\+'
'(short'
'short)'
'[short'
'[[:nosuch:]]'
'*'
'+'
'a{1,2}'
'a{2,1}'
'a{'
'\'
''
-x ''
-f ''
-i upper
-x -i upper
-x upper
-i 'UP+ER'
-f short
-f -l short
-f -a short
-fa /srv/short
-f '/srv/short 1000'
-f '^/srv/short 1000$'
-fx '/srv/short 1000'
-f 1000
-fx 1000
-f worker
-f 'titled: worker process$'
-f defunct
-f undead
undead
-l undead
-a undead
-l caf
-a caf
'caf.'
-x 'caf.'
'caf\?'
-l new
-a new
'new.line'
'x\) '
-l 'x\)'
'a name'
-x 'a name'
-f '[u]ser'
a-name-of-27-ch
-x a-name-of-27-ch
a-name-of-27-characters-now
-x a-name-of-27-characters-now
-f a-name-of-27-characters-now
fifteen-letters
sixteen-letters
sixteen-letters-
loginsh
-f -- -loginsh
-- -dashd
dashd
-f dashd
envvar
-a envvar
envd
-a sh
scriptd
-x scriptd
-a scriptd
script-with-a-lo
pgrep
-f pgrep
-c pgrep
-a python
-v short
-v -x short
-v -c short
-v -l -f 1000
-v .
-vc .
-v nosuch
-n short
-o short
-n .
-o .
-n -x userd
-no short
-nv short
-vo short
-nn short
-vv short
-n
-o
-n -l short
-on
-i -i short
-w short
-w -l short
-lw .
-A short
-A .
-A python
"""

CRITERIA = r"""
-u 1
-u daemon
-u bin
-u root short
-u 0 short
-u 1,65534
-u daemon,nobody
-u nosuch-user
-u ''
-u 1, -l
-u ,
-u -1
-u +1
-u 99999999999999999999
-u 1x
-U 1
-U 3
-U 1 -l .
-u 3 -l
-l -u 3 -U 1
-G 2
-G bin -l
-G nosuch-group
-G 2,65534
-G ''
-P 1
-P 1 short
-P 2
-P @stage@ -l short
-P x
-P 1,x
-P ''
-P 0
-g @group@
-g @group@ -l
-g @group@,@leader@
-g 0
-g 0 -l .
-g x
-g @plain@
-s @leader@
-s 1 short
-s 0 -l short
-s 0
-s x
-s @leader@,@terminal@
-t @tty@
-l -t @tty@
-t /dev/@tty@
-t nosuch
-t '?' -l short
-t '?',@tty@ -c
-t pts/9999
-t tty1
-t ''
-r S short
-r T
-r Z
-l -r ZT
-r T,Z
-r X
-r ''
-O 0 short
-O 100000
-O 100000 short
-O x short
-O 0 -c .
-l -P 1 -u 1
-P 1 -u 1 nosuch
-x -u 65534 short
-u 65534 -v short
-v -u 0
-F /srv/pidfile
-F /srv/pidfile short
-F /srv/pidfile nosuch
-F /srv/pidfile -l
-L -F /srv/pidfile
-L short
-F /srv/nosuch
-F /srv/empty
-F /srv/text
-F /srv/spaced
-F /srv/two
-F /srv/trailing
-F /srv/stale
-F /srv/zero
-F /srv
-v -F /srv/pidfile short
-F /srv/pidfile -F /srv/spaced
--ns 1 short
--ns 1 -l .
--ns @plain@
--ns @plain@ -c
--ns 1 --nslist pid short
--ns 1 --nslist mnt short
--ns 1 --nslist ipc,net short
--ns 1 --nslist bogus short
--ns 1 --nslist '' short
--nslist pid short
--nslist pid
--ns 0 short
--ns abc short
--ns 99999 short
--cgroup / short
--cgroup /nosuch short
--cgroup ''
--signal 9 short
--signal BOGUS short
--list-name short
--list-full short
--inverse --count short
--newest short
--exact short
--ignore-case upper
--older 0 short
--parent 1 -c
--euid 1
--uid 1
--group 2
--terminal @tty@
--session @leader@
--pgroup @group@
--runstates T
--pidfile /srv/pidfile
--logpidfile --pidfile /srv/pidfile
--lightweight short
--ignore-ancestors short
--full 1000
--exa short
--list short
--pi /srv/pidfile
--nosuch
--exact=1 short
--delimiter
-d
-y
-9 short
-x
-l
-c

short sym
short sym leader
--help
-h
-V
-?
-- short
-l -- short
-- -x short
"""

NOT_ROOT = r"""
short
-l .
-f worker
-u 1
-P 1 -c
-g 0
"""

FILES = {
    "pidfile": "@plain@\n",
    "empty": "",
    "text": "plain\n",
    "spaced": "  @plain2@  \n",
    "two": "@plain@ @plain2@\n",
    "trailing": "@plain@x\n",
    "stale": "4999\n",
    "zero": "0\n",
}


def with_files(command: str, lines: str) -> list[Line]:
    return [line(f"{command} {text}")._replace(files=FILES) for text in lines.split("\n")[1:-1]]


LINES = (
    with_files("pgrep", PATTERNS)
    + with_files("pgrep", CRITERIA)
    + [line(f"pgrep {text}", uid=1) for text in NOT_ROOT.split("\n")[1:-1]]
    + [
        line(text, LC_ALL=locale)
        for locale in ("C", "C.UTF-8", "POSIX", "nosuch")
        for text in ("pgrep -l caf", "pgrep -a new", "pgrep -x 'caf.'", r"pgrep -x 'caf\?'")
    ]
)

# Each with the reason; one that no longer differs must go.
PRIVATE = "--ns of one of CT0's own means all of CT0's own; a zombie has no mount namespace left"
EXCEPTIONS = {
    "pgrep --ns 1 -l .": PRIVATE,
    "pgrep --ns @plain@": PRIVATE,
    "pgrep --ns @plain@ -c": PRIVATE,
    "pgrep --pi /srv/pidfile": "--pid is an option since procps 4.0.6: the short form is ambiguous",
    "pgrep -V": "another program",
}

PLAYED = Played(LINES, "/usr/bin", "pgrep")


def test_lines_are_many() -> None:
    assert len(LINES) >= 150


@needs_root
@pytest.mark.parametrize("number", range(len(LINES)), ids=map(str, LINES))
def test_line_comes_out_as_with_procps(number: int) -> None:
    PLAYED.check(number, EXCEPTIONS)


def test_exceptions_name_lines_that_are_played() -> None:
    assert set(EXCEPTIONS) <= {str(one) for one in LINES}
