"""check_ct_network: rates over a window, to every caller the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ct0.host import Host
from ct0.network import Interface, Network
from ct0.survey import Survey
from ct0.survey import survey as read
from ct0_checks import ct_network
from judging import said, survey, surveyed
from planted import plant

ZERO = Interface(0, 0, 0, 0, 0, 0, 0, 0)
MIB = 1 << 20


def net(**interfaces: Interface) -> Network:
    return Network({"lo": Interface(9, 9, 9, 9, 9, 9, 9, 9), **interfaces}, False)


def at(uptime: float, *, run: float = 100, name: str = "eth0", **counters: Any) -> Survey:
    each = surveyed(network=net(**{name: ZERO._replace(**counters)}))
    each = each._replace(ct=each.ct._replace(started=each.ct.started - 100 + run))
    return survey(each, uptime=uptime)


def test_a_recorded_host_twice(tmp_path: Path) -> None:
    """Its uptime a minute on, 3000 packets dropped by venet0 of 101 meanwhile."""
    root = plant("openvz6", tmp_path / "host")
    where = f"--root={root}", "--ct=101", "--ct=103", "--no-perfdata"
    assert said(ct_network, read(Host(str(root))), tmp_path, *where) == (
        0,
        "CT_NETWORK OK - 2 containers (2 seen for the first time: no rates yet)\n",
    )
    uptime = root / "proc/uptime"
    seconds, idle = uptime.read_text().split()
    uptime.write_text(f"{float(seconds) + 60:.2f} {idle}\n")
    init = next(each.ct.init_pid for each in read(Host(str(root))).cts if each.ct.ctid == "101")
    counters = root / f"proc/{init}/net/dev"
    lines = counters.read_text().split("\n")
    at = next(at for at, line in enumerate(lines) if "venet0:" in line)
    words = lines[at].split()
    words[4] = str(int(words[4]) + 3000)
    lines[at] = " ".join(words)
    counters.write_text("\n".join(lines))
    assert said(ct_network, read(Host(str(root))), tmp_path, *where) == (
        2,
        "CT_NETWORK CRITICAL - web1 (openvz 101): venet0 3000.0 errors and drops a minute "
        "(outside 0:100)\n",
    )


def test_first_look(tmp_path: Path) -> None:
    assert said(ct_network, at(5000, receive_errors=7), tmp_path) == (
        0,
        "CT_NETWORK OK - web1 (lxc web1): no rates yet: seen for the first time | "
        "containers=1;;;0 problems=0;;;0\n",
    )


def test_errors_and_drops(tmp_path: Path) -> None:
    said(ct_network, at(5000), tmp_path)
    later = at(5060, receive_errors=5, receive_drop=5, transmit_errors=5, transmit_drop=5)
    line = (
        "CT_NETWORK WARNING - web1 (lxc web1): eth0 20.0 errors and drops a minute (outside 0:10) "
        "| containers=1;;;0 problems=1;;;0 'web1::faults'=20;10;100;0 'web1::receive'=0;;;0 "
        "'web1::transmit'=0;;;0\n"
    )
    assert said(ct_network, later, tmp_path) == (1, line)
    # Another caller, or a retry, a moment later: the first one took nothing away from it.
    assert said(ct_network, later, tmp_path) == (1, line)
    # As long as --window reaches back to when it was not yet, then no more.
    quiet = at(5900, receive_errors=5, receive_drop=5, transmit_errors=5, transmit_drop=5)
    assert said(ct_network, quiet, tmp_path)[0] == 0
    assert said(ct_network, quiet, tmp_path, "-c", "0.5")[0] == 0


def test_traffic(tmp_path: Path) -> None:
    said(ct_network, at(5000), tmp_path)
    busy = at(5010, receive_bytes=100 * MIB, transmit_bytes=500 * MIB)
    assert said(ct_network, busy, tmp_path, "--no-perfdata") == (
        0,
        "CT_NETWORK OK - web1 (lxc web1): eth0 10.0M/s in, 50.0M/s out, "
        "0.0 errors and drops a minute\n",
    )
    assert said(ct_network, busy, tmp_path, "--rate-warning=40M", "--rate-critical=100M") == (
        1,
        "CT_NETWORK WARNING - web1 (lxc web1): eth0 sends 50.0M/s (outside 0:41943040) | "
        "containers=1;;;0 problems=1;;;0 'web1::faults'=0;10;100;0 "
        "'web1::receive'=10485760;41943040;104857600;0 "
        "'web1::transmit'=52428800;41943040;104857600;0\n",
    )


def test_too_little_traffic(tmp_path: Path) -> None:
    said(ct_network, at(5000), tmp_path)
    assert said(ct_network, at(5060), tmp_path, "--rate-critical=1:", "--no-perfdata") == (
        2,
        "CT_NETWORK CRITICAL - web1 (lxc web1): eth0 receives 0/s (outside 1:), "
        "eth0 sends 0/s (outside 1:)\n",
    )


@pytest.mark.parametrize("again", [{"run": 5030}, {}])
def test_a_restart_is_no_alert(again: dict[str, Any], tmp_path: Path) -> None:
    """The CT's, or its interface's alone: counters that went back are a new beginning."""
    said(ct_network, at(5000, receive_errors=1000), tmp_path)
    assert said(ct_network, at(5060, receive_errors=900, **again), tmp_path)[0] == 0


def test_ct0s_network_is_said_and_not_judged(tmp_path: Path) -> None:
    shared = Network({"eth0": Interface(1, 1, 99, 99, 1, 1, 99, 99)}, True)
    assert said(ct_network, survey(surveyed(network=shared)), tmp_path) == (
        3,
        "CT_NETWORK UNKNOWN - web1 (lxc web1): in CT0's network: not judged | "
        "containers=1;;;0 problems=1;;;0\n",
    )
    assert said(ct_network, survey(surveyed(network=shared)), tmp_path, "--unjudged=ok") == (
        0,
        "CT_NETWORK OK - web1 (lxc web1): in CT0's network: not judged | "
        "containers=1;;;0 problems=0;;;0\n",
    )


def test_none_but_lo(tmp_path: Path) -> None:
    assert "no interface but lo" in said(ct_network, survey(surveyed(network=net())), tmp_path)[1]


def test_not_offered_and_broken(tmp_path: Path) -> None:
    none = survey(surveyed(troubles={"network": "lxc web1 has no init here"}))
    line = "web1 (lxc web1): lxc web1 has no init here\n"
    assert said(ct_network, none, tmp_path, "--no-perfdata", "--missing=critical") == (
        2,
        f"CT_NETWORK CRITICAL - {line}",
    )
    broken = survey(surveyed(troubles={"network": "net/dev: cannot read"}, broken=["network"]))
    assert said(ct_network, broken, tmp_path, "--missing=ok")[0] == 3


def test_hostile_names_and_as_many_as_one_likes(tmp_path: Path) -> None:
    names = {f"a|'=\x1b[{number}": ZERO for number in range(40)}
    host = survey(surveyed(network=net(**names)))
    status, line = said(ct_network, host, tmp_path)
    assert (status, line.count("|"), line.isascii()) == (3, 1, True)
    assert "24 more interfaces, not judged" in line
    later = survey(
        surveyed(network=net(**{name: ZERO._replace(receive_drop=10_000) for name in names})),
        uptime=5060,
    )
    status, line = said(ct_network, later, tmp_path)
    assert (status, line.count("|")) == (2, 1)
    assert "a?'=?[0 10000.0 errors and drops a minute (outside 0:100)" in line
    assert "\x1b" not in line
    assert len(line) < 4096


def test_no_place_to_keep_what_was_counted_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "kept").symlink_to("/")
    status, line = said(ct_network, at(5000), tmp_path)
    assert status == 3
    assert "kept is no directory, or a link: give another --state-dir" in line


def test_of_several_too_it_is_said_that_there_are_no_rates_yet(tmp_path: Path) -> None:
    """Else nothing was measured, and the line would be that of a quiet network."""
    two = survey(*(surveyed(name, network=net(eth0=ZERO)) for name in ("a", "b")))
    assert said(ct_network, two, tmp_path, "--no-perfdata") == (
        0,
        "CT_NETWORK OK - 2 containers (2 seen for the first time: no rates yet)\n",
    )
    later = two._replace(time=two.time + 60)
    assert said(ct_network, later, tmp_path, "--no-perfdata") == (
        0,
        "CT_NETWORK OK - 2 containers\n",
    )
