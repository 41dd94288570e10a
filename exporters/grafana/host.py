"""One host: its containers beside each other, and CT0 itself."""

from __future__ import annotations

from grafana.panels import (
    ANY,
    BUSY,
    FULL,
    HOST,
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


def host() -> Dashboard:
    used = f"ct_memory_working_set_bytes{{{HOST}}} or ct_memory_usage_bytes{{{HOST}}}"
    now = (
        Panel(
            "CPU",
            "Share of the host's CPUs in use.",
            {
                f"sum({rate('ct_host_cpu_seconds_total', f'{HOST},{BUSY}')}) "
                f"/ sum(ct_host_cpus{{{HOST}}})": "CPU"
            },
            "percentunit",
            "gauge",
            6,
            5,
            steps=FULL,
            most=1,
        ),
        Panel(
            "Memory",
            "What cannot be had without swapping.",
            {
                f"1 - sum(ct_host_memory_available_bytes{{{HOST}}}) "
                f"/ sum(ct_host_memory_size_bytes{{{HOST}}})": "Memory"
            },
            "percentunit",
            "gauge",
            6,
            5,
            steps=FULL,
            most=1,
        ),
        Panel(
            "Load",
            "Load averages of the whole machine; compare with the number of its CPUs.",
            {
                f"ct_host_load1{{{HOST}}}": "1 min",
                f"ct_host_load5{{{HOST}}}": "5 min",
                f"ct_host_load15{{{HOST}}}": "15 min",
                f"ct_host_cpus{{{HOST}}}": "CPUs",
            },
            width=6,
            height=5,
        ),
        Panel(
            "Containers",
            "By engine and state.",
            {f"ct_host_containers{{{HOST}}} > 0": "{{engine}} {{state}}"},
            kind="stat",
            width=6,
            height=5,
        ),
    )
    containers = (
        Panel(
            "CPU by container",
            "CPUs in use; CT0 (engine host) is the machine without its containers, so that the "
            "stack is the whole machine.",
            {rate("ct_cpu_usage_seconds_total", HOST): NAME},
            stacked=True,
        ),
        Panel("Memory by container", "Working set of each.", {used: NAME}, "bytes", stacked=True),
        Panel(
            "Memory of its limit",
            "Working set over limit. Containers without a limit are not here.",
            {f"({used}) / ct_memory_limit_bytes{{{HOST}}}": NAME},
            "percentunit",
            steps=FULL,
            most=1,
        ),
        Panel(
            "Held back by the CPU limit",
            "Share of the enforcement periods in which a container had used up its limit.",
            {
                f"{rate('ct_cpu_throttled_periods_total', HOST)} "
                f"/ {rate('ct_cpu_periods_total', HOST)}": NAME
            },
            "percentunit",
            steps=WAITING,
            most=1,
        ),
        Panel(
            "OOM kills and refusals",
            "Processes killed for want of memory, and beancounters' failcnt growing (OpenVZ).",
            {
                f"increase(ct_memory_oom_kills_total{{{HOST}}}{INTERVAL}) > 0": f"{NAME} killed",
                f"increase(ct_beancounter_failures_total{{{HOST}}}{INTERVAL}) > 0": (
                    f"{NAME} {{{{resource}}}}"
                ),
            },
            steps=ANY,
        ),
        Panel(
            "Processes and threads",
            "Tasks of each container.",
            {f"ct_tasks{{{HOST}}}": NAME},
        ),
        Panel(
            "Disk",
            "Bytes a second; written below zero.",
            {
                f"sum without (device) ({rate('ct_block_read_bytes_total', HOST)})": (
                    f"{NAME} read"
                ),
                f"-sum without (device) ({rate('ct_block_written_bytes_total', HOST)})": (
                    f"{NAME} written"
                ),
            },
            "Bps",
        ),
        Panel(
            "Network",
            "Bytes a second over all interfaces but lo; sent below zero.",
            {
                f"sum without (device) ({rate('ct_network_receive_bytes_total', HOST)})": (
                    f"{NAME} received"
                ),
                f"-sum without (device) ({rate('ct_network_transmit_bytes_total', HOST)})": (
                    f"{NAME} sent"
                ),
            },
            "Bps",
        ),
        Panel(
            "File systems",
            "How full; those that containers share with others are left out.",
            {
                f"1 - ct_filesystem_avail_bytes{{{HOST}}} / ct_filesystem_size_bytes{{{HOST}}} "
                f"unless ct_filesystem_shared{{{HOST}}} == 1": f"{NAME} {{{{mountpoint}}}}"
            },
            "percentunit",
            steps=FULL,
            most=1,
        ),
        Panel(
            "Stopped, though set to start",
            "1 while a container that is set to start with its host does not run.",
            {
                f'ct_state{{{HOST},state="stopped"}} == 1 and ignoring (state) '
                f"ct_autostart{{{HOST}}} == 1": NAME
            },
            steps=ANY,
            most=1,
        ),
    )
    own = (
        Panel(
            "CPU by mode",
            "CPU time of the whole machine, in CPUs.",
            {rate("ct_host_cpu_seconds_total", f'{HOST},mode!="idle"'): "{{mode}}"},
            stacked=True,
        ),
        Panel(
            "CPU by slice",
            "Top cgroups; containers below a slice are included.",
            {rate("ct_host_slice_cpu_usage_seconds_total", HOST): "{{slice}}"},
        ),
        Panel(
            "Memory by slice",
            "Top cgroups; containers below a slice are included.",
            {f"ct_host_slice_memory_usage_bytes{{{HOST}}}": "{{slice}}"},
            "bytes",
        ),
        Panel(
            "The exporter",
            "How long its collectors take.",
            {f"ct_scrape_collector_duration_seconds{{{HOST}}}": "{{collector}}"},
            "s",
        ),
    )
    return Dashboard(
        "ct0-host",
        "ct0 / Host",
        "One container host: its containers beside each other, and CT0 itself.",
        (JOB, variable("instance", "Host", INSTANCES, many=False)),
        (Row("Now", now), Row("Containers", containers), Row("CT0", own)),
    )
