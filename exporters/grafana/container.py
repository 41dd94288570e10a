"""One container: everything the exporter knows of it."""

from __future__ import annotations

from grafana.panels import (
    ANY,
    CT,
    CTIDS,
    ENGINES,
    FULL,
    INSTANCES,
    INTERVAL,
    JOB,
    NAME,
    WAITING,
    Dashboard,
    Panel,
    Row,
    rate,
    variable,
)


def container() -> Dashboard:
    def pressure(resource: str) -> dict[str, str]:
        return {
            rate(f"ct_pressure_{resource}_waiting_seconds_total", CT): "some task waits",
            rate(f"ct_pressure_{resource}_stalled_seconds_total", CT): "all tasks wait",
        }

    def memory(*kinds: str) -> dict[str, str]:
        return {f"ct_memory_{kind}_bytes{{{CT}}}": kind.replace("_", " ") for kind in kinds}

    def both(kind: str, one: str, other: str) -> dict[str, str]:
        return {
            rate(f"ct_{kind}_{one}_total", CT): f"{{{{device}}}} {one.replace('_', ' ')}",
            f"-{rate(f'ct_{kind}_{other}_total', CT)}": f"{{{{device}}}} {other.replace('_', ' ')}",
        }

    now = (
        Panel(
            "State",
            "The state it is in.",
            {f"ct_state{{{CT}}} == 1": "{{name}} {{state}}"},
            kind="stat",
            width=6,
            height=4,
        ),
        Panel(
            "Running for",
            "Since its init started.",
            {f"time() - ct_start_time_seconds{{{CT}}}": NAME},
            "s",
            "stat",
            6,
            4,
        ),
        Panel(
            "Memory of its limit",
            "Working set over limit; empty where it has none.",
            {
                f"(ct_memory_working_set_bytes{{{CT}}} or ct_memory_usage_bytes{{{CT}}}) "
                f"/ ct_memory_limit_bytes{{{CT}}}": "memory"
            },
            "percentunit",
            "gauge",
            6,
            4,
            steps=FULL,
            most=1,
        ),
        Panel(
            "OOM kills",
            "In the dashboard's time range.",
            {f"increase(ct_memory_oom_kills_total{{{CT}}}[$__range])": "kills"},
            kind="stat",
            width=6,
            height=4,
            steps=ANY,
        ),
    )
    cpu = (
        Panel(
            "CPU",
            "CPUs in use, and how many it may use.",
            {
                rate("ct_cpu_usage_seconds_total", CT): "used",
                f"ct_cpu_limit_cpus{{{CT}}}": "limit",
            },
        ),
        Panel(
            "CPU by mode",
            "Its own programs (user) and the kernel's work for them (system).",
            {rate("ct_cpu_mode_seconds_total", CT): "{{mode}}"},
            stacked=True,
        ),
        Panel(
            "Held back by its CPU limit",
            "Share of the enforcement periods in which it had used up its limit.",
            {
                f"{rate('ct_cpu_throttled_periods_total', CT)} "
                f"/ {rate('ct_cpu_periods_total', CT)}": "periods"
            },
            "percentunit",
            steps=WAITING,
            most=1,
        ),
        Panel(
            "Waiting for a CPU",
            "Share of the time (PSI).",
            pressure("cpu"),
            "percentunit",
            steps=WAITING,
        ),
        Panel(
            "Load",
            "Load averages (OpenVZ).",
            {f"ct_load{n}{{{CT}}}": f"{n} min" for n in (1, 5, 15)},
        ),
        Panel(
            "Longest wait for a CPU",
            "In the kernel's last interval (OpenVZ).",
            {f"ct_sched_latency_max_seconds{{{CT}}}": "longest"},
            "s",
        ),
    )
    space = (
        Panel(
            "Memory",
            "Usage includes page cache, the working set only what was used of late.",
            memory("usage", "working_set", "limit", "high", "guarantee", "peak"),
            "bytes",
        ),
        Panel(
            "Memory by kind",
            "anon: processes. file: page cache. kernel: the kernel's, for it.",
            memory("anon", "file", "shmem", "kernel", "slab_reclaimable", "dirty"),
            "bytes",
        ),
        Panel("Swap", "Used, and how much it may.", memory("swap_usage", "swap_limit"), "bytes"),
        Panel(
            "At the limit",
            "How often usage reached the limit, and processes killed, a second.",
            {
                rate("ct_memory_limit_hits_total", CT): "limit reached",
                rate("ct_memory_oom_kills_total", CT): "killed",
            },
        ),
        Panel(
            "Waiting for memory",
            "Share of the time (PSI).",
            pressure("memory"),
            "percentunit",
            steps=WAITING,
        ),
        Panel(
            "Page faults",
            "A second; major ones had to wait for a disk.",
            {
                rate("ct_memory_page_faults_total", CT): "all",
                rate("ct_memory_major_page_faults_total", CT): "major",
            },
        ),
        Panel(
            "Processes and threads",
            "And how many there may be.",
            {f"ct_tasks{{{CT}}}": "tasks", f"ct_tasks_limit{{{CT}}}": "limit"},
        ),
        Panel(
            "Huge pages",
            "By their size.",
            {f"ct_hugetlb_usage_bytes{{{CT}}}": "{{pagesize}}"},
            "bytes",
        ),
    )
    traffic = (
        Panel(
            "Disk, bytes",
            "Bytes a second; written below zero.",
            both("block", "read_bytes", "written_bytes"),
            "Bps",
        ),
        Panel(
            "Disk, operations",
            "Operations a second; writes below zero.",
            both("block", "reads", "writes"),
            "iops",
        ),
        Panel(
            "Waiting for the disk",
            "Share of the time (PSI).",
            pressure("io"),
            "percentunit",
            steps=WAITING,
        ),
        Panel(
            "File systems",
            "How full. One that it shares with others has everybody's numbers.",
            {
                f"1 - ct_filesystem_avail_bytes{{{CT}}} / ct_filesystem_size_bytes{{{CT}}}": (
                    "{{mountpoint}} bytes"
                ),
                f"1 - ct_filesystem_files_free{{{CT}}} / ct_filesystem_files{{{CT}}}": (
                    "{{mountpoint}} inodes"
                ),
            },
            "percentunit",
            steps=FULL,
            most=1,
        ),
        Panel(
            "Network",
            "Bytes a second as the container sees them; sent below zero.",
            both("network", "receive_bytes", "transmit_bytes"),
            "Bps",
        ),
        Panel(
            "Network, lost",
            "Packets dropped or broken a second.",
            {
                rate(f"ct_network_{kind}_total", CT): f"{{{{device}}}} {kind.replace('_', ' ')}"
                for kind in (
                    "receive_drop",
                    "transmit_drop",
                    "receive_errors",
                    "transmit_errors",
                )
            },
            "pps",
        ),
    )
    openvz = (
        Panel(
            "Beancounters of their limit",
            "held over limit; unlimited resources are not here.",
            {f"ct_beancounter_held{{{CT}}} / (ct_beancounter_limit{{{CT}}} > 0)": "{{resource}}"},
            "percentunit",
            steps=FULL,
            most=1,
        ),
        Panel(
            "Refused",
            "failcnt growing.",
            {f"increase(ct_beancounter_failures_total{{{CT}}}{INTERVAL}) > 0": "{{resource}}"},
            steps=ANY,
        ),
        Panel(
            "venet",
            "Bytes a second by traffic class; sent below zero.",
            {
                rate("ct_venet_receive_bytes_total", CT): "class {{class}} {{family}} received",
                f"-{rate('ct_venet_transmit_bytes_total', CT)}": "class {{class}} {{family}} sent",
            },
            "Bps",
        ),
        Panel(
            "I/O priority",
            "0 is last, 7 is first.",
            {f"ct_block_priority{{{CT}}}": "priority"},
            most=7,
        ),
    )
    return Dashboard(
        "ct0-container",
        "ct0 / Container",
        "One container: everything the exporter knows of it.",
        (
            JOB,
            variable("instance", "Host", INSTANCES, many=False),
            variable("engine", "Engine", ENGINES),
            variable("ctid", "Container", CTIDS, many=False),
        ),
        (
            Row("Now", now),
            Row("CPU", cpu),
            Row("Memory and tasks", space),
            Row("Disk and network", traffic),
            Row("OpenVZ", openvz),
        ),
    )
