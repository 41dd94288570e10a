"""The page of ct0 verify --html in a real browser: how it looks, and what bad names do there."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from ct0_suites.records import Result
from ct0_suites.reports.html import Html
from suites.reported import HOSTILE, hostile, many, results, run

from .browser import ROOT, Browser, browser
from .run import Run

PICTURE = ROOT / "docs/images/verify-report.png"
WIDE = """const e = document.querySelector(arguments[0]); return e.scrollWidth - e.clientWidth"""
# Nothing that is folded is left out.
UNFOLD = "for (const e of document.querySelectorAll('details')) e.open = true"


@pytest.fixture(scope="module")
def window(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as window:
        yield window


@pytest.fixture(scope="module")
def plain_window(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """JavaScript is off."""
    with browser(tmp_path_factory.mktemp("chromium"), scripts=False) as window:
        yield window


def shown(window: Browser, folder: Path, found: Iterable[Result]) -> None:
    """The page of these results, opened."""
    path = folder / "report.html"
    run_report(path, found)
    window.open(path.as_uri())


def run_report(path: Path, found: Iterable[Result]) -> None:
    run(Html(str(path)), found)


def contents(window: Browser, selector: str) -> list[str]:
    """Their texts, whether or not they are on the screen just now."""
    script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
    found: list[str] = window.driver.execute_script(script, selector)
    return found


def visible(window: Browser, selector: str) -> int:
    script = """return [...document.querySelectorAll(arguments[0])]
        .filter((e) => e.checkVisibility()).length"""
    number: int = window.driver.execute_script(script, selector)
    return number


@pytest.mark.parametrize("width", [375, 768, 1440])
def test_hostile_names_are_text_and_run_nothing(
    window: Browser, tmp_path: Path, width: int
) -> None:
    window.window(width, 900)
    shown(window, tmp_path, hostile())
    window.driver.execute_script(UNFOLD)
    assert window.complaints() == []
    assert window.all("img") == []
    assert len(window.all("script")) == 1
    assert len(window.all(".subject")) == len(HOSTILE)
    names = contents(window, ".subject > summary h3")
    assert any("<script>alert(1)</script>" in name for name in names)
    assert all(name.isprintable() for name in names)
    assert window.driver.execute_script(WIDE, "html") <= 0
    window.window(1440, 900)


@pytest.mark.parametrize("name", ["script", "handler", "style", "image"])
def test_what_the_policy_forbids_does_not_happen(
    window: Browser, tmp_path: Path, name: str
) -> None:
    """Should a name ever get through unescaped, the browser refuses it."""
    planted = {
        "script": "<script>document.title = 'owned'</script>",
        "handler": "<b onmouseover=\"document.title='owned'\" id=evil>evil</b>",
        "style": "<style>body { display: none }</style>",
        "image": "<img src='http://127.0.0.1:9/x.png'>",
    }[name]
    path = tmp_path / "report.html"
    run_report(path, results())
    text = path.read_text()
    assert text.count("</h1>") == 1
    path.write_text(text.replace("</h1>", f"</h1>{planted}"))
    window.open(path.as_uri())
    if name == "handler":
        ActionChains(window.driver).move_to_element(window.one("#evil")).perform()
    assert window.driver.title == "CRITICAL · ct0 verify"
    assert window.one("h1").is_displayed()
    assert any("Content Security Policy" in each for each in window.complaints())


def test_a_filter_finds(window: Browser, tmp_path: Path) -> None:
    shown(window, tmp_path, results())
    assert window.texts("output") == ["73 results"]
    query = window.one("[name=q]")
    query.send_keys("node1/shop")
    assert window.texts("output") == ["12 of 73 results"]
    assert visible(window, ".subject") == visible(window, "#overview tbody tr") == 1
    query.send_keys(" 443")
    assert window.texts("output") == ["1 of 73 results"]
    assert contents(window, ".subject:not([hidden]) tr[data-r]:not([hidden]) b") == ["web-open"]
    query.send_keys(Keys.ENTER)
    assert window.driver.current_url.endswith("report.html")
    query.send_keys(" nothing of the kind")
    assert window.texts("output") == ["0 of 73 results"]
    assert window.one("#none").is_displayed()
    query.clear()
    query.send_keys(" ")
    assert window.texts("output") == ["73 results"]
    assert window.complaints() == []


def test_a_filter_by_outcome(window: Browser, tmp_path: Path) -> None:
    shown(window, tmp_path, results())
    for box in window.all("[name=r]"):
        if box.get_attribute("value") != "0":
            box.click()
    assert window.texts("output") == ["3 of 73 results"]
    assert contents(window, ".subject:not([hidden]) h3") == ["node1/shop", "node2", "node2/web1"]
    assert visible(window, ".well") == 0
    window.one("[name=r][value='5']").click()
    assert window.texts("output") == ["64 of 73 results"]
    window.one("[data-open='0']").click()
    assert visible(window, ".results") == 0
    window.one("[data-open='1']").click()
    assert visible(window, "tr[data-r]") == 64


def test_a_link_of_the_overview_unfolds(
    window: Browser, plain_window: Browser, tmp_path: Path
) -> None:
    for each in (window, plain_window):
        shown(each, tmp_path, results())
        (closed,) = each.all(".subject:not([open])")
        assert closed.get_attribute("data-row") == "o2"
        each.one(f"#{closed.get_attribute('data-row')} a").click()
        assert closed.get_attribute("open") is not None


def test_all_is_there_without_scripts(plain_window: Browser, tmp_path: Path) -> None:
    shown(plain_window, tmp_path, results())
    assert not plain_window.one("form").is_displayed()
    assert len(plain_window.all("tr[data-r]")) == 73
    for summary in plain_window.all(".subject:not([open]) > summary"):
        summary.click()
    for summary in plain_window.all(".well > summary"):
        summary.click()
    assert len([row for row in plain_window.all("tr[data-r]") if row.is_displayed()]) == 73


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 375])
def test_contrast(window: Browser, tmp_path: Path, scheme: str, width: int) -> None:
    window.scheme(scheme)
    window.window(width, 900)
    shown(window, tmp_path, results())
    window.driver.execute_script(UNFOLD)
    found = window.contrasts()
    assert [(round(each, 2), said) for each, said in found if each < 4.5] == []
    assert len(found) > 300
    window.scheme("light")
    window.window(1440, 900)


@pytest.mark.parametrize("width", [320, 375, 768, 1024, 1440])
def test_it_fits(window: Browser, tmp_path: Path, width: int) -> None:
    window.window(width, 900)
    shown(window, tmp_path, results())
    window.driver.execute_script(UNFOLD)
    assert window.driver.execute_script(WIDE, "html") <= 0
    if width < 768 or width >= 1024:
        assert window.driver.execute_script(WIDE, "#overview") <= 0
    window.window(1440, 900)


def test_headings_and_names_for_who_does_not_see_it(window: Browser, tmp_path: Path) -> None:
    shown(window, tmp_path, results())
    levels = [int(each.tag_name[1]) for each in window.all("h1, h2, h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:]))
    unnamed = """return [...document.querySelectorAll('input, button, [role=region], form')]
        .filter((e) => !(e.labels?.length || e.textContent.trim()
          || e.getAttribute('aria-labelledby')))
        .map((e) => e.outerHTML)"""
    assert window.driver.execute_script(unnamed) == []
    (cell,) = window.all("#o1 .cell.r0 .vh")
    assert cell.get_attribute("textContent") == "1 failed, 2 passed"


def test_keyboard(window: Browser, tmp_path: Path) -> None:
    shown(window, tmp_path, results())
    summary = window.one(".subject:not([open]) > summary")
    window.driver.execute_script("arguments[0].focus()", summary)
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    ActionChains(window.driver).send_keys(Keys.TAB).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(
        Keys.SHIFT
    ).perform()
    assert window.driver.execute_script(outline) != "none"
    before = len(window.all(".subject[open]"))
    ActionChains(window.driver).send_keys(Keys.ENTER).perform()
    assert len(window.all(".subject[open]")) == before + 1


def test_five_thousand_results_are_no_burden(window: Browser, tmp_path: Path) -> None:
    began = time.monotonic()
    shown(window, tmp_path, many())
    assert window.texts("output") == ["5000 results"]
    assert time.monotonic() - began < 10
    window.one("[name=q]").send_keys("node042")
    assert window.texts("output") == ["50 of 5000 results"]
    window.window(375, 900)
    assert window.driver.execute_script(WIDE, "html") <= 0
    window.window(1440, 900)


def test_picture(window: Browser, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """What the documentation shows. Kept with --update-golden."""
    path = PICTURE if request.config.getoption("--update-golden") else tmp_path / "picture.png"
    window.window(1280, 1180)
    shown(window, tmp_path, results())
    assert window.driver.save_screenshot(str(path))
    assert 20_000 < path.stat().st_size <= 200_000
    window.window(1440, 900)
