"""ct0-exporter targets, and /sd: what Prometheus' file_sd and http_sd are given."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Callable

import pytest

from ct0.host import Host
from ct0_exporters.__main__ import main
from ct0_exporters.discovery import with_discovery
from ct0_exporters.options import Options
from ct0_exporters.serving.application import landing


@pytest.fixture
def root(host: Callable[[str], Path]) -> str:
    return str(host("openvz6"))


def run(root: str, *arguments: str) -> int:
    return main(["targets", "--path.rootfs", root, *arguments])


def test_a_group_for_each_address_of_running_containers(
    root: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "--port", "9100", "--port", "9117") == 0
    groups = json.loads(capsys.readouterr().out)
    assert [group["targets"] for group in groups] == [
        ["10.1.0.101:9100", "10.1.0.101:9117"],
        ["10.1.0.102:9100", "10.1.0.102:9117"],
        ["10.1.0.112:9100", "10.1.0.112:9117"],
        ["10.1.0.103:9100", "10.1.0.103:9117"],
    ]
    assert groups[2]["labels"] == {
        "__meta_ct_host": "ovzhost",
        "__meta_ct_engine": "openvz",
        "__meta_ct_id": "102",
        "__meta_ct_name": "db1.example.com",
        "__meta_ct_state": "running",
        "__meta_ct_address": "10.1.0.112",
        "__meta_ct_address_index": "1",
        "__meta_ct_address_family": "ipv4",
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(["--all"], ["101", "102", "102", "103", "104"], id="stopped ones too"),
        pytest.param(["--ct.include", "web.*"], ["101"], id="by name"),
        pytest.param(["--ct.exclude", "10[12]"], ["103"], id="all but, by CTID"),
        pytest.param(["--ct.include", "none"], [], id="none is an empty list, not an empty file"),
    ],
)
def test_which_containers(
    root: str, arguments: list[str], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, *arguments) == 0
    groups = json.loads(capsys.readouterr().out)
    assert [group["labels"]["__meta_ct_id"] for group in groups] == expected


def test_ipv6_is_put_in_brackets(
    root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "host"
    shutil.copytree(root, copy, symlinks=True)
    config = copy / "etc/vz/conf/104.conf"
    config.write_text(config.read_text() + 'IP_ADDRESS="2001:db8::5"\n')
    assert run(str(copy), "--all", "--ct.include", "104") == 0
    assert json.loads(capsys.readouterr().out)[0]["targets"] == ["[2001:db8::5]:9100"]


def test_a_file_is_replaced_at_once_and_only_when_something_changed(
    root: str, tmp_path: Path
) -> None:
    path = tmp_path / "cts.json"
    assert run(root, "--output", str(path)) == 0
    first = path.stat()
    assert first.st_mode & 0o777 == 0o644
    os.utime(path, ns=(1, 1))
    assert run(root, "--output", str(path)) == 0
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (first.st_ino, 1)
    with path.open() as reader:
        assert run(root, "--output", str(path), "--port", "9117") == 0
        assert "9100" in reader.read()  # whoever had it open reads the old one to its end
    assert "9117" in path.read_text()
    assert [each.name for each in tmp_path.iterdir()] == ["cts.json"]


def test_a_folder_that_is_not_there_is_one_line(
    root: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(root, "--output", str(tmp_path / "none/cts.json")) == 1
    said = capsys.readouterr().err
    assert said.startswith("ct0-exporter targets: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", "\u00b2"])
def test_a_wrong_port_is_refused(root: str, port: str) -> None:
    with pytest.raises(SystemExit) as status:
        run(root, f"--port={port}")
    assert status.value.code == 2


def test_sd_serves_the_same_json(root: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = with_discovery(Host(root), Options(), landing)
    reply = page("/sd", {"port": "9100,9117", "all": "1"})
    run(root, "--all", "--port", "9100", "--port", "9117")
    assert reply is not None
    assert reply.content_type.startswith("application/json")
    assert reply.body.decode() == capsys.readouterr().out


def test_sd_with_a_wrong_port_is_a_bad_request(root: str) -> None:
    reply = with_discovery(Host(root), Options(), landing)("/sd", {"port": "x"})
    assert reply is not None
    assert (reply.status, reply.body) == (400, b"'x' is not a port\n")


def test_other_paths_are_others(root: str) -> None:
    page = with_discovery(Host(root), Options(), landing)
    assert page("/", {}) == landing("/", {})
    assert page("/nothing", {}) is None
