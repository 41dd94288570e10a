"""The work is done whether or not anybody can be told: closed streams, full disks."""

from __future__ import annotations

import pytest

from shims.private import run_private

# With a copy of sleep under two names in a process table of its own: which of them are left?
PROGRAM = """
import shutil, tempfile
folder = tempfile.mkdtemp()
programs = [folder + "/ct0streama", folder + "/ct0streamb"]
daemons = []
for program in programs:
    shutil.copy("/usr/bin/sleep", program)
    daemons.append(start(program, "1000"))
line = sys.argv[1].format(a=programs[0], b=programs[1])
words = " ".join("'" + word.replace("'", "'\\\\''") + "'" for word in SHIM)
done = subprocess.run(["sh", "-c", words + " " + line], capture_output=True, text=True)
wait_for(lambda: all(state(one.pid) in "SZ" for one in daemons))
shutil.rmtree(folder)
print(done.returncode, " ".join(state(one.pid).replace("S", "alive") for one in daemons))
print(done.stdout + done.stderr, end="")
"""


@pytest.mark.parametrize(
    "line",
    [
        "killall -v ct0nosuch ct0streama ct0streamb 2>&-; [ $? = 1 ]",
        "killall -v ct0streama ct0streamb 2>&-",
        "killall -v ct0streama ct0streamb 2>/dev/full",
        "killall -v ct0streama ct0streamb <&- >&- 2>&-",
        "pkill -e ct0stream >&-",
        "pkill -e ct0stream >/dev/full",
    ],
)
def test_everybody_is_signalled(line: str) -> None:
    assert run_private(PROGRAM, line) == "0 Z Z\n"


@pytest.mark.parametrize("output", [">&-", ">/dev/full", "<&- >&- 2>&-"])
def test_killproc_waits_and_answers_all_the_same(output: str) -> None:
    assert run_private(PROGRAM, "killproc -v {a} " + output) == "0 Z alive\n"


@pytest.mark.parametrize("closed", ["", "<&-", "2>&-", "<&- 2>&-"])
def test_pidof_with_closed_streams(closed: str) -> None:
    found = run_private(PROGRAM, f"pidof ct0streama {closed}").split()
    assert found[:3] == ["0", "alive", "alive"]
    assert len(found) == 4
    assert found[3].isdigit()


def test_pidof_that_cannot_say_what_it_found_says_so() -> None:
    assert run_private(PROGRAM, "pidof ct0streama >/dev/full").startswith("1 alive alive\npidof: ")
