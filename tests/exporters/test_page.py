"""The live page without a browser: complete, escaped, guarded; and its data."""

from __future__ import annotations

import ast
import json
import math
import re
from importlib.resources import files
from pathlib import Path
from typing import Callable

import pytest

from cgroup_hosts import write
from ct0.arrange import KEYS
from ct0.container import STOPPED
from ct0.host import Host
from ct0.live import Live, Row
from ct0_exporters.options import Options
from ct0_exporters.page.asking import Asked, asked
from ct0_exporters.page.document import COLUMNS
from ct0_exporters.page.drawing import bar, spark
from ct0_exporters.page.records import number
from ct0_exporters.page.site import FILES, LivePage
from ct0_exporters.serving.application import Reply
from exporters.page_text import PageText
from live_host import HOSTILE, LiveHost, stopped_clock

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveHost:
    return LiveHost(tmp_path, stopped_clock(monkeypatch))


@pytest.fixture
def page(node: LiveHost) -> LivePage:
    return LivePage(node.host, live=Live(node.host, lambda: node.cts, patience=1e9))


def get(page: LivePage, path: str = "/", **query: str) -> Reply:
    reply = page(path, query)
    assert reply is not None
    return reply


def text(page: LivePage, **query: str) -> PageText:
    return PageText(get(page, **query).body.decode())


def test_every_container_and_ct0_with_every_figure(node: LiveHost, page: LivePage) -> None:
    web = node.ct("web1", 10)
    node.ct("old", 11, engine="docker", state=STOPPED)
    node.uses(web, 0, waiting=1)
    get(page)
    node.later(10)
    node.machine(25)
    node.uses(web, 15, limit=str(512 << 20), received=20480, sent=500, waiting=3, oom=2)
    ct0, web1, old = text(page).rows
    assert " | ".join(ct0) == (
        "CT0node7 | host | running | 100 / ∞ | 1.9G / ∞ | - | - | - | 118 | - | - | 1h23m"
    )
    assert " | ".join(web1) == (
        "web1 | lxc | running | 150 / ∞ | 100M / 512M | 20 - -"
        " | 14 | 2 | 12 / ∞ | 2.0K | 50 | 1h23m"
    )
    assert old == ["old", "docker", "stopped", *["-"] * 9]


def test_a_limit_that_holds_back_is_said(node: LiveHost, page: LivePage) -> None:
    web = node.ct("web1", 10)
    get(page)
    node.later(10)
    node.uses(web, 1, throttled=10)
    assert text(page).rows[1][3] == "10.0 / ∞held back 50%"


def test_traffic_in_ct0s_network_is_not_made_up(node: LiveHost, page: LivePage) -> None:
    node.ct("web1", 10)
    for pid in (1, 10):
        link = node.root / f"proc/{pid}/ns/net"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to("net:[1]")
    assert text(page).rows[1][9:11] == ["CT0's", "CT0's"]


def test_names_cannot_inject(node: LiveHost, page: LivePage) -> None:
    node.ct(HOSTILE, 10)
    node.ct('"><script>alert(1)</script>', 11, engine='"onload="x', state="<b>")
    got = text(page)
    assert got.names == ['"><script>alert(1)</script>', HOSTILE + "ct10"]
    assert not got.named("img")
    assert not got.named("b")
    assert [attributes.get("src") for attributes in got.named("script")] == [
        "static/theme.js",
        "static/page.js",
    ]


@pytest.mark.parametrize("key", ["q", "engine", "state", "sort", "sorted"])
def test_queries_cannot_inject(page: LivePage, key: str) -> None:
    got = text(page, **{key: '"><img src=x onerror=alert(1)>'})
    assert not got.named("img")
    assert "onerror" not in str([set(attributes) for _, attributes in got.elements])


def test_nothing_inline_and_nothing_from_elsewhere(node: LiveHost, page: LivePage) -> None:
    node.ct("web1", 10)
    got = text(page)
    for tag, attributes in got.elements:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        for name in ("src", "href", "action"):
            assert not re.match(r"[a-z]+:|//", attributes.get(name, "")), attributes
    for name in FILES:
        source = (files("ct0_exporters.page") / "static" / name).read_text()
        outside = re.findall(r"https?://[\w./]+|@import|url\(", source)
        assert set(outside) <= {"http://www.w3.org/2000/svg"}, name  # a name, not an address
        assert "innerHTML" not in source
        assert "insertAdjacentHTML" not in source


@pytest.mark.parametrize("path", ["/", "/api/containers", *(f"/static/{name}" for name in FILES)])
def test_guarded(page: LivePage, path: str) -> None:
    headers = get(page, path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers[CSP].split(";"))
    assert policy == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"


CSP = "Content-Security-Policy"


@pytest.mark.parametrize("path", ["/x", "/static/", "/static/../site.py", "/static/x.css", "/api"])
def test_no_other_paths(page: LivePage, path: str) -> None:
    assert page(path, {}) is None


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"sort": "name"}, ["Alpha", "beta", "gamma"]),
        ({"sort": "-name"}, ["gamma", "beta", "Alpha"]),
        ({"sorted": "-name", "q": "A"}, ["gamma", "beta", "Alpha"]),
        ({"sort": "name", "sorted": "-name"}, ["Alpha", "beta", "gamma"]),
        ({"q": "BET"}, ["beta"]),
        ({"state": "stopped"}, ["gamma"]),
        ({"engine": "docker"}, ["Alpha"]),
        ({"engine": "docker", "q": "beta"}, ["No container matches. Show all"]),
    ],
)
def test_sorted_and_filtered_without_scripts(
    node: LiveHost, page: LivePage, query: dict[str, str], names: list[str]
) -> None:
    node.ct("beta", 10)
    node.ct("gamma", 11, state=STOPPED)
    node.ct("Alpha", 12, engine="docker")
    assert text(page, **query).names == names


def test_headers_ask_for_the_other_order(page: LivePage) -> None:
    got = text(page, sort="-memory")
    orders = {each["data-key"]: each["value"] for each in got.named("button") if "data-key" in each}
    assert orders["memory"] == "memory"
    assert orders["cpu"] == "-cpu"
    assert orders["name"] == "name"
    marked = [a["class"] for a in got.named("th") if "aria-sort" in a]
    assert marked == ["memory"]
    assert orders.keys() == COLUMNS.keys()
    assert orders.keys() <= KEYS.keys()


def test_an_empty_host_says_so(page: LivePage) -> None:
    got = text(page)
    assert got.names == ["There are no containers on this host."]
    assert got.rows[0][0] == "CT0node7"


def test_the_hosts_own_name_is_text_as_well(node: LiveHost, page: LivePage) -> None:
    write(node.root, "proc/sys/kernel/hostname", "<img src=x>\n")
    body = get(page).body.decode()
    assert "<img" not in body
    assert "<h1>&lt;img src=x&gt;</h1>" in body
    assert "<title>&lt;img src=x&gt; · ct0</title>" in body


def test_refreshed_by_the_browser_only_without_scripts(page: LivePage) -> None:
    body = get(page).body.decode()
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in body
    stopped = get(page, refresh="0").body.decode()
    assert "http-equiv" not in stopped
    assert '<input type="hidden" name="refresh" value="0">' in stopped


def test_a_host_that_cannot_be_read(tmp_path: Path) -> None:
    page = LivePage(Host(str(tmp_path)))
    reply = get(page)
    assert reply.status == 503
    got = PageText(reply.body.decode())
    assert [each["src"] for each in got.named("script")] == ["static/theme.js"]
    assert b"This host cannot be read" in reply.body
    reply = get(page, "/api/containers")
    assert (reply.status, list(json.loads(reply.body))) == (503, ["error"])


def test_unwanted_containers_are_left_out(node: LiveHost, monkeypatch: pytest.MonkeyPatch) -> None:
    node.ct("web1", 10)
    node.ct("web2", 11)
    monkeypatch.setattr("ct0.inventory.Inventory.containers", lambda self: node.cts)
    page = LivePage(node.host, Options(exclude=re.compile("web1")))
    assert text(page).names == ["web2"]


NUMBER: tuple[type, ...] = (float, int, type(None))
TEXTS = dict.fromkeys(("engine", "ctid", "name", "state"), (str,))
ROW: dict[str, tuple[type, ...]] = {**TEXTS, "shares_network": (bool,)}


def test_json(node: LiveHost, page: LivePage) -> None:
    web = node.ct("web1", 10)
    node.ct("old", 11, state=STOPPED)
    get(page)
    node.later(2)
    node.uses(web, 1, limit=str(1 << 30))
    reply = get(page, "/api/containers", history="1")
    assert reply.content_type == "application/json"
    got = json.loads(reply.body)
    assert got.keys() == {"host", "time", "interval_seconds", "total", "ct0", "containers"}
    assert got["host"] == {
        "name": "node7",
        "cpus": 2,
        "load": [1.5, 1.0, 0.5],
        "swap_size_bytes": 0,
    }
    assert got["interval_seconds"] == 2
    for row in (got["total"], got["ct0"], *got["containers"]):
        assert row.keys() == got["ct0"].keys()
        for name, value in row.items():
            if name.endswith("_history"):
                assert all(len(point) == 2 for point in value)
            else:
                assert isinstance(value, ROW.get(name, NUMBER)) or value == "unlimited", name
    first, second = got["containers"]
    assert (first["cpus"], first["cpus_limit"]) == (0.5, "unlimited")
    assert first["memory_limit_bytes"] == 1 << 30
    assert first["cpu_history"][-1] == [0, 0.5]
    assert second["cpus"] is None
    brief = json.loads(get(page, "/api/containers").body)
    assert brief["ct0"].keys() == got["ct0"].keys() - {"cpu_history", "network_history"}


@pytest.mark.parametrize(
    ("value", "record"),
    [(None, None), (math.inf, "unlimited"), (3, 3), (0.123456, 0.1235)],
)
def test_numbers_of_json(value: float | None, record: object) -> None:
    assert number(value) == record


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ({}, Asked()),
        ({"sort": "nonsense"}, Asked()),
        ({"sort": "--cpu"}, Asked()),
        ({"sort": "name"}, Asked(sort="name", descending=False)),
        ({"q": "  x  "}, Asked(text="x")),
        ({"q": "x" * 999}, Asked(text="x" * 200)),
        ({"refresh": "0"}, Asked(refresh=False)),
    ],
)
def test_asked(query: dict[str, str], result: Asked) -> None:
    assert asked(query) == result


def test_bars() -> None:
    assert bar(None) == ""
    assert 'class="bar bad"' in bar(0.5, mood="bad")
    assert re.findall(r'class="(\w+)" width="([\d.]+)"', bar(0.25, 0.5)) == [
        ("rest", "50.0"),
        ("used", "25.0"),
    ]


def test_sparklines_end_now_and_keep_their_scale() -> None:
    history = ((0.0, 9.0), (910.0, 0.5), (1000.0, 1.0))
    assert 'class="line" d="M30.0 8.0L60.0 1.0"' in spark(history, 1000.0, 0.25)
    assert 'class="line" d="M30.0 14.3L60.0 13.6"' in spark(history, 1000.0, 10.0)
    assert 'class="line" d=""' in spark(history[:2], 1000.0, 1.0)


def test_the_pages_modules_know_no_collectors() -> None:
    for path in Path(str(files("ct0_exporters.page"))).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert "collectors" not in (node.module or "")


def test_recorded_openvz(host: Callable[[str], Path]) -> None:
    got = text(LivePage(Host(str(host("openvz6")))), sort="ctid")
    assert got.rows[1] == [
        *("web1101", "openvz", "running", "0.0 / ∞", "5.6M / ∞", "-"),
        *("0", "0", "6 / 240", "0", "0", "9s"),
    ]
    assert got.names == ["web1101", "db1.example.com102", "tiny103", "stopped.example.com104"]


def test_five_hundred_containers_make_a_page_of_reasonable_size(
    node: LiveHost, page: LivePage
) -> None:
    row = Row("lxc", "web1", "web1", "running", 9.0, 1.0, 2.0, cpu_history=((1.0, 2.0),) * 60)
    view = page._live.look()._replace(rows=[row] * 500)
    page._live.look = lambda pause=0.5: view  # type: ignore[method-assign]
    assert len(get(page).body) < 2 << 20
    assert len(get(page, "/api/containers").body) < 500 << 10
