"""The live page from the real ct0-exporter, with what the server adds to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from exporters.page_text import PageText
from exporters.served import Served, environment
from live_host import HOSTILE, hostile_host


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = hostile_host(tmp_path_factory.mktemp("hostile"))
    command = [sys.executable, "-m", "ct0_exporters", "--path.rootfs", str(root)]
    process = subprocess.Popen(
        [*command, "--web.listen-address", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment()},
    )
    server = Served(process)
    try:
        server.wait_for("serving ")
        yield server
    finally:
        process.kill()
        process.wait()


def test_the_page_lists_what_there_is(server: Served) -> None:
    answer = server.get("/?sort=name")
    assert answer.status == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    got = PageText(answer.body.decode())
    assert HOSTILE in got.names
    assert "?gnorw" in got.names
    assert "stopped" in got.names
    assert len(got.names) == 64
    assert not got.named("img")


def test_the_data(server: Served) -> None:
    answer = server.get("/api/containers")
    assert answer.headers["Content-Type"] == "application/json"
    rows = {row["name"]: row for row in json.loads(answer.body)["containers"]}
    assert rows[HOSTILE]["state"] == "running"
    assert rows[HOSTILE]["memory_limit_bytes"] == 64 << 20


def test_a_query_decoded_by_the_server_cannot_inject(server: Served) -> None:
    answer = server.get("/?q=%22%3E%3Cimg%20src%3Dx%3E&engine=%3Cb%3E")
    assert not PageText(answer.body.decode()).named("img")


def test_static_files(server: Served) -> None:
    answer = server.get("/static/page.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert server.get("/static/nothing.js").status == 404
    assert server.get("/static/%2e%2e/site.py").status == 404


def test_metrics_are_there_too(server: Served) -> None:
    assert b"ct_memory_usage_bytes" in server.get("/metrics").body
