"""Whom a finding would reach now."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planted
from audit.audited import DB1, WEB1, Made
from ct0.host import Host
from ct0_audit.live import Live, compiled, look
from ct0_audit.records import Selector


@pytest.fixture
def live(tmp_path: Path) -> Live:
    made = Made(tmp_path)
    made.processes()
    other = "pid:[4026532300]"
    planted.process(
        tmp_path, 302, "python3", nspid="302 8", cgroup=WEB1, exe="/usr/bin/python3.11",
        cmdline=b"python3\0/opt/jobs\0--all\0", uid=33, namespace=other,
    )  # fmt: skip
    planted.process(
        tmp_path, 303, "averyverylongna", nspid="303 8", cgroup=DB1, exe="/srv/averyverylongname",
        cmdline=b"averyverylongname\0", namespace=other,
    )  # fmt: skip
    planted.process(tmp_path, 304, "nginx", nspid="304 9", cgroup=DB1, state="Z", namespace=other)
    made.write("/etc/passwd", "root:x:0:0::/:\nwww-data:x:33:33::/:\n")
    made.write("/run/x.pid", "303\n")
    made.write("/run/own.pid", "50\n")
    return Live(Host(str(tmp_path)))


@pytest.mark.parametrize(
    ("selector", "pids"),
    [
        (Selector("comm", ("nginx",)), [300, 301]),
        (Selector("comm", ("averyverylongname",)), [303]),
        (Selector("comm", ("ngin",)), []),
        (Selector("exec", ("/usr/sbin/nginx",)), [300, 301]),
        (Selector("exec", ("nginx",)), []),
        (Selector("name", ("/usr/sbin/nginx",)), [300, 301]),
        (Selector("name", ("nginx",)), [300, 301]),
        (Selector("name", ("jobs",)), [302]),
        (Selector("pattern", ("^ng",)), [300, 301]),
        (Selector("exact", ("ng.*",)), [300, 301]),
        (Selector("exact", ("ng",)), []),
        (Selector("full", ("jobs --all$",)), [302]),
        (Selector("full", (r"\<nginx\>",)), [300, 301]),
        (Selector("full", ("^nginx: [[:alpha:]]+",)), [300, 301]),
        (Selector("text", ("jobs --a",)), [302]),
        (Selector("user", ("www-data",)), []),  # a recorded host's files are ours
        (Selector("everybody"), [300, 301, 302, 303]),
        (Selector("pid", ("301", "50", "x")), [301]),
        (Selector("pattern", ("[[a]nginx]?",)), []),
        (Selector("pidfile", ("/run/x.pid",)), [303]),
        (Selector("pidfile", ("/run/own.pid",)), []),
        (Selector("pidfile", ("/run/none.pid",)), []),
        (Selector("pattern", ("*(",)), []),
        (None, []),
    ],
)
def test_whom(live: Live, selector: Selector | None, pids: list[int]) -> None:
    assert [hit.pid for hit in live.hits(selector)] == pids


def test_by_user(live: Live) -> None:
    """Of whoever owns /proc/PID, which on a recorded host is whoever copied it."""
    uid = str(Path(live.host.proc, "300").stat().st_uid)
    assert len(live.hits(Selector("user", (uid,)))) == 4
    assert [hit.pid for hit in live.hits(Selector("comm", ("nginx",), (uid,)))] == [300, 301]
    assert live.hits(Selector("comm", ("nginx",), ("54321",))) == ()


def test_a_hit_says_whose_it_is(live: Live) -> None:
    hit = live.hits(Selector("comm", ("nginx",)))[0]
    assert (hit.engine, hit.ctid, hit.comm) == ("lxc", "web1", "nginx")
    assert hit.command == "nginx: master process"


def test_without_processes_nothing_is_known(tmp_path: Path) -> None:
    assert look(Host(str(tmp_path))) is None


@pytest.mark.parametrize("name", ["openvz6", "debian12-docker", "debian12-lxc"])
def test_recorded_hosts(host: Callable[[str], Path], name: str) -> None:
    live = look(Host(str(host(name))))
    assert live is not None
    everybody = live.hits(Selector("everybody"))
    assert everybody
    assert all(hit.ctid for hit in everybody)


@pytest.mark.filterwarnings("error")
@given(st.text(max_size=30))
def test_any_pattern(pattern: str) -> None:
    found = compiled(pattern)
    assert found is None or isinstance(found, re.Pattern)
