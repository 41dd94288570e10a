"""Each recorded host, whole: its containers, and whose every one of its processes is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

from ct0.cli.list import record
from ct0.containers import containers
from ct0.host import Host
from ct0.owner import CONTAINER, OWN, Ownership
from ct0.process import Process
from planted import HOSTS

RECORDED = sorted(path.name for path in HOSTS.iterdir() if (path / "proc/1").is_dir())


@pytest.mark.parametrize("name", RECORDED)
def test_its_containers(
    name: str, host: Callable[[str], Path], golden: Callable[[str, str], None]
) -> None:
    records = [record(ct) for ct in containers(Host(str(host(name))))]
    golden(f"{name}.containers.json", json.dumps(records, indent=2, sort_keys=True) + "\n")


@pytest.mark.parametrize("name", RECORDED)
def test_whose_its_processes_are(
    name: str, host: Callable[[str], Path], golden: Callable[[str, str], None]
) -> None:
    here = Host(str(host(name)))
    ownership = Ownership(here)
    lines = []
    for pid in here.pids():
        with Process(here, pid) as process:
            owner = ownership.owner(process)
            whose = f"{owner.kind} {owner.engine} {owner.ctid}".strip()
            lines.append(f"{pid} {process.comm()}: {whose}: {owner.evidence}\n")
    golden(f"{name}.owners.txt", "".join(lines))


@pytest.mark.parametrize("name", RECORDED)
def test_a_record_has_both_kinds(name: str, host: Callable[[str], Path]) -> None:
    """A host without containers' processes would prove nothing above."""
    here = Host(str(host(name)))
    ownership = Ownership(here)
    kinds = set()
    for pid in here.pids():
        with Process(here, pid) as process:
            kinds.add(ownership.owner(process).kind)
    assert kinds == {OWN, CONTAINER}


@pytest.mark.parametrize("name", RECORDED)
def test_the_same_answers_without_readable_namespaces(
    name: str, host: Callable[[str], Path], tmp_path: Path
) -> None:
    """As an ordinary user sees it: no link of ns/ may be read."""
    import shutil

    blind = tmp_path / "blind"
    shutil.copytree(host(name), blind, symlinks=True)
    for folder in blind.glob("proc/[0-9]*/ns"):
        shutil.rmtree(folder)
    seen, unseen = Host(str(host(name))), Host(str(blind))
    sighted, sightless = Ownership(seen), Ownership(unseen)
    for pid in seen.pids():
        with Process(seen, pid) as one, Process(unseen, pid) as other:
            assert sighted.owner(one).kind == sightless.owner(other).kind, pid
