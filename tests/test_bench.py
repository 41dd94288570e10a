"""The bench plays its scenes and checks the answers; what it measures is no test's business."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    roots = os.pathsep.join([str(CHECKOUT / "core"), str(CHECKOUT / "shims")])
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": roots},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_plugins_bench_is_played_and_every_answer_is_right(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench.plugins", "--runs=1", "--cts=3", f"--json={tmp_path}/runs"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (run.stderr, run.returncode) == ("", 0)
    assert "3 CTs, cgroup version 2" in run.stdout
    record = json.loads((tmp_path / "runs").read_text())
    assert set(record) == {"version 1", "version 2"}
    assert all(len(runs) == 1 for each in record.values() for runs in each.values())


@pytest.mark.lab
@pytest.mark.parametrize("scene", ["small", "containers"])
def test_a_scene_is_played_and_every_answer_is_right(scene: str, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: a container has cgroups")
    before = groups()
    run = bench("--scene", scene, "--runs", "1", "--json", str(tmp_path / "runs.json"))
    assert (run.stderr, run.returncode) == ("", 0)
    results = json.loads((tmp_path / "runs.json").read_text())["scenes"][scene]["results"]
    checked = "check_procs -c 1: -C benchd"
    assert {"pidof benchd", "pgrep -x benchd", "killall -0 benchd", checked} <= {
        result["case"] for result in results
    }
    assert all(len(result["pairs"]) == 1 for result in results)
    assert not groups() - before


def groups() -> set[Path]:
    return set(Path("/sys/fs/cgroup").glob("*/lxc.payload.bench*"))


def test_help_names_the_scenes() -> None:
    run = bench("--help")
    assert run.returncode == 0
    assert "small,large,containers" in run.stdout.replace(" ", "")


def test_the_exporters_bench_is_played(tmp_path: Path) -> None:
    """On a host of a size at which no target is meant to be met."""
    record = tmp_path / "record.json"
    run = module("exporter", "--cts=3", "--scrapes=2", "--crowd=20", f"--json={record}")
    assert (run.stderr, run.returncode) == ("", 0)
    for version in ("version 1", "version 2"):
        figures = {each["what"]: each["value"] for each in json.loads(record.read_text())[version]}
        assert figures["series"] > 100
        assert figures["files opened by a scrape"] > 100


@pytest.mark.lab
@pytest.mark.quiet  # others' exporters give no answer while processes come and go by the hundred
def test_the_exporter_is_measured_beside_others(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: the containers are real")
    record = tmp_path / "record.json"
    run = module("beside", "--cts=2", "--rounds=1", "--crowd=20", f"--json={record}")
    assert (run.stderr, run.returncode) == ("", 0)
    rows = json.loads(record.read_text())
    servers = ["ct0-exporter", "node_exporter", "process-exporter", "LXD"]
    assert [row["server"] for row in rows] == servers
    assert all(row["cpu"] > 0 and row["series"] > 50 for row in rows)
    assert rows[0]["of CTs"] > 2 * 20


def module(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
