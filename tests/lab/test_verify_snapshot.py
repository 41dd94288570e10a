"""`ct0 verify snapshot` of two real nodes and their CTs: what it writes holds, of each of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from .fleet import Fleet
from .shims import PARTS

EVERYBODY = {"node-a", "node-a/web", "node-a/mail", "node-b", "node-b/shop", "node-b/base"}
ROOTS = ("core", "shims", "audit", "tests/infra")


def ct0(*words: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(PARTS / part) for part in ROOTS)
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-m", "ct0.cli", "verify", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def judged(path: Path, urls: Sequence[str], folder: Path) -> list[dict[str, str]]:
    lines = folder / "results.jsonl"
    done = ct0(f"--expect={path}", f"--jsonl={lines}", *urls)
    read = [json.loads(line) for line in lines.read_text(encoding="ascii").splitlines()]
    bad = [each for each in read[:-1] if each["outcome"] != "passed"]
    assert (bad, done.returncode) == ([], 0), done.stdout
    return read[:-1]


def test_what_is_seen_of_two_nodes_holds(fleet: Fleet, tmp_path: Path) -> None:
    path = tmp_path / "seen.yaml"
    done = ct0("snapshot", f"--output={path}", *fleet.urls)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr
    text = path.read_text(encoding="ascii")
    assert "containers: 4." in text.splitlines()[0]

    results = judged(path, fleet.urls, tmp_path)
    whose = {
        f"{each['node']}/{each['name'] or each['ctid']}" if each["ctid"] else each["node"]
        for each in results
    }
    assert whose == EVERYBODY
    seen = {suite: {each["id"] for each in entries} for suite, entries in entries_of(text).items()}
    assert {"state", "processes", "services", "firewall", "ssh", "mounts", "sysctls"} <= set(seen)
    assert {"node-a-web-state", "node-b-base-state"} <= seen["state"]

    again = ct0("snapshot", f"--output={path}", *fleet.urls)
    assert again.returncode == 3
    assert "is there already; --force overwrites it" in again.stdout
    assert path.read_text(encoding="ascii") == text

    # The same state, the same ids.
    settings = ("state", "sysctls", "firewall", "ssh")
    words = [f"--suite={suite}" for suite in settings]
    later = entries_of(ct0("snapshot", *words, *fleet.urls).stdout)
    assert {suite: {each["id"] for each in later[suite]} for suite in settings} == {
        suite: seen[suite] for suite in settings
    }


def entries_of(text: str) -> dict[str, list[dict[str, str]]]:
    document = yaml.safe_load(text)
    assert document.pop("version") == 1
    return dict(document)


def test_inventories_lead_there(fleet: Fleet, tmp_path: Path) -> None:
    """Ours, with a name of its own and with a glob; a list of one node's containers."""
    (tmp_path / "nodes.yaml").write_text(
        f"version: 1\nnodes:\n"
        f"  - {{host: node-a, user: root, ssh_config: {fleet.ssh_config}, name: first}}\n"
        f'  - {{host: node-b, user: root, ssh_config: {fleet.ssh_config}, containers: "s*"}}\n'
    )
    lists = [{"engine": "lxc", "ctid": ctid} for ctid in ("201", "202")]
    (tmp_path / "cts.json").write_text(json.dumps(lists))
    (tmp_path / "none.yaml").write_text("version: 1\n")
    words = [
        f"--inventory={tmp_path}/nodes.yaml",
        f"--inventory=list:{fleet.url('node-b')}={tmp_path}/cts.json",
    ]
    results = judged(tmp_path / "none.yaml", words, tmp_path)
    whose = sorted((each["node"], each["ctid"]) for each in results)
    assert whose == [
        ("first", ""),
        ("first", "101"),
        ("first", "102"),
        ("node-b", "201"),
        ("node-b", "201"),
        ("node-b", "202"),
    ]
