"""sysvinit's and procps' pidof against ours, line by line, on a host without containers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from shims.drop_in import Played, needs_root
from shims.incumbent import Line, line

NAMES = r"""
short
/srv/short
/srv/./short
/srv/deep/../short
srv/short
./short
/nosuch/short
/srv/nosuch
nosuch
deep/er/short
/srv/deep/er/short
er/short
a-name-of-27-characters-now
/srv/a-name-of-27-characters-now
a-name-of-27-ch
/srv/a-name-of-27-ch
a-name-of-27-c
fifteen-letters
sixteen-letters-
sixteen-letters
sym
/srv/sym
other-name
elsewhered
/usr/sbin/elsewhered
dashd
-- -dashd
-dashd
catd
/srv/catd
loginsh
-- -loginsh
/srv/loginsh
titled
titled:
'titled: worker process'
/srv/titled
titlep
/srv/titlep
'/srv/titlep: [idle] x'
titlep:
'titlep: [idle] x'
scriptd
/srv/scriptd
script-with-a-long-name
/srv/script-with-a-long-name
script-with-a-l
sh
/bin/sh
/usr/bin/sh
dash
/bin/dash
/usr/bin/dash
envd
/srv/envd
env
/usr/bin/env
'a name'
'/srv/a name'
a
'x) (y'
'/srv/x) (y'
x
caf
café
/srv/café
UPPER
upper
a.b
a?b
'a.*'
c++
4711
1000
gone
/srv/gone
'/srv/gone (deleted)'
'gone (deleted)'
upgraded
/srv/upgraded
zombie
undead
stopped
/srv/stopped
userd
/srv/userd
setuidd
leader
grouped
/srv/grouped
ttyd
envvar
python3
pidof
/
//
/srv/
/srv
.
..
short short
short sym
short nosuch
nosuch short
nosuch nosuch2
sym short sym
/srv/short short
short /srv/sym leader
/srv/short/ short
-s short
-s /srv/short
-s short sym
-s short short
-s nosuch short
-s /srv/gone /srv/upgraded
-x short
-x /srv/short
-x scriptd
-x /srv/scriptd
-x scriptd short
-x script-with-a-long-name
-x /srv/script-with-a-long-name
-x script-with-a-l
-x sh
-x /bin/sh
-x envd
-x /srv/envd
-x titled
-x /srv/titled
-x /srv/titlep
-x dashd
-x /srv/dashd
-x loginsh
-x /srv/loginsh
-x gone
-x /srv/gone
-x upgraded
-x /srv/upgraded
-x sym
-x /srv/sym
-x /nosuch/short
-x /nosuch/scriptd
-x undead
-x nosuch
-x /usr/sbin/elsewhered
-x 1000
-x -- --foo
-x pidof
-s -x scriptd
-sx scriptd short
-x -s /srv/short /srv/scriptd
-o @plain@ short
-o @plain@ /srv/short
-o @plain@ -o @plain2@ short
-o @plain@,@plain2@ short
-o @plain@;@plain2@ short
-o @plain@:@plain2@ short
-o@plain@ short
-o @newest@ -s short
-o @leader@ leader
-o @leader@ leader short
-o %PPID short
-o %PPID python3
-o %PPID,@plain@ short
-o 1 short
-o 99999 short
-o , @plain@
-o x short
-o @plain@x short
-o '' short
-o ,@plain@ short
-o @plain@,, short
-o -1 short
-o 0 short
-x -o %PPID -o @script@ scriptd
-o
-q short
-q nosuch
-q -x scriptd
-q -s short
-qs nosuch
-n short
-n /srv/short
-c short
-c /srv/short
-c -x scriptd
-c nosuch
-nxs short
-sn leader
-xs scriptd short
short -x scriptd
-s -- short
-- short
-- -x
short -- -s
-
- short
''
'' short
short ''

-s
-x
-q
-h
-y short
--nosuch short
"""

SYSV = r"""
-z undead
-z zombie
-z short
-z -x undead
-z
-zs undead short
-d , short
-d, short sym
-d '' leader
-d ', ' short
-d : -s short sym
-d
-d , nosuch
-q -d , short
-V
-m short
-w short
-t short
-S , short
--help
--single-shot short
"""

PROCPS = r"""
-w undead
-w zombie
-w short
-w titled
-w setuidd
-w titlep
-w loginsh
-w sh
-w -x scriptd
-w ''
-w -s short
-w a-name-of-27-ch
-S , short
-S , short sym
-S '' short
-S ', ' short
-S, -s short sym
-S , nosuch
-S
--separator , short
--separator=:: short
--single-shot short
--check-root short
--omit-pid @plain@ short
--omit-pid=@plain@,@plain2@ short
--quiet short
--quiet nosuch
--with-workers undead
--help
--version
-V
-?
-m short
-m -c -n -x scriptd
-c -m -o %PPID -x scriptd
-c -m -o @plain@ -o %PPID -x /srv/short
--sing short
--s short
-z undead
-t leader
-d , short
"""

NOT_ROOT = r"""
short
/srv/short
-c short
-c /srv/short
-x scriptd
-x /srv/scriptd
/srv/sym
/srv/gone
/srv/titled
-s /srv/short
userd
/srv/userd
-o %PPID short
"""


def lines(*texts: str) -> list[Line]:
    found = [line(f"pidof {text}") for group in texts for text in group.split("\n")[1:-1]]
    found += [line(f"pidof {text}", uid=1) for text in NOT_ROOT.split("\n")[1:-1]]
    found += [Line(("pidof", "new\nline")), Line(("pidof", "/srv/new\nline"))]
    found += [Line(("pidof", "caf\udce9")), Line(("pidof", "-x", "/srv/caf\udce9"))]
    return found


def personality(played: list[Line], name: str) -> list[Line]:
    return [
        one._replace(environment={**one.environment, "CT0_PIDOF": name})  # ours alone reads it
        for one in played
    ]


def with_variable(name: str, exceptions: dict[str, str]) -> dict[str, str]:
    return {f"pidof {text} CT0_PIDOF={name}": reason for text, reason in exceptions.items()}


# Each with the reason; one that no longer differs must go.
SAYS = "sysvinit logs to syslog unless stdin is a terminal; ours says on stderr what is wrong"
UNION = "options of either pidof are taken by both, since scripts were written for either"
ENDS = "procps takes kernel threads and zombies for a program whose path ends in a slash"
SYSV_EXCEPTIONS = with_variable(
    "sysv",
    {
        "-o": SAYS,
        "-d": SAYS,
        "-y short": SAYS,
        "--nosuch short": SAYS,
        "-h": "sysvinit's usage text does not begin with usage:",
        "-V": UNION,
        "-m short": UNION,
        "-w short": UNION,
        "-t short": UNION,
        "-S , short": UNION,
        "--help": UNION,
        "--single-shot short": UNION,
    },
)
PROCPS_EXCEPTIONS = with_variable(
    "procps",
    {
        "-V": "another program",
        "--version": "another program",
        "-dashd": UNION,
        "-d , short": UNION,
        "-t leader": UNION,
        "-z undead": UNION,
        "/": ENDS,
        "//": ENDS,
        "/srv/": ENDS,
        "/srv/short/ short": ENDS,
    },
)

SYSV_LINES = personality(lines(NAMES, SYSV), "sysv")
PROCPS_LINES = personality(lines(NAMES, PROCPS), "procps")
SYSV_PLAYED = Played(SYSV_LINES, "/usr/bin", "pidof")


def procps_pidof_folder() -> Path:
    """Debian ships procps without its pidof, so it is built from Debian's source package."""
    from lab.procps_pidof import procps_pidof

    return procps_pidof().parent


PROCPS_PLAYED = Played(PROCPS_LINES, procps_pidof_folder, "pidof")


@pytest.mark.parametrize("lines", [SYSV_LINES, PROCPS_LINES], ids=["sysv", "procps"])
def test_lines_are_many(lines: list[Line]) -> None:
    assert len(lines) >= 150


@needs_root
@pytest.mark.parametrize("number", range(len(SYSV_LINES)), ids=map(str, SYSV_LINES))
def test_line_comes_out_as_with_sysvinit(number: int) -> None:
    if os.path.realpath("/usr/bin/pidof") != "/usr/sbin/killall5":
        pytest.fail("/usr/bin/pidof is not sysvinit's: install Debian's sysvinit-utils")
    SYSV_PLAYED.check(number, SYSV_EXCEPTIONS)


@pytest.mark.lab
@pytest.mark.parametrize("number", range(len(PROCPS_LINES)), ids=map(str, PROCPS_LINES))
def test_line_comes_out_as_with_procps(number: int) -> None:
    PROCPS_PLAYED.check(number, PROCPS_EXCEPTIONS)


def test_exceptions_name_lines_that_are_played() -> None:
    assert set(SYSV_EXCEPTIONS) <= {str(one) for one in SYSV_LINES}
    assert set(PROCPS_EXCEPTIONS) <= {str(one) for one in PROCPS_LINES}
