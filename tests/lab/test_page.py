"""The live page in a real browser, of real containers and of a made-up host with bad names."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from live_host import HOSTILE, hostile_host

from .browser import ROOT, Browser, Served, browser, contrast, eventually, exporter
from .ct import CT
from .run import Run

IMAGES = ROOT / "docs/images"


# Every element and text below one, whatever the order of attributes. Sparklines go on with time.
PARTS = """
const parts = (node) => node.nodeType === Node.TEXT_NODE ? node.data.trim() : [
  node.localName,
  [...node.attributes].filter((a) => a.name !== "d").map((a) => `${a.name}=${a.value}`).sort(),
  [...node.childNodes].map(parts).filter((part) => part !== ""),
];
return parts(document.querySelector(arguments[0])).flat(Infinity);
"""


@pytest.fixture(scope="module")
def window(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as window:
        yield window


@pytest.fixture(scope="module")
def plain_window(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """JavaScript is off."""
    with browser(tmp_path_factory.mktemp("chromium"), scripts=False) as window:
        yield window


@pytest.fixture(scope="module")
def served(run: Run) -> Iterator[Served]:
    """This machine's."""
    with exporter() as served:
        yield served


@pytest.fixture(scope="module")
def hostile(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with exporter(str(hostile_host(tmp_path_factory.mktemp("hostile")))) as served:
        yield served


def loaded(window: Browser, address: str) -> None:
    """Opened, and drawn by the script."""
    window.open(address)
    window.complaints()  # of the page before
    drawn = "return performance.getEntriesByType('resource').some(r => /api/.test(r.name))"
    eventually("the script's answer", lambda: bool(window.driver.execute_script(drawn)))
    eventually("the script's rows", lambda: bool(window.texts("#rows tr")))


def test_it_lists_the_labs_containers(window: Browser, served: Served, lxc: CT, docker: CT) -> None:
    loaded(window, served.address)
    rows = [text.split() for text in window.texts("#rows tr")]
    for ct in (lxc, docker):
        (mine,) = [row for row in rows if row[0] == ct.name]
        assert ct.engine in mine
        assert "running" in mine
    assert window.texts("#own .name .title") == ["CT0"]
    assert window.complaints() == []


def test_it_is_kept_fresh(window: Browser, served: Served, lxc: CT) -> None:
    loaded(window, served.address)
    (before,) = window.texts("#clock")
    eventually("a newer time", lambda: window.texts("#clock") != [before])
    lines = "return document.querySelector('#own .spark .line').getAttribute('d')"
    eventually("a sparkline", lambda: "L" in window.driver.execute_script(lines))


def test_work_in_a_container_is_seen(window: Browser, served: Served, lxc: CT) -> None:
    loaded(window, f"{served.address}?q={lxc.name}")

    def percent() -> float:
        text = (window.texts("#rows .cpu .figure") or ["-"])[0]
        return 0.0 if text == "-" else float(text)

    assert len(window.names()) == 1
    pid = lxc.run(["sh", "-c", "(while :; do :; done) </dev/null >/dev/null 2>&1 & echo $!"])
    try:
        eventually("the CPU it burns", lambda: percent() > 20, 30)
    finally:
        lxc.run(["kill", "-9", pid.stdout.strip()])


def test_headers_sort(window: Browser, hostile: Served) -> None:
    loaded(window, hostile.address)
    window.one("thead .name button").click()
    ascending = window.names()
    assert window.one("thead .name").get_attribute("aria-sort") == "ascending"
    assert len(window.all("thead [aria-sort]")) == 1
    window.one("thead .name button").click()
    assert window.names() == ascending[::-1]
    assert window.one("thead .name").get_attribute("aria-sort") == "descending"
    window.one("thead .memory button").click()
    used = window.texts("#rows .memory .figure")
    assert used == [f"{number}.0M" for number in range(61, 0, -1)][:1] + used[1:]
    sizes = [float(text.rstrip("M")) for text in used if text != "-"]
    assert sizes == sorted(sizes, reverse=True)
    assert used[-1] == "-"  # the stopped one
    assert window.driver.current_url.endswith("?sort=-memory")


def test_filters(window: Browser, hostile: Served) -> None:
    loaded(window, hostile.address)
    window.one("[name=q]").send_keys("customer0")
    assert sorted(window.names()) == [f"customer0{number}" for number in range(10)]
    assert window.texts("#count") == ["10 of 64"]
    window.one("[name=q]").send_keys("x")
    assert window.texts("#rows tr")[0].startswith("No container matches.")
    window.one("#rows button").click()
    assert len(window.names()) == 64
    Select(window.one("[name=state]")).select_by_visible_text("stopped")
    assert window.names() == ["stopped"]


def test_a_link_keeps_the_choice(window: Browser, hostile: Served) -> None:
    loaded(window, f"{hostile.address}?q=customer1&sort=-name&engine=lxc")
    assert window.names() == [f"customer1{number}" for number in range(9, -1, -1)]


def test_hostile_names_are_text(window: Browser, hostile: Served) -> None:
    loaded(window, f"{hostile.address}?q=onerror")
    assert window.names() == [HOSTILE]
    assert window.all("img") == []
    assert window.complaints() == []
    (title,) = window.all("#rows .title")
    assert title.get_attribute("title") == HOSTILE


def test_what_the_policy_forbids_does_not_happen(window: Browser, hostile: Served) -> None:
    loaded(window, hostile.address)
    script = "document.body.insertAdjacentHTML('beforeend', '<b style=\"color:red\" id=x>x</b>')"
    window.driver.execute_script(script)
    assert any("Content Security Policy" in line for line in window.complaints())


def test_without_scripts_it_is_the_same(
    window: Browser, plain_window: Browser, hostile: Served
) -> None:
    """Down to every figure and drawing: a made-up host stands still."""
    loaded(window, f"{hostile.address}?sort=ctid")
    plain_window.open(f"{hostile.address}?sort=ctid&refresh=0")
    eventually("the last row", lambda: len(plain_window.names()) == 64)
    for part in ("#own", "#rows", ".totals"):
        with_scripts, without = (
            each.driver.execute_script(PARTS, part) for each in (window, plain_window)
        )
        assert with_scripts == without
        assert len(without) > 10


def test_without_scripts_it_sorts_and_filters(plain_window: Browser, hostile: Served) -> None:
    plain_window.open(f"{hostile.address}?refresh=0")
    plain_window.one("[name=q]").send_keys("customer2")
    plain_window.one("form button").click()
    plain_window.one("thead .name button").click()
    order = [f"customer2{number}" for number in range(10)]
    eventually("the sorted page", lambda: plain_window.names() == order)
    plain_window.one("thead .name button").send_keys(Keys.ENTER)
    eventually("the other way round", lambda: plain_window.names() == order[::-1])
    assert not plain_window.one("#pause").is_displayed()


def test_without_scripts_the_browser_refreshes(plain_window: Browser, served: Served) -> None:
    plain_window.open(served.address)
    before = plain_window.texts("#clock")
    eventually("a newer page", lambda: plain_window.texts("#clock") not in (before, []))


def test_keyboard(window: Browser, hostile: Served) -> None:
    loaded(window, hostile.address)
    ActionChains(window.driver).send_keys("/").perform()
    assert window.focused() == "input q"
    ActionChains(window.driver).send_keys("customer3").perform()
    assert len(window.names()) == 10
    ActionChains(window.driver).send_keys(Keys.ESCAPE).perform()
    assert len(window.names()) == 64
    reached = []
    for _ in range(3):
        ActionChains(window.driver).send_keys(Keys.TAB).perform()
        reached.append(window.focused())
        outline = window.driver.execute_script(
            "return getComputedStyle(document.activeElement).outlineStyle"
        )
        assert outline != "none"
    assert reached == ["select engine", "select state", "button name"]
    for key, order in ((Keys.SPACE, "ascending"), (Keys.ENTER, "descending")):
        ActionChains(window.driver).send_keys(key).perform()
        assert window.one("thead .name").get_attribute("aria-sort") == order
        assert window.focused() == "button name"


def test_pause(window: Browser, served: Served) -> None:
    loaded(window, served.address)
    window.one("#pause").click()
    assert window.one("#pause").get_attribute("aria-pressed") == "true"
    asked = "return performance.getEntriesByType('resource').length"
    ActionChains(window.driver).pause(0.5).perform()
    before = window.driver.execute_script(asked)
    ActionChains(window.driver).pause(4).perform()
    assert window.driver.execute_script(asked) == before


def test_theme(window: Browser, hostile: Served) -> None:
    loaded(window, hostile.address)
    ground = "return getComputedStyle(document.body).backgroundColor"
    found = {}
    for name in ("auto", "light", "dark", "auto"):
        assert window.texts("#theme") == [f"Theme: {name}"]
        found[name] = window.driver.execute_script(ground)
        window.one("#theme").click()
        if name == "light":
            window.driver.refresh()
            assert window.texts("#theme") == ["Theme: dark"]
    window.driver.execute_script("localStorage.clear()")
    window.scheme("dark")
    window.driver.refresh()
    assert found["auto"] == found["light"] != found["dark"]
    assert window.driver.execute_script(ground) == found["dark"]
    window.scheme("light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_contrast(window: Browser, hostile: Served, scheme: str, width: int) -> None:
    window.scheme(scheme)
    window.window(width, 900)
    loaded(window, hostile.address)
    worst = [(round(each, 2), said) for each, said in window.contrasts() if each < 4.5]
    assert worst == []
    assert len(window.contrasts()) > 500
    window.scheme("light")
    window.window(1440, 900)


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1440])
def test_it_fits(window: Browser, hostile: Served, width: int) -> None:
    """The page itself never scrolls sideways; on a phone the table does not either."""
    window.window(width, 900)
    loaded(window, hostile.address)
    wide = "const e = document.querySelector(arguments[0]); return e.scrollWidth - e.clientWidth"
    assert window.driver.execute_script(wide, "html") <= 0
    if width < 768 or width >= 1440:
        assert window.driver.execute_script(wide, ".scroll") <= 0
    window.window(1440, 900)


def test_an_exporter_that_is_gone_is_said(window: Browser, run: Run) -> None:
    with exporter() as first:
        loaded(window, first.address)
        assert window.texts("#fresh") == [""]
        first.stop()
        eventually("the word", lambda: "No answer from ct0-exporter" in window.texts("#fresh")[0])
        assert window.one("#own").is_displayed()
        assert [each for each in window.contrasts() if each[0] < 4.5] == []
        with exporter(address=first.address[7:-1]):
            eventually("all well again", lambda: window.texts("#fresh") == [""])


def test_contrast_is_counted_as_documented() -> None:
    assert contrast("rgb(0, 0, 0)", ["rgba(0, 0, 0, 0)"]) == pytest.approx(21)
    assert contrast("rgb(119, 119, 119)", ["rgb(255, 255, 255)"]) == pytest.approx(4.48, abs=0.01)
    assert contrast("rgba(0, 0, 0, 0)", ["rgb(1, 2, 3)"]) == pytest.approx(1)


# Something to see in the picture.
WORK = {
    "lxc": "while :; do :; done",
    "lxc_systemd": "while :; do i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; sleep 2; done",
    "docker": "while :; do i=0; while [ $i -lt 9000 ]; do i=$((i+1)); done; sleep 1; done",
    "podman": "{ head -c 300M /dev/zero; sleep 60; } | tail -c 300M",
}


def test_picture(
    window: Browser,
    served: Served,
    cts: dict[str, CT],
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    """What the documentation shows: the lab's containers. Kept with --update-golden."""
    keep = request.config.getoption("--update-golden")
    folder = IMAGES if keep else tmp_path
    folder.mkdir(exist_ok=True)
    window.window(1440, 620)
    if keep:
        for name, work in WORK.items():
            script = f"(timeout 45 sh -c '{work}') </dev/null >/dev/null 2>&1 &"
            assert cts[name].run(["sh", "-c", script]).returncode == 0
        loaded(window, served.address)
        time.sleep(40)  # sparklines take their time
    for scheme, name in (("light", "live-view.png"), ("dark", "live-view-dark.png")):
        window.scheme(scheme)
        loaded(window, served.address)
        eventually("a few points", lambda: len(window.texts("#rows tr")) >= len(cts) - 2)
        assert window.driver.save_screenshot(str(folder / name))
        assert (folder / name).stat().st_size > 20000
    window.scheme("light")
