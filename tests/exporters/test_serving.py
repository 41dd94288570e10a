"""What the pages answer, asked over real sockets."""

from __future__ import annotations

import gzip
import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from exporters.served import Served, served

OPENMETRICS = "application/openmetrics-text"


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served("--bytes", "100000") as server:
        yield server


@pytest.mark.parametrize(
    ("path", "status", "line"),
    [
        ("/metrics", 200, "# HELP up It is."),
        ("/metrics/", 404, "404: Not Found"),
        ("/-/healthy", 200, "ct0-exporter is healthy."),
        ("/-/ready", 200, "ct0-exporter is ready."),
        ("/", 200, "<!DOCTYPE html>"),
        ("/favicon.ico", 404, "404: Not Found"),
        ("/../etc/passwd", 404, "404: Not Found"),
        ("/%2e%2e/%00", 404, "404: Not Found"),
        ("/metrics?collect[]=cpu", 200, "# HELP up It is."),
        ("/metrics?module=x", 200, "# HELP up It is."),
        (
            "/metrics?collect[]=cpu&collect[]=disk",
            400,
            "no such collector, or turned off: disk; known: broken, cpu, memory",
        ),
        (
            "/metrics?exclude[]=%0Adisk%1b",
            400,
            "no such collector, or turned off: ?disk?; known: broken, cpu, memory",
        ),
        (
            "/metrics?collect[]=cpu&exclude[]=memory",
            400,
            "collect[] and exclude[] are not to be combined",
        ),
        (
            "/metrics?collect[]=broken",
            500,
            "500: Internal Server Error; the log of ct0-exporter has more",
        ),
    ],
)
def test_page(server: Served, path: str, status: int, line: str) -> None:
    answer = server.get(path)
    assert (answer.status, answer.body.decode().splitlines()[0]) == (status, line)
    assert answer.headers["Server"] == "ct0-exporter"


def test_landing_page_links_to_the_metrics(server: Served) -> None:
    answer = server.get("/")
    assert b'href="/metrics"' in answer.body
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_not_allowed(server: Served, method: str) -> None:
    answer = server.get("/metrics", method)
    assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD")


def test_head_is_get_without_a_body(server: Served) -> None:
    head, get = server.get(method="HEAD"), server.get()
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.body))
    assert head.headers["Content-Type"] == get.headers["Content-Type"]


def test_formats_by_accept(server: Served) -> None:
    assert server.get().headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    answer = server.get(Accept=f"{OPENMETRICS};version=0.0.1,text/plain;q=0.5")
    assert answer.headers["Content-Type"] == f"{OPENMETRICS}; version=0.0.1; charset=utf-8"
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"


def test_gzip_where_it_is_accepted(server: Served) -> None:
    plain, packed = server.get(), server.get(Accept_Encoding="gzip;q=0.5")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 4


def test_chosen_collectors_are_what_is_collected(server: Served) -> None:
    server.get("/metrics?collect[]=memory&collect[]=cpu")
    server.wait_for("scrape ['cpu', 'memory']")
    server.get("/metrics?exclude[]=broken&exclude[]=memory")
    server.wait_for("scrape ['cpu']")


def test_a_failing_scrape_is_one_line_in_the_log(server: Served) -> None:
    server.get("/metrics?collect[]=broken")
    assert server.wait_for("no such luck") == "ERROR: /metrics: RuntimeError: no such luck"
    assert "Traceback" not in server.text()


def test_connection_is_kept(server: Served) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        ports = set()
        for _ in range(3):
            connection.request("GET", "/metrics")
            assert connection.getresponse().read().startswith(b"# HELP up")
            ports.add(connection.sock.getsockname()[1])
        assert len(ports) == 1


def test_four_scrapes_run_beside_each_other() -> None:
    with served("--seconds", "2") as server:
        began = time.monotonic()
        answers = at_once(server, 4)
        assert answers == [200] * 4
        assert time.monotonic() - began < 8  # one after the other they take as long at the least


def test_more_scrapes_than_allowed_are_told_to_come_again() -> None:
    with served("--seconds", "2", "--web.max-requests", "2") as server:
        assert sorted(at_once(server, 5)) == [200, 200, 503, 503, 503]
        # Health does not count, and later there is room again.
        assert server.get("/-/healthy").status == 200
        assert server.get().status == 200


def at_once(server: Served, number: int) -> list[int]:
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(server.get().status)) for _ in range(number)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
