"""The quick answer never says more than the careful one; one evidence alone says what it can."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

import pytest

from ct0.errors import Malformed
from ct0.host import Host
from ct0.owner import CONTAINER, OWN, SANDBOX, UNKNOWN, Ownership
from ct0.process import Process, read_at
from planted import process

HOSTS = (
    "debian12-containerd",
    "debian12-docker",
    "debian12-docker-cgroupfs",
    "debian12-lxc",
    "debian12-lxd",
    "debian12-nspawn",
    "debian12-podman",
    "debian12-proxmox",
    "openvz6",
)


@contextmanager
def opened(host: Host) -> Iterator[int]:
    folder = os.open(host.proc, os.O_RDONLY)
    try:
        yield folder
    finally:
        os.close(folder)


def answers(host: Host) -> dict[int, tuple[bool, str]]:
    """PID -> (the quick answer, whose it is)."""
    ownership = Ownership(host)
    found = {}
    with opened(host) as folder:
        for pid in host.pids():
            try:
                with Process(host, pid) as one:
                    kind = ownership.owner(one).kind
            except (ProcessLookupError, Malformed):
                continue
            found[pid] = ownership.plainly_own(folder, str(pid)), kind
    return found


@pytest.mark.parametrize("name", HOSTS)
def test_the_quick_answer_on_recorded_hosts(name: str, host: Callable[[str], Path]) -> None:
    found = answers(Host(str(host(name))))
    assert {kind for plain, kind in found.values() if plain} <= {OWN}
    if name != "openvz6":  # its kernel has neither NSpid nor ns/pid: there it never is plain
        assert {plain for plain, kind in found.values() if kind == OWN} == {True}


def test_the_quick_answer_here() -> None:
    found = answers(Host())
    assert found[os.getpid()] == (True, OWN)
    assert {kind for plain, kind in found.values() if plain} == {OWN}


def test_who_is_gone_is_not_plainly_own(tmp_path: Path) -> None:
    process(tmp_path, 1, nspid="1")
    ownership = Ownership(Host(str(tmp_path)))
    with opened(Host(str(tmp_path))) as folder:
        assert not ownership.plainly_own(folder, "4711")


def kinds(host: Host, way: str) -> dict[str, int]:
    ownership = Ownership(host)
    found: dict[str, int] = {}
    for pid in host.pids():
        with Process(host, pid) as one:
            kind = ownership.owner_by(way, one).kind
            found[kind] = found.get(kind, 0) + 1
    return found


def test_each_evidence_alone_where_a_host_has_it(host: Callable[[str], Path]) -> None:
    vz, lxc = Host(str(host("openvz6"))), Host(str(host("debian12-lxc")))
    whole = dict.fromkeys((OWN, CONTAINER), 0)
    for _, kind in answers(vz).values():
        whole[kind] += 1
    assert kinds(vz, "envid") == whole
    assert kinds(vz, "cgroup") == whole
    assert set(kinds(vz, "nspid")) == {UNKNOWN}
    assert set(kinds(lxc, "envid")) == {UNKNOWN}
    assert kinds(lxc, "nspid")[CONTAINER] > 0
    assert kinds(lxc, "cgroup")[OWN] > 0


def test_nested_without_a_mark_is_a_sandbox(tmp_path: Path) -> None:
    process(tmp_path, 1, nspid="1")
    process(tmp_path, 7, nspid="7 1")
    process(tmp_path, 8, nspid="8 1", cgroup="0::/lxc.payload.web1\n")
    assert kinds(Host(str(tmp_path)), "nspid") == {OWN: 1, SANDBOX: 1, CONTAINER: 1}
    assert kinds(Host(str(tmp_path)), "cgroup") == {OWN: 2, CONTAINER: 1}


def test_a_file_is_read_whole_however_short_the_guess(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    with opened(Host(str(tmp_path))) as folder:
        for size in (0, 447, 448, 449, 4096, 70000):
            (tmp_path / "proc/text").write_bytes(b"x" * size)
            assert len(read_at(folder, "text", 448)) == size
