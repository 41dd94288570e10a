"""What people see: text at the end, progress meanwhile."""

from __future__ import annotations

import io
from typing import Callable

import pytest

from ct0_suites.records import CRITICAL, CT0, FAILED, PASSED, WARNING, Result, Subject
from ct0_suites.reports.progress import Progress
from ct0_suites.reports.text import Text
from suites.reported import HOSTILE, NODE1, all_well, hostile, many, results, run, summary


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def text(found: list[Result], verbose: bool = False, **more: object) -> str:
    stream = io.StringIO()
    run(Text(stream, verbose), found, **more)
    return stream.getvalue()


def test_worst_first(golden: Callable[[str, str], None]) -> None:
    golden("verify/report.txt", text(list(results())))


def test_verbose_shows_what_passed(golden: Callable[[str, str], None]) -> None:
    golden("verify/report-verbose.txt", text(list(results()), verbose=True))


def test_all_is_well_in_one_line() -> None:
    assert text(all_well()) == (
        "OK: 61 passed, 0 failed, 4 not applicable in 3.2 s (6 targets of 2 nodes)\n"
    )


@pytest.mark.parametrize(
    ("severities", "told"),
    [
        ((WARNING,), "1 failed (a warning)"),
        ((WARNING, WARNING), "2 failed (warnings)"),
        ((WARNING, CRITICAL), "2 failed (1 of them a warning)"),
        ((WARNING, WARNING, CRITICAL), "3 failed (2 of them warnings)"),
        ((CRITICAL,), "1 failed"),
    ],
)
def test_warnings_are_told_from_failures(severities: tuple[str, ...], told: str) -> None:
    found = [Result("x", "ssh", NODE1, FAILED, each, ("wrong",)) for each in severities]
    assert f": 0 passed, {told} in 3.2 s" in text(found)


def test_nothing_judged_is_said_with_its_reason() -> None:
    assert text([], nothing="no nodes").splitlines() == [
        "Nothing was judged: no nodes.",
        "UNKNOWN: 0 passed, 0 failed in 3.2 s (0 targets of 0 nodes)",
    ]


def test_interrupted_is_said() -> None:
    said = text(all_well(), interrupted=True).splitlines()
    assert said[0] == "Interrupted before everything was judged."
    assert said[1].startswith("UNKNOWN: 61 passed")


def test_a_report_that_cannot_be_written_is_said() -> None:
    said = text(all_well(), trouble="/x/y.html: No space left on device").splitlines()
    assert said[0] == "/x/y.html: No space left on device."
    assert said[1].startswith("UNKNOWN: ")


def test_no_colour_and_no_width_where_there_is_no_terminal() -> None:
    said = text([Result("x", "ssh", NODE1, FAILED, problems=("long " * 60,))])
    assert "\033" not in said
    assert "long " * 60 in said


def test_a_terminal_gets_colour_and_its_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    found = [
        Result("x", "ssh", NODE1, FAILED, problems=("long " * 60,)),
        Result("y", "ssh", NODE1, PASSED),
    ]
    run(Text(stream, verbose=True), found)
    lines = stream.getvalue().splitlines()
    assert "\033[1;31mFAILED" in lines[1]
    assert all(len(line) <= 60 for line in lines[2:-3])
    assert " ".join(lines[2:-3]).split() == ["long"] * 60
    assert "\033[32mpassed" in lines[-3]


@pytest.mark.parametrize("variable", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_it_is_not_wanted(
    variable: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(*variable)
    stream = Terminal()
    run(Text(stream), results())
    assert "\033" not in stream.getvalue()


def test_hostile_texts_are_printable_and_their_lines_bounded() -> None:
    said = text(list(hostile()), verbose=True)
    assert all(character.isprintable() or character == "\n" for character in said)
    assert max(map(len, said.split("\n"))) < 1000


def test_an_ascii_stream_gets_question_marks() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    run(Text(stream), [Result("x", "ssh", NODE1, FAILED, problems=("größer",))])
    stream.flush()
    assert b"gr??er" in raw.getvalue()


def test_only_what_is_shown_is_kept() -> None:
    report = Text(io.StringIO())
    for result in many():
        report.add(result._replace(outcome=PASSED))
    assert report.kept == {}
    for _ in range(3):
        report.add(Result("x", "ssh", NODE1, FAILED, problems=tuple(["x" * 10000] * 1000)))
    ((first, *_),) = report.kept.values()
    assert sum(map(len, first.problems)) < 11000
    assert first.problems[-1] == "… and 980 more"


def test_progress_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ct0_suites.reports.progress.PAUSE", 0.0)
    monkeypatch.setenv("COLUMNS", "70")
    stream = Terminal()
    report = Progress(stream)
    found = list(results())
    report.begin(3, 12)
    for result in found:
        report.add(result)
    report.node_done()
    last = stream.getvalue().rpartition("\r")[2]
    assert last == "1 of 3 nodes, 73 results, 4 failed, 2 not judged: node3\033[K"
    report.end(summary(found))
    assert stream.getvalue().endswith("\r\033[K")
    assert "\n" not in stream.getvalue()


def test_progress_is_drawn_now_and_then_only() -> None:
    stream = Terminal()
    report = Progress(stream)
    report.begin(1, 1)
    for _ in range(1000):
        report.add(Result("x", "ssh", NODE1, PASSED))
    assert stream.getvalue().count("\r") < 50


def test_progress_stays_in_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ct0_suites.reports.progress.PAUSE", 0.0)
    monkeypatch.setenv("COLUMNS", "50")
    for name in HOSTILE:
        stream = Terminal()
        run(Progress(stream), [Result("x", "ssh", Subject(name, CT0), PASSED, CRITICAL)])
        drawn = stream.getvalue().replace("\033[K", "").split("\r")
        assert all(part.isprintable() and len(part) < 50 for part in drawn)


def test_no_progress_without_a_terminal() -> None:
    stream = io.StringIO()
    run(Progress(stream), results())
    assert stream.getvalue() == ""


def test_a_terminal_that_went_away_costs_the_progress_only() -> None:
    class Gone(Terminal):
        def write(self, text: str) -> int:
            raise OSError(5, "Input/output error")

    run(Progress(Gone()), results())
