"""A CT's interfaces, and whether they are CT0's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import write
from ct0.cgroup_files import Cgroups
from ct0.container import CT
from ct0.containers import containers
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.network import Interface, parse_net_dev, read_network, shares_host

HEAD = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo
"""
DEV = f"""{HEAD}    lo:       0       0    0    0    0     0          0 0 0 0 0 0 0 0 0 0
  eth0: 1476 14 1 2 3 4 5 6 7540 70 7 8 9 10 11 12
"""


def test_interfaces() -> None:
    found = parse_net_dev(DEV)
    assert list(found) == ["lo", "eth0"]
    assert found["eth0"] == Interface(1476, 14, 1, 2, 7540, 70, 7, 8)


def test_counter_wider_than_its_column_touches_the_name() -> None:
    found = parse_net_dev(DEV.replace("eth0: 1476", "eth0:14760000000000"))
    assert found["eth0"].receive_bytes == 14760000000000


def test_name_with_a_colon() -> None:
    assert list(parse_net_dev(DEV.replace("eth0:", "eth0:1:"))) == ["lo", "eth0:1"]


def test_openvz6(host: Callable[[str], Path]) -> None:
    cgroups = Cgroups(Host(str(host("openvz6"))))
    web1 = next(ct for ct in containers(cgroups.host) if ct.ctid == "101")
    found = read_network(cgroups, web1)
    assert found.interfaces == dict.fromkeys(["lo", "venet0"], Interface(*[0] * 8))
    assert found.shares_host is False  # net:[4026532106] and CT0's net:[4026531958]


@pytest.mark.parametrize(("link", "shared"), [("net:[1]", True), ("net:[2]", False), ("", None)])
def test_network_of_ct0(link: str, shared: bool | None, tmp_path: Path) -> None:
    write(tmp_path, "proc/92/net/dev", DEV)
    for pid, goal in ((1, "net:[1]"), (92, link)):
        (tmp_path / f"proc/{pid}/ns").mkdir(parents=True)
        if goal:
            os.symlink(goal, tmp_path / f"proc/{pid}/ns/net")
    ct = CT("docker", "web1", init_pid=92)
    assert read_network(Cgroups(Host(str(tmp_path))), ct).shares_host is shared


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare(1)")
def test_live_process_in_a_namespace_of_its_own() -> None:
    here = Cgroups(Host())
    assert shares_host(here, os.getpid()) is shares_host(here, os.getppid())
    if os.geteuid() != 0:
        pytest.skip("a network namespace takes root")
    command = ["unshare", "--net", "sleep", "30"]
    process = subprocess.Popen(command)
    try:
        while Path(f"/proc/{process.pid}/comm").read_text() != "sleep\n":
            assert process.poll() is None
        assert shares_host(here, process.pid) is False
    finally:
        process.kill()
        process.wait()
    assert shares_host(here, process.pid) is None


def test_stopped_or_gone(tmp_path: Path) -> None:
    cgroups = Cgroups(Host(str(tmp_path)))
    with pytest.raises(Unavailable, match="old1"):
        read_network(cgroups, CT("lxc", "old1"))
    with pytest.raises(Unavailable, match="4711"):
        read_network(cgroups, CT("lxc", "web1", init_pid=4711))


@pytest.mark.parametrize(
    "text",
    ["", HEAD.split("\n")[0], HEAD + "  eth0: 1 2", HEAD + "eth0 1 2\n", HEAD + "a: " + "x " * 16],
    ids=["empty", "truncated head", "truncated", "no colon", "garbage"],
)
def test_does_not_read(text: str) -> None:
    with pytest.raises(Malformed):
        parse_net_dev(text)


@given(st.text(max_size=80))
def test_any_lines(text: str) -> None:
    try:
        parse_net_dev(HEAD + text)
    except Malformed:
        pass
