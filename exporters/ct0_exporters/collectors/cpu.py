"""Collector `cpu`: CPU time of every CT and of CT0 without them, throttling, limits."""

from __future__ import annotations

from collections.abc import Iterator

from ct0.cpu import CPU, read_cpu
from ct0.errors import Malformed, Unavailable
from ct0_exporters.families import COUNTER, GAUGE, Family, Metric, Values
from ct0_exporters.host_cpu import busy_seconds
from ct0_exporters.scrape import Filler, Scrape

USAGE = Metric(
    "ct_cpu_usage_seconds_total",
    COUNTER,
    "CPU time used. ctid 0, engine host: CT0 itself, without its CTs, counted since this exporter "
    "started, so that the sum over all is the machine. Source: usage_usec of cpu.stat; v1 "
    "cpuacct.usage; OpenVZ column used of /proc/vz/vestat; CT0 /proc/stat without idle, iowait and "
    "steal, less the CTs.",
    "usage_seconds",
)
METRICS = (
    USAGE,
    Metric(
        "ct_cpu_mode_seconds_total",
        COUNTER,
        "CPU time used by mode; user is with niced processes where there is no mode nice. Source: "
        "user_usec, system_usec of cpu.stat; v1 cpuacct.stat / USER_HZ; OpenVZ /proc/vz/vestat / "
        "the kernel's HZ.",
        "mode",
        ("mode",),
    ),
    Metric(
        "ct_cpu_periods_total",
        COUNTER,
        "Enforcement periods of the CPU limit that passed. Source: nr_periods of cpu.stat.",
        "periods",
    ),
    Metric(
        "ct_cpu_throttled_periods_total",
        COUNTER,
        "Enforcement periods in which the CT was held back. Source: nr_throttled of cpu.stat.",
        "throttled_periods",
    ),
    Metric(
        "ct_cpu_throttled_seconds_total",
        COUNTER,
        "Time for which the CT was held back by its CPU limit, summed over CPUs. Source: "
        "throttled_usec of cpu.stat; v1 throttled_time.",
        "throttled_seconds",
    ),
    Metric(
        "ct_cpu_limit_cpus",
        GAUGE,
        "How many CPUs' time the CT may use; no series: unlimited. Source: quota / period of "
        "cpu.max; v1 cpu.cfs_quota_us / cpu.cfs_period_us; OpenVZ cpu.rate / 1024.",
        "limit_cpus",
    ),
    Metric(
        "ct_cpu_weight",
        GAUGE,
        "Share of CPU time under contention, 1 to 10000, 100 by default. Source: cpu.weight (v2).",
        "weight",
    ),
    Metric(
        "ct_cpu_shares",
        GAUGE,
        "Share of CPU time under contention, 2 to 262144, 1024 by default. Source: cpu.shares "
        "(v1).",
        "shares",
    ),
    Metric(
        "ct_cpu_units",
        GAUGE,
        "OpenVZ's CPUUNITS, 1000 by default. Source: cpu.shares * 1000 / 1024.",
        "units",
    ),
    Metric(
        "ct_cpu_online_cpus",
        GAUGE,
        "How many CPUs the CT may run on. Source: cpuset.cpus.effective; v1 "
        "cpuset.effective_cpus; OpenVZ cpu.nr_cpus; without these the machine's.",
        "online_cpus",
    ),
)
MODES = ("user", "system", "nice")


def collect(scrape: Scrape) -> Iterator[Family]:
    families = scrape.families(METRICS)
    by_mode = families.pop("mode")
    fill = Filler(families)
    identity_of = {id(ct): identity for ct, identity in scrape.running()}
    # CT0's share needs all CTs, those too that are not to be shown.
    wanted = scrape.cts if scrape.own_share is None else scrape.all_cts
    usage: dict[tuple[str, str], float] = {}
    trouble: Malformed | None = None
    for ct in wanted:
        if not ct.cgroups:
            continue
        try:
            record = read_cpu(scrape.cgroups, ct)
        except Unavailable:
            continue
        except Malformed as error:
            trouble = trouble or error
            continue
        if record.usage_seconds is not None:
            usage[ct.engine, ct.ctid] = record.usage_seconds
        identity = identity_of.get(id(ct))
        if identity is not None:
            fill(identity, record)
            add_modes(by_mode, identity, record)
    add_own(scrape, families["usage_seconds"], usage)
    yield families.pop("usage_seconds")
    yield by_mode
    yield from families.values()
    if trouble is not None:
        raise trouble


def add_modes(family: Family, identity: Values, record: CPU) -> None:
    for mode, value in zip(
        MODES, (record.user_seconds, record.system_seconds, record.nice_seconds)
    ):
        if value is not None:
            family.samples.append(((*identity, mode), value))


def add_own(scrape: Scrape, family: Family, usage: dict[tuple[str, str], float]) -> None:
    """CT0's own series; none where this process makes one scrape only: it would always be 0."""
    if scrape.own_share is None:
        return
    try:
        host = busy_seconds(scrape.host)
    except Unavailable:
        return
    fresh = scrape.own_share.started_since(
        {(ct.engine, ct.ctid): ct.started for ct in scrape.all_cts if ct.started}
    )
    own = scrape.own_share.look(host, usage, fresh=fresh)
    family.add(scrape.own_identity(), own)
