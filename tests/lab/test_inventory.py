"""The list of containers that an exporter keeps, beside the one that asks every process."""

from __future__ import annotations

from ct0.container import CT as Listed
from ct0.containers import containers
from ct0.host import Host
from ct0.inventory import Inventory

from .ct import CT
from .lxc import lxc_ct
from .run import Run

NO_CGROUP = ("nspawn", "bare")  # no cgroup of their own here, and not registered anywhere


def known(listed: list[Listed], wanted: set[str]) -> dict[str, Listed]:
    """This run's CTs by CTID; the machine may have others, which come and go."""
    return {ct.ctid: ct._replace(processes=0) for ct in listed if ct.ctid in wanted}


def test_each_engines_ct_is_the_same(cts: dict[str, CT]) -> None:
    host = Host()
    wanted = {ct.ctid for name, ct in cts.items() if name not in NO_CGROUP}
    inventory = Inventory(host)
    scanned = known(containers(host), wanted)
    assert scanned.keys() == wanted
    for _ in range(2):
        assert known(inventory.containers(), wanted) == scanned


def test_a_ct_comes_and_goes(run: Run) -> None:
    inventory = Inventory(Host())
    with lxc_ct(run, "comes") as ct:
        found = known(inventory.containers(), {ct.ctid})[ct.ctid]
        assert (found.state, found.init_pid) == ("running", ct.init)
        assert known(inventory.containers(), {ct.ctid}) == {ct.ctid: found}
    # Its lxcpath is the run's own, known only while the monitor runs.
    assert known(inventory.containers(), {ct.ctid}) == {}
