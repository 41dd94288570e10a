"""Collector `identity`: which CTs there are, stopped ones too, in which state, since when."""

from __future__ import annotations

from collections.abc import Iterator

from ct0.container import FROZEN, MOUNTED, RUNNING, STOPPED, SUSPENDED
from ct0.errors import Error
from ct0.inventory import unreadable
from ct0_exporters.families import GAUGE, INFO, Family, Metric
from ct0_exporters.scrape import Scrape, clean

STATES = (RUNNING, FROZEN, STOPPED, SUSPENDED, MOUNTED)

CT_INFO = Metric(
    "ct_info",
    INFO,
    "Facts of a CT: its name, its configuration on CT0, its outer cgroup. Always 1. "
    "Source: the engine's files, /proc/PID/cgroup.",
    labels=("config", "cgroup"),
)
CT_STATE = Metric(
    "ct_state",
    GAUGE,
    "1 for the state that a CT is in, 0 for the others. mounted and suspended: OpenVZ only. "
    "Source: processes in its cgroup, cgroup.events or freezer.state, the engine's files.",
    labels=("state",),
)
CT_START = Metric(
    "ct_start_time_seconds",
    GAUGE,
    "When the CT's init started, in seconds since the epoch; only of running CTs. "
    "Source: field 22 of /proc/PID/stat plus btime of /proc/stat.",
)
CT_AUTOSTART = Metric(
    "ct_autostart",
    GAUGE,
    "1 if the CT is set to start when CT0 boots; no series: not known. Source: OpenVZ ONBOOT; LXC "
    "lxc.start.auto; Proxmox onboot; Docker's restart policy; nspawn's unit in machines.target.",
)
METRICS = (CT_INFO, CT_STATE, CT_START, CT_AUTOSTART)


def collect(scrape: Scrape) -> Iterator[Family]:
    """Nothing where the CTs could not be listed: a state of before is none."""
    if not scrape.listed:
        return
    info, state, start, autostart = map(scrape.family, METRICS)
    named = "name" in scrape.labels
    if not named:
        info.labels = (*info.labels, "name")
    for ct, identity in zip(scrape.cts, scrape.identities):
        facts = clean(ct.config), clean(ct.cgroup)
        values = (*identity, *facts)
        info.add(values if named else (*values, clean(ct.name or ct.ctid)), 1)
        for each in STATES:
            state.add((*identity, each), int(ct.state == each))
        if ct.autostart is not None:
            autostart.add(identity, int(ct.autostart))
    for ct, identity in scrape.running():
        if ct.started:
            start.add(identity, ct.started)
    yield info
    yield state
    yield start
    yield autostart
    hidden = unreadable(scrape.host)
    if hidden:
        raise Error(hidden)  # what is told of the others is good
