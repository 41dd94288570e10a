"""ct0-last-run: what NRPE is told of a scheduled run, and never OK where nobody knows."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[2] / "puppet/files/ct0-last-run"


def told(*arguments: object) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", str(PROGRAM), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def last_run(tmp_path: Path) -> Path:
    path = tmp_path / "last-run"
    path.write_text("2\nCT0_VERIFY CRITICAL - it | a=1\nit: is 'so'\n")
    return path


def test_status_and_text_are_the_runs(last_run: Path) -> None:
    assert told(last_run, 60) == (2, "CT0_VERIFY CRITICAL - it | a=1\nit: is 'so'\n")


@pytest.mark.parametrize(("age", "text"), [(100, "ended 10"), (-400, "the clock was set back")])
def test_a_run_of_another_time_is_unknown(last_run: Path, age: int, text: str) -> None:
    then = time.time() - age
    os.utime(last_run, (then, then))
    status, said = told(last_run, 60)
    assert (status, said.count("\n"), said.count("|")) == (3, 1, 0)
    assert said.startswith("UNKNOWN - ")
    assert text in said


@pytest.mark.parametrize("content", ["", "\n", "OK\nall is well\n", "4\nx\n", "00\nx\n"])
def test_what_is_no_result_is_unknown(last_run: Path, content: str) -> None:
    last_run.write_text(content)
    assert told(last_run, 60)[0] == 3


def test_no_run_and_no_file_are_unknown(tmp_path: Path) -> None:
    assert told(tmp_path / "none", 60) == (3, f"UNKNOWN - {tmp_path}/none: no run has ended yet\n")
    assert told(tmp_path, 60)[0] == 3
    assert told(tmp_path / "none")[0] == 3
