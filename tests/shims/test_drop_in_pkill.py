"""procps' pkill against ours, line by line: what is said, and who died of which signal."""

from __future__ import annotations

import pytest

from shims.drop_in import Played, needs_root
from shims.incumbent import line
from shims.test_drop_in_pgrep import with_files

KILLS = r"""
short
-x short
-e -x short
-9 -x userd
-KILL -x userd
-SIGKILL -x userd
-sigusr1 -x userd
-x userd -9
-x -HUP userd
-e -9 leader -x
--signal 9 userd
--signal KILL -x userd
--signal SIGUSR2 -x userd
--signal=USR1 userd
--signal BOGUS userd
--signal 999 userd
-65 userd
-BOGUS userd
-0 short
-0 -e short
-0 -c short
-c userd
-c nosuch
-0 -ce short
-c -9 nosuch
nosuch
-e nosuch
-STOP -x userd
-CONT -x stopped
-CONT -e stopped
-0 undead
-9 -e undead
-e -f '^/srv/a-name'
-f /srv/leader
-e -f -9 worker
-u 1
-u 1 -9
-U 1 -x setuidd
-P 1 -x leader
-g @group@
-s @leader@
-t @tty@
-G 2 -9
-n -x short
-o -x short
-n -u 1
-no short
-F /srv/pidfile
-F /srv/pidfile -x short
-F /srv/pidfile -x nosuch
-F /srv/stale
-F /srv/nosuch
-L -F /srv/pidfile
-9 -F /srv/pidfile
--ns 1 -x userd
--ns 1 --nslist pid -x userd
-i -x UserD
-i -x -9 upper
-q 5 -x userd
-q 5 -USR1 -x userd
-v userd
-l userd
-a userd
-w userd
-d, userd
--inverse -f /
--inverse -0 -c .
-x 'userd|leader'
'(userd'
'[[:upper:]]'
-EXIT userd
-NULL -e userd
-RTMIN -x userd
-RTMIN+1 -x userd
-36 -x userd
-IOT -x userd
-CLD -x userd
-IO -x userd
-64 -x userd
-r T -9
-r Z -9
-A -x userd

-9
-9 -9 userd
-x userd leader
-h
-V
-y
-O 100000 userd
-0 pkill
-0 -f pkill
-0 -e .
a-name-of-27-characters-now
"""

NOT_ROOT = r"""
-x userd
-x short
-9 -u 0 -x leader
-e -x userd
-0 -c .
-x nosuch
"""

# In a session of its own: some lines signal their whole group.
LINES = [
    one._replace(session=True)
    for one in with_files("pkill", KILLS)
    + [line(f"pkill {text}", uid=1) for text in NOT_ROOT.split("\n")[1:-1]]
]

# Each with the reason; one that no longer differs must go.
EXCEPTIONS = {"pkill -V": "another program"}

PLAYED = Played(LINES, "/usr/bin", "pkill")


@needs_root
@pytest.mark.parametrize("number", range(len(LINES)), ids=map(str, LINES))
def test_line_comes_out_as_with_procps(number: int) -> None:
    PLAYED.check(number, EXCEPTIONS)


def test_exceptions_name_lines_that_are_played() -> None:
    assert set(EXCEPTIONS) <= {str(one) for one in LINES}
