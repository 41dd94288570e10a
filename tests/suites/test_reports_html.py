"""The page: self-contained, escaped, bounded. How it looks is tests/lab/test_report_page.py's."""

from __future__ import annotations

import base64
import hashlib
import re
import tracemalloc
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from ct0_suites.records import CRITICAL, CT, FAILED, PASSED, Result, Subject
from ct0_suites.reports.html import Html
from suites.reported import DEAD, HOSTILE, NODE1, all_well, hostile, many, results, run

# Elements that have no end.
VOID = {"meta", "link", "input", "br"}
NAMES = """
    html head title style body header span h1 h2 h3 p time main section dl div dt dd svg rect form
    label fieldset legend button output table thead tbody tr th td a bdi small details summary b ul
    li footer script
"""
ELEMENTS = VOID | set(NAMES.split())


class Page(HTMLParser):
    """Elements, attributes and texts; elements that do not close as they opened are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.source: dict[str, str] = {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            self.source[self.open[-1]] = data
        else:
            self.texts.append(data)

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.found
            if name == tag and wanted.items() <= attributes.items()
        ]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def page(folder: Path, found: Iterable[Result], **more: object) -> Page:
    path = folder / "report.html"
    run(Html(str(path)), found, **more)
    return Page(path.read_text(encoding="utf-8"))


def test_nothing_is_loaded_from_anywhere(tmp_path: Path) -> None:
    found = page(tmp_path, results())
    assert {tag for tag, _ in found.found} <= ELEMENTS
    (policy,) = found.all("meta", **{"http-equiv": "Content-Security-Policy"})
    rules = dict(rule.split(" ", 1) for rule in str(policy["content"]).split("; "))
    for kind in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(found.source[kind].encode()).digest()).decode()
        assert rules.pop(f"{kind}-src") == f"'sha256-{digest}'"
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    for _, attributes in found.found:
        assert "src" not in attributes
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    assert not re.search(r"url\(|@import|https?:", found.source["style"])


def test_what_it_says(tmp_path: Path) -> None:
    said = page(tmp_path, results()).text
    assert said.startswith(
        "CRITICAL · ct0 verify ct0 verify 4 of 73 results failed CRITICAL "
        "25 November 2025, 17:00 UTC , took 3.2 s"
    )
    for text in (
        "Failed 4 3 critical, 1 warning",
        "Not judged 2 unknown",
        "Passed 61 88 % of what applies",
        "tcp 443 from anywhere is not accepted on input: it meets the policy DROP",
        "expired 2025-11-01 web@example.com cron comes with the new image cron-runs on node2/web1",
        "until 2025-12-31 ops@example.com keys are being replaced, ticket 4711 root-keys on "
        "node1/shop root-keys on node1/db",
        "No route to host",
        "2 more /etc/init.d/named:58",
    ):
        assert text in said


def test_links_lead_to_what_is_there(tmp_path: Path) -> None:
    found = page(tmp_path, results())
    names = [attributes["id"] for _, attributes in found.found if "id" in attributes]
    assert len(names) == len(set(names))
    links = [str(each["href"])[1:] for each in found.all("a")]
    assert len(links) == 7
    assert set(links) <= set(names)
    rows = {each["data-row"] for each in found.all("details") if "data-row" in each}
    assert rows == {f"o{number}" for number in range(7)}
    labels = [each["aria-labelledby"] for each in found.all("section") if "aria-labelledby" in each]
    assert set(labels) <= set(names)


def test_what_is_in_trouble_is_unfolded(tmp_path: Path) -> None:
    found = page(tmp_path, results())
    subjects = [each for each in found.all("details") if "data-row" in each]
    assert ["open" in each for each in subjects].count(True) == 6
    subjects = [each for each in page(tmp_path, many()).all("details") if "data-row" in each]
    assert ["open" in each for each in subjects].count(True) == 20
    subjects = [each for each in page(tmp_path, all_well()).all("details") if "data-row" in each]
    assert ["open" in each for each in subjects].count(True) == 0


def test_what_is_well_is_folded_once_more(tmp_path: Path) -> None:
    said = page(tmp_path, results()).text
    for text in (" 0.01 s 11 passed Outcome ", " 9 passed, 1 not applicable Outcome "):
        assert text in said
    assert not page(tmp_path, all_well()).all("details", **{"class": "well"})


@pytest.mark.parametrize(
    ("found", "more", "text"),
    [
        ([], {"nothing": "no <b>nodes</b>"}, "Nothing was judged: no <b>nodes</b>."),
        (all_well(), {"interrupted": True}, "Interrupted before everything was judged."),
        (all_well(), {"trouble": "x.xml: No space left"}, "X.xml: No space left."),
    ],
)
def test_a_run_that_proves_nothing_says_so(
    tmp_path: Path, found: list[Result], more: dict[str, object], text: str
) -> None:
    shown = page(tmp_path, found, **more)
    assert shown.all("p", **{"class": "state state3"})
    assert text in shown.text
    assert "UNKNOWN" in shown.text


def test_all_is_well(tmp_path: Path) -> None:
    shown = page(tmp_path, all_well())
    assert shown.all("p", **{"class": "state state0"})
    assert "61 of 65 results passed" in shown.text


def test_the_title_tells_the_worst(tmp_path: Path) -> None:
    dead = [each for each in results() if each.subject == DEAD]
    for found, title in (
        (list(results()), "4 of 73 results failed"),
        ([*all_well(), *dead], "1 of 66 results could not be judged"),
        (all_well(), "61 of 65 results passed"),
        (dead, "Nothing was judged"),
    ):
        assert f" ct0 verify ct0 verify {title} " in page(tmp_path, found).text


def test_less_than_all_is_never_a_hundred_percent(tmp_path: Path) -> None:
    found = [Result(f"x{number}", "ssh", NODE1, PASSED) for number in range(999)]
    found.append(Result("y", "ssh", NODE1, FAILED, CRITICAL, ("wrong",)))
    assert "999 99 % of what applies" in page(tmp_path, found).text


def test_hostile_names_are_text(tmp_path: Path) -> None:
    found = page(tmp_path, hostile())
    assert {tag for tag, _ in found.found} <= ELEMENTS
    assert len(found.all("script")) == len(found.all("style")) == 1
    for _, attributes in found.found:
        assert not any(name.startswith("on") for name in attributes)
    for name in ("<script>alert(1)</script>", "</style><img src=x onerror=alert(1)>"):
        assert name in found.text
    everything = "".join(found.texts) + "".join(
        value or "" for _, attributes in found.found for value in attributes.values()
    )
    assert all(character.isprintable() or character == "\n" for character in everything)
    assert len(found.all("details", **{"class": "subject box"})) == len(HOSTILE)


def test_containers_of_one_name_are_two(tmp_path: Path) -> None:
    twins = [Subject("node1", CT, engine, engine, "web1") for engine in ("lxc", "docker")]
    shown = page(tmp_path, [Result("x", "ssh", twin, PASSED) for twin in twins])
    assert len(shown.all("details", **{"class": "subject box"})) == 2


def test_memory_does_not_grow_with_results(tmp_path: Path) -> None:
    """Rows wait in a file: ten times the results of the same targets are not ten times as much."""

    def peak(expectations: int) -> int:
        report = Html(str(tmp_path / "report.html"))
        tracemalloc.start()
        for result in many(10, expectations):
            report.add(result)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        run(report, [])
        return most

    small, large = peak(100), peak(1000)
    # What is kept of a row are two numbers.
    assert large - small < 9000 * 250


def test_a_hundred_hosts_with_fifty_expectations(tmp_path: Path) -> None:
    shown = page(tmp_path, many())
    assert len(shown.all("details", **{"class": "subject box"})) == 100
    rows = [each for each in shown.all("tr") if "data-r" in each]
    assert len(rows) == 5000
    assert (tmp_path / "report.html").stat().st_size < 2_000_000
