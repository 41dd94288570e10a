"""The bench of the suites is played, and every answer in it is right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bench.suites import (
    EXPECTED,
    Cost,
    Questions,
    Remembering,
    asked,
    growth,
    lay_out,
    row,
    run,
    settled,
)

from ct0_suites.expectations.load import load
from ct0_suites.transport import Output

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def test_it_is_played(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    options = ["--hosts=1", "--hosts=2", "--runs=1", "--beside=1", f"--json={record}"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.suites", *options],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    figures = {each["what"]: each["value"] for each in json.loads(record.read_text())}
    assert len(figures) == 9
    assert all(value > 0 for value in figures.values())


def test_fifty_questions_of_this_machine(tmp_path: Path) -> None:
    questions = asked()
    assert sum(map(len, questions)) == EXPECTED
    lay_out(tmp_path, questions)
    assert len(load([str(tmp_path / "site.yaml")])) == EXPECTED


def test_only_numbers_that_stay_are_asked(tmp_path: Path) -> None:
    for name, text in {"tainted": "1", "a": "1 2", "b": "-1", "c": "\xb2", "d": "7\n"}.items():
        (tmp_path / name).write_text(text)
    assert {name: settled(tmp_path / name) for name in ("tainted", "a", "b", "c", "d", "e")} == {
        **dict.fromkeys(("tainted", "a", "b", "c", "e"), ""),
        "d": "7",
    }


def test_a_wrong_answer_is_no_figure(tmp_path: Path) -> None:
    lay_out(tmp_path, Questions({"kernel.cap_last_cap": "7"}, {"/proc": "ext4"}, ["x"]))
    with pytest.raises(SystemExit, match=r"bench: .*wait status"):
        run([sys.executable, "-m", "bench.suites", "--in-memory", str(tmp_path), "1"], tmp_path)


def test_a_command_is_asked_once() -> None:
    class Counting:
        asked = 0

        def run(self, command: str, stdin: bytes, timeout: float) -> Output:
            self.asked += 1
            return Output(0, command.encode(), b"")

    counting = Counting()
    transport = Remembering(counting)
    said = [transport.run(command).stdout for command in ("a", "b", "a")]
    assert (said, counting.asked) == ([b"a", b"b", b"a"], 2)


def test_growth_is_that_of_a_hosts_share() -> None:
    figures = growth("x", (10, 20, 100), [[Cost(1, 2, 50), Cost(9, 9, 99), Cost(11, 30, 55)]])
    assert [round(figure.value, 3) for figure in figures] == [1.1, 1.5, 1.1]
    assert [figure.met for figure in figures] == [True, False, True]
    rounds = [[Cost(1, 1, 1), Cost(each, each, each)] for each in (1, 2, 30)]
    assert [figure.value for figure in growth("x", (10, 20), rounds)] == [1, 1, 2]
    assert row(10, Cost(1, 2, 50)).split() == ["10", "1.00", "2.00", "100.0", "200.0", "50.0"]
