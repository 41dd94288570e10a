"""All hosts: who is busy, who is full, who fails."""

from __future__ import annotations

from grafana.panels import (
    ANY,
    AT,
    BUSY,
    FULL,
    HOST,
    INSTANCES,
    JOB,
    NOT_CT0,
    WAITING,
    Dashboard,
    Panel,
    Row,
    rate,
    variable,
)


def fleet() -> Dashboard:
    used = f"ct_memory_working_set_bytes{{{NOT_CT0}}} or ct_memory_usage_bytes{{{NOT_CT0}}}"
    limit = f"ct_memory_limit_bytes{{{NOT_CT0}}}"
    overview = (
        Panel(
            "Hosts",
            "Hosts whose exporter answers.",
            {f"sum(up{{{HOST}}})": "hosts"},
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Not answering",
            "Hosts of which nothing is known right now.",
            {f"count(up{{{HOST}}} == 0) or vector(0)": "hosts"},
            kind="stat",
            width=4,
            height=4,
            steps=ANY,
        ),
        Panel(
            "Running containers",
            "Running or frozen, of all engines.",
            {f'sum(ct_host_containers{{{HOST},state=~"running|frozen"}})': "containers"},
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Stopped, though set to start",
            "Set to start with their host, and not running.",
            {
                f'count(ct_state{{{HOST},state="stopped"}} == 1 and ignoring (state) '
                f"ct_autostart{{{HOST}}} == 1) or vector(0)": "containers"
            },
            kind="stat",
            width=4,
            height=4,
            steps=ANY,
        ),
        Panel(
            "OOM kills",
            "Processes killed for want of memory in the dashboard's time range.",
            {f"sum(increase(ct_memory_oom_kills_total{{{NOT_CT0}}}[$__range]))": "kills"},
            kind="stat",
            width=4,
            height=4,
            steps=ANY,
        ),
        Panel(
            "Failing collectors",
            "An exporter that answers in part: metrics of these collectors may be missing.",
            {f"count(ct_scrape_collector_success{{{HOST}}} == 0) or vector(0)": "collectors"},
            kind="stat",
            width=4,
            height=4,
            steps=ANY,
        ),
    )
    hosts = (
        Panel(
            "Hosts",
            "CPU: share of the host's CPUs in use. Sold: what the containers' limits add up to, "
            "over what there is; above 100 % the host is oversold.",
            {
                f"sum by (job, instance) ({rate('ct_host_cpu_seconds_total', f'{HOST},{BUSY}')}) "
                f"/ sum by (job, instance) (ct_host_cpus{{{HOST}}})": "CPU",
                f"1 - ct_host_memory_available_bytes{{{HOST}}} "
                f"/ ct_host_memory_size_bytes{{{HOST}}}": "Memory",
                f"sum by (job, instance) ({limit}) "
                f"/ sum by (job, instance) (ct_host_memory_size_bytes{{{HOST}}})": "Sold",
                f'sum by (job, instance) (ct_host_containers{{{HOST},state="running"}})': "Running",
            },
            kind="table",
            width=24,
            columns=(
                ("CPU", "percentunit", "FULL"),
                ("Memory", "percentunit", "FULL"),
                ("Memory sold", "percentunit", "NONE"),
                ("Running", "short", "NONE"),
            ),
        ),
    )
    busiest = (
        Panel(
            "Most CPU",
            "CPUs in use by container, the ten that use most at each moment.",
            {f"topk(10, {rate('ct_cpu_usage_seconds_total', NOT_CT0)})": AT},
        ),
        Panel(
            "Closest to their memory limit",
            "Working set over limit. Containers without a limit are not here.",
            {f"topk(10, ({used}) / {limit})": AT},
            "percentunit",
            steps=FULL,
            most=1,
        ),
        Panel(
            "Waiting for a CPU",
            "Share of the time in which some task had to wait for a CPU.",
            {f"topk(10, {rate('ct_pressure_cpu_waiting_seconds_total', NOT_CT0)})": AT},
            "percentunit",
            steps=WAITING,
        ),
        Panel(
            "Standing still for the disk",
            "Share of the time in which all tasks waited for I/O at once.",
            {f"topk(10, {rate('ct_pressure_io_stalled_seconds_total', NOT_CT0)})": AT},
            "percentunit",
            steps=WAITING,
        ),
        Panel(
            "Writing most",
            "Bytes a second to block devices.",
            {
                "topk(10, sum without (device) "
                f"({rate('ct_block_written_bytes_total', NOT_CT0)}))": AT
            },
            "Bps",
        ),
        Panel(
            "Sending most",
            "Bytes a second over all interfaces but lo.",
            {
                "topk(10, sum without (device) "
                f"({rate('ct_network_transmit_bytes_total', NOT_CT0)}))": AT
            },
            "Bps",
        ),
    )
    return Dashboard(
        "ct0-fleet",
        "ct0 / Fleet",
        "All container hosts: who is busy, who is full, who fails.",
        (JOB, variable("instance", "Host", INSTANCES)),
        (Row("Now", overview), Row("Hosts", hosts), Row("Containers", busiest)),
    )
