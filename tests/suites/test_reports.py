"""Which reports a caller gets, and what one that cannot be written costs."""

from __future__ import annotations

import argparse
import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from ct0_suites.expectations.files import Wrong
from ct0_suites.records import Result
from ct0_suites.reports import FORMATS, reports
from ct0_suites.reports.html import Html
from ct0_suites.reports.jsonlines import JsonLines
from ct0_suites.reports.nagios import Nagios
from ct0_suites.reports.progress import Progress
from ct0_suites.reports.text import Text
from ct0_suites.reports.wording import rank
from ct0_suites.reports.worst import Worst
from ct0_suites.reports.writing import check
from ct0_suites.running import Report, Summary, ended
from suites.reported import all_well, many, results, run, summary

MODULES = sorted(
    path.stem for path in Path(sys.modules[Html.__module__].__file__ or "").parent.glob("*.py")
)


def options(**given: Any) -> argparse.Namespace:
    names = dict.fromkeys(FORMATS)
    return argparse.Namespace(**{**names, "nagios": False, "verbose": False, **given})


def classes(given: argparse.Namespace) -> list[type[Report]]:
    return [type(each) for each in reports(given)]


def test_text_and_progress_for_people() -> None:
    assert classes(options()) == [Progress, Text]


def test_files_come_first_so_that_the_last_word_knows_of_them() -> None:
    given = options(html="x.html", jsonl="x.jsonl")
    assert classes(given) == [Progress, JsonLines, Html, Text]
    given = options(html="x.html", nagios=True)
    assert classes(given) == [Html, Nagios]


def test_what_is_written_to_standard_output_is_alone_there() -> None:
    assert classes(options(jsonl="-")) == [Progress, JsonLines]


@pytest.mark.parametrize(
    "given",
    [
        {"html": "-", "jsonl": "-"},
        {"nagios": True, "jsonl": "-"},
        {"html": "report", "junit": "report"},
    ],
)
def test_two_reports_do_not_go_to_one_place(given: dict[str, Any]) -> None:
    with pytest.raises(Wrong, match=r"two reports cannot both go to (standard output|report)"):
        reports(options(**given))


@pytest.mark.parametrize("name", FORMATS)
def test_standard_output(name: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    report = FORMATS[name]("-")
    report.begin(2, 12)
    report.end(summary(all_well()))
    said = capfdbinary.readouterr().out
    assert len(said) > 100
    assert said.endswith(b"\n")


@pytest.mark.parametrize("name", FORMATS)
def test_a_name_alone_is_a_file_here(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run(FORMATS[name]("report"), results())
    assert os.listdir(tmp_path) == ["report"]


@pytest.mark.parametrize("name", FORMATS)
def test_a_help_text_for_each(name: str) -> None:
    first = (FORMATS[name].__doc__ or "").partition("\n")[0]
    assert first.endswith(".")
    assert len(first) < 70


@pytest.mark.parametrize("name", FORMATS)
def test_what_cannot_be_written_is_said_before_the_run(name: str, tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="there is no folder"):
        FORMATS[name](str(tmp_path / "none/report")).begin(1, 1)


def test_a_report_that_cannot_be_written_costs_itself_and_makes_the_run_unknown(
    tmp_path: Path,
) -> None:
    class Full:
        def begin(self, nodes: int, expectations: int) -> None: ...
        def add(self, result: Result) -> None: ...
        def end(self, summary: Summary) -> None:
            raise Wrong("report.html: No space left on device")

    last = io.StringIO()
    whole = summary(all_well())
    assert whole.state == 0
    after = ended([Full(), Nagios(last)], whole)
    assert after.state == 3
    assert last.getvalue().startswith("CT0_VERIFY UNKNOWN - report.html: No space left on device,")
    assert ended([Full()], summary(list(results()))).state == 2


def test_progress_is_told_of_nodes() -> None:
    from contextlib import contextmanager

    from ct0_suites.judging import Judge
    from ct0_suites.running import Node, verify

    @contextmanager
    def nobody() -> Any:
        yield ()

    progress = Progress(io.StringIO())
    verify([Node("node1", nobody), Node("node2", nobody)], Judge([]), [progress])
    assert progress.done == progress.nodes == 2


def test_the_worst_are_kept() -> None:
    worst = Worst(10)
    everything = list(many(20))
    for result in everything:
        worst.add(result)
    kept = [rank(result) for result in worst]
    assert kept == sorted(map(rank, everything))[:10]
    assert worst.left == len(everything) - 10


def test_no_report_reads_or_knows_another() -> None:
    """A format may be taken away with its module and its line in the table."""
    shared = {"wording", "writing", "worst", "page"}
    folder = Path(sys.modules[Html.__module__].__file__ or "").parent
    for name in MODULES:
        if name == "__init__":
            continue
        text = (folder / f"{name}.py").read_text()
        others = set(MODULES) - shared - {name, "__init__"}
        assert not [other for other in others if f"reports.{other} import" in text]


def test_nothing_is_left_in_the_folder_for_temporary_files(tmp_path: Path) -> None:
    before = set(os.listdir(tmp_path))
    for name, form in FORMATS.items():
        report = form(str(tmp_path / name))
        report.begin(1, 1)
        report.end(summary([]))
    assert set(os.listdir(tmp_path)) - before == set(FORMATS)


def test_where_it_must_be_allowed_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is replaced needs its folder, one that is written needs itself."""
    asked = []
    monkeypatch.setattr("os.access", lambda path, mode: asked.append((path, mode)))
    report = tmp_path / "report"
    report.write_text("")
    for path, replaced in ((report, True), (report, False), (tmp_path / "new", False)):
        with pytest.raises(Wrong, match="may not be written: run as root"):
            check(str(path), replaced)
    folder = os.path.realpath(tmp_path)
    assert asked == [(each, os.W_OK) for each in (folder, f"{folder}/report", folder)]
