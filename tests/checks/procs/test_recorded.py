"""Lines of ps: sscanf's rules, and nothing in them breaks a plugin's line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.procs.both import THEIRS, incumbent
from ct0_checks.procs.recorded import parse_row, rows, seconds
from ct0_checks.procs.row import base_name, first_word, harmless

GOOD = "Ss       0   900     1  10000  5000  0.5       05:00 sshd            /usr/sbin/sshd -D  "


def test_good() -> None:
    row = parse_row(GOOD)
    row.settle()
    assert row.whole
    assert (row.stat, row.uid, row.pid, row.ppid) == ("Ss", 0, 900, 1)
    assert (row.vsz, row.rss, row.pcpu, row.seconds) == (10000, 5000, 0.5, 300)
    assert (row.prog, row.args) == ("sshd", "/usr/sbin/sshd -D")


@pytest.mark.parametrize(
    "text", ["", "\n", "STAT\n", "STAT\n\n", "STAT\nS 0 1\n", "STAT\nnonsense"]
)
def test_empty_and_truncated(text: str) -> None:
    assert [row for _, row in rows(text) if row is not None] == []


def test_only_a_zombies_line_may_end_early_and_keeps_what_it_lacks_of_the_one_before() -> None:
    found = [row for _, row in rows(f"STAT\n{GOOD}\nZ 7 901\nS 8 902\n")]
    assert found[2] is None
    zombie = found[1]
    assert zombie is not None
    assert (zombie.uid, zombie.pid, zombie.ppid, zombie.etime) == (7, 901, 1, "05:00")
    assert (zombie.prog, zombie.args) == ("", "")


def test_kernel_threads_are_kthreadds_children_and_before_it_those_of_0() -> None:
    text = "STAT\n" + "".join(
        f"S 0 {pid} {ppid} 0 0 0.0 00:00 {name} x\n"
        for pid, ppid, name in [(1, 0, "init"), (2, 0, "kthreadd"), (3, 2, "kworker"), (9, 1, "x")]
    )
    assert [row.is_kernel for _, row in rows(text) if row] == [True, False, True, False]


@pytest.mark.parametrize(
    ("etime", "value"),
    [("05:00", 300), ("1:2:3", 3723), ("2-00:00:00", 172800), ("1-2", 93600), ("5", 0), ("", 0),
     ("1:2:3:4", 0), ("x", 0), ("-5", -432000), ("2:-1", 172800), ("24855-03:14:08", -(1 << 31)),
     ("3:x", 180), (":1", 0), ("1-x:1:1", 86400), ("4a:5", 240)],
)  # fmt: skip
def test_elapsed_time_in_seconds(etime: str, value: int) -> None:
    assert seconds(etime) == value


@pytest.mark.parametrize(
    ("path", "name"),
    [("a", "a"), ("a/b", "b"), ("f2b/server", "server"), ("a/", "a/"), ("/", "/"), ("//", "/"),
     ("/a//b//", "b/"), ("", "")],
)  # fmt: skip
def test_base_name(path: str, name: str) -> None:
    assert base_name(path) == name


def test_a_name_with_blanks_leaves_its_rest_to_the_arguments() -> None:
    assert first_word("tmux: server    tmux new -s x ") == ("tmux:", "server    tmux new -s x")
    assert first_word("   lead         /bin/x") == ("lead", "/bin/x")


@given(st.text())
def test_whatever_a_process_calls_itself_stays_on_the_line(text: str) -> None:
    shown = harmless(text)
    assert shown.isprintable()
    assert not set("|<>`$\\;").intersection(shown)


@given(st.text(), st.text())
def test_garbage_never_raises(text: str, line: str) -> None:
    list(rows(text))
    row = parse_row(line)
    if row.whole:
        row.settle()


WORDS = st.text(alphabet="SRZs+0123456789-.: \t/abx", max_size=40)
ONE = st.one_of(WORDS, st.builds("S 0 {} 1 2 3 {} {} a/b {}".format, st.integers(5 << 20, 6 << 20),
                                 WORDS, WORDS, WORDS))  # fmt: skip


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    incumbent()
    return tmp_path_factory.mktemp("fuzz") / "ps"


@pytest.mark.machine  # where theirs has no small number as its PID, or as its parent's
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ONE, min_size=1, max_size=6))
def test_the_original_counts_the_same_lines(table: Path, lines: list[str]) -> None:
    text = "STAT\n" + "\n".join(lines) + "\n"
    table.write_text(text)
    run = [THEIRS, f"--input-file={table}", "-P", "0.0", "-z", "0", "-r", "0", "-C", "b"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    found = [row for _, row in rows(text) if row is not None]
    count = sum(
        # Theirs leaves out its parent.
        row.numbers[1] != os.getpid()
        and row.prog == "b"
        and row.pcpu >= 0
        and row.numbers[3] >= 0
        and row.numbers[4] >= 0
        for row in found
    )
    if not found:
        assert done.stdout == "Unable to read output\n"
    else:
        assert done.stdout.startswith(f"PROCS OK: {count} process")
