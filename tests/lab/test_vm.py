"""The same known work on cgroup v2 alone: in a VM with systemd as PID 1 and Debian's kernel.

LXC's web1 has systemd inside, so that its processes are in cgroups of its own making; nspawn's web1
is registered with machined. The exporter is the shipped unit's, not root, on Debian's Python and
Debian's packages; the Prometheus outside scrapes it through the VM's one forwarded port.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from exposition import samples

from .command import call, wait_for
from .ct import CT
from .figures import (
    DEVICE,
    FIGURES,
    Done,
    all_done,
    assert_known,
    assert_nothing_wrong,
    assert_sound,
    selector,
)
from .hosts import NSPAWN_SETUP
from .prometheus import Prometheus, answers, prometheus
from .run import Run
from .vm import CHECKOUT, PROGRAM, VM, VmCT, virtual_machine
from .work import BURN, MIB, WRITE, count_block_io, hold, inside, started, wired

ENGINES = ("lxc", "nspawn")
UP = ("running", "degraded")
UNIT = (CHECKOUT / "exporters/systemd/ct0-exporter.service").read_text(encoding="utf-8")
SOCKET = (CHECKOUT / "exporters/systemd/ct0-exporter.socket").read_text(encoding="utf-8")

LXC_CONFIG = """\
lxc.rootfs.path = dir:/var/lib/lxc/web1/rootfs
lxc.uts.name = web1
lxc.net.0.type = empty
lxc.apparmor.profile = unconfined
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.init.cmd = /sbin/init
"""
# The root is the machine's own, with an overlay on it; what a CT has no use for is masked.
LXC_SETUP = """\
home=/var/lib/lxc/web1 over=/srv/web1
mkdir -p $home/rootfs $over/work $over/upper/etc/systemd/system
for unit in ssh systemd-networkd systemd-networkd.socket e2scrub_reap; do
    case $unit in *.socket) ;; *) unit=$unit.service ;; esac
    ln -s /dev/null $over/upper/etc/systemd/system/$unit
done
mount -t overlay -o lowerdir=/,upperdir=$over/upper,workdir=$over/work web1 $home/rootfs
mkdir -p /var/lib/lxc/old1/rootfs
sed s/web1/old1/ $home/config >/var/lib/lxc/old1/config
lxc-start -n web1
"""
# A root without systemd nspawn takes for an old one, and mounts version 1's name=systemd for it.
VERSION_2 = "[Service]\nEnvironment=SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1\n"
PAYLOAD = "/sys/fs/cgroup/machine.slice/systemd-nspawn@web1.service/payload"
# nsenter alone would leave what is run in the cgroup of ssh.
INTO_PAYLOAD = f'echo $$ >{PAYLOAD}/cgroup.procs; exec nsenter --all --target="$0" -- "$@"'

# Of a CT: what version 1's controllers have and version 2 has not, and the other way round.
VERSION_1_ALONE = {"ct_cpu_shares"}
VERSION_2_ALONE = {
    "ct_cpu_weight",
    "ct_memory_guarantee_bytes",
    "ct_memory_slab_reclaimable_bytes",
}
# What a kernel may be built without, or have switched off.
OPTIONAL = ("ct_hugetlb_", "ct_pressure_")


@pytest.fixture(scope="module")
def vm(run: Run) -> Iterator[VM]:
    with virtual_machine(run) as vm:
        yield vm


@pytest.fixture(scope="module")
def workers(vm: VM) -> dict[str, CT]:
    vm.shell("mkdir -p /var/lib/lxc/web1")
    vm.write("/var/lib/lxc/web1/config", LXC_CONFIG)
    vm.shell(LXC_SETUP)
    vm.write("/etc/systemd/system/systemd-nspawn@.service.d/lab.conf", VERSION_2)
    vm.shell(f"systemctl daemon-reload; {NSPAWN_SETUP}")
    attach = ["lxc-attach", "-n", "web1", "--clear-env", "--"]
    ready = [*attach, "systemctl", "is-system-running", "--wait"]
    wait_for("the CT's systemd", lambda: vm.run(ready).stdout.strip() in UP, 180)
    lxc = VmCT(vm, "lxc", "web1", attach, int(vm.shell("lxc-info -n web1 -pH")))
    return {"lxc": lxc, "nspawn": nspawn(vm)}


def nspawn(vm: VM) -> CT:
    leader = vm.shell("machinectl show web1 --property=Leader --value").strip()
    return VmCT(vm, "nspawn", "web1", ["sh", "-ec", INTO_PAYLOAD, leader], int(leader))


@pytest.fixture(scope="module")
def server(run: Run, vm: VM, workers: dict[str, CT]) -> Iterator[Prometheus]:
    vm.write("/usr/local/bin/ct0-exporter", PROGRAM, "755")
    vm.write("/etc/systemd/system/ct0-exporter.service", UNIT)
    vm.write("/etc/systemd/system/ct0-exporter.socket", SOCKET)
    vm.write("/etc/default/ct0-exporter", "CT0_EXPORTER_OPTIONS=--web.listen-address=:9955\n")
    vm.shell("python3 -m compileall -q /srv/ct0")
    vm.shell("systemctl daemon-reload; systemctl start ct0-exporter")
    url = f"http://127.0.0.1:{vm.port}"
    wait_for("the exporter", lambda: answers(f"{url}/-/ready") and answers(f"{url}/metrics"), 180)
    with prometheus(run, vm.port, vm.port, every=5) as server:
        yield server


@pytest.fixture(scope="module")
def done(run: Run, workers: dict[str, CT], server: Prometheus) -> dict[str, Done]:
    return all_done(run, list(workers.values()), server)


def test_the_machine_is_what_it_should_be(vm: VM, workers: dict[str, CT]) -> None:
    mounted = vm.shell("findmnt -n -o FSTYPE /sys/fs/cgroup; cat /proc/1/comm; uname -v")
    assert mounted.splitlines()[:2] == ["cgroup2", "systemd"]
    assert "Debian" in mounted.splitlines()[2]
    assert vm.shell("grep -c cgroup /proc/mounts") == "1\n"
    cgroups = {name: vm.shell(f"cat /proc/{ct.init}/cgroup") for name, ct in workers.items()}
    assert cgroups["lxc"] == "0::/lxc.payload.web1/init.scope\n"
    assert cgroups["nspawn"] == f"0::{PAYLOAD.removeprefix('/sys/fs/cgroup')}\n"


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("engine", ENGINES)
def test_prometheus_says_what_the_ct_did(
    engine: str, name: str, workers: dict[str, CT], server: Prometheus, done: dict[str, Done]
) -> None:
    # Entering the CT is work as well, for an emulated processor some ten times as much.
    above = 1.5 if "CPU" in name else None
    assert_known(server, name, workers[engine], done[name], above)


@pytest.mark.parametrize("engine", ENGINES)
def test_identity_and_start(engine: str, workers: dict[str, CT], server: Prometheus) -> None:
    ct = workers[engine]
    now = server.now()
    (state,) = server.query(f"ct_state{selector(ct)} == 1", now)
    assert (state["metric"]["state"], state["metric"]["name"]) == ("running", "web1")
    begin = server.value(f"ct_start_time_seconds{selector(ct)}", now)
    assert begin == pytest.approx(started(ct), abs=0.02)
    stopped = f'ct_state{{engine="{engine}",ctid="old1",state="stopped"}}'
    assert server.value(stopped, now) == 1


def test_names_of_metrics_are_those_of_a_hybrid_host(
    run: Run, lxc: CT, workers: dict[str, CT], server: Prometheus, done: dict[str, Done]
) -> None:
    """This machine's, of an LXC CT as well that has a device and has written to a disk."""
    count_block_io(run)
    with wired(run, [lxc], DEVICE), inside([lxc], WRITE.format(count=1)) as running:
        wait_for("the disk", lambda: running[0].poll() is not None)
        once = call([sys.executable, "-m", "ct0_exporters", "once"]).stdout
    there = {name for name, labels in samples(once) if ("ctid", lxc.ctid) in labels}
    there = {name for name in there if not name.startswith(OPTIONAL)}
    # What the work left behind: at its end the devices went.
    every = f"count by (__name__) (last_over_time({selector(workers['lxc'])}[10m]))"
    found = {each["metric"]["__name__"] for each in server.query(every)}
    here = {name for name in found if name.startswith("ct_") and not name.startswith(OPTIONAL)}
    assert any(name.startswith("ct_pressure_") for name in found)
    assert there - here == VERSION_1_ALONE
    assert here - there == VERSION_2_ALONE


def test_every_collector_succeeds_though_it_is_not_root(vm: VM, server: Prometheus) -> None:
    user = vm.shell("ps -o uid= -p $(systemctl show ct0-exporter -p MainPID --value)").strip()
    assert 61184 <= int(user) <= 65519  # systemd's range for DynamicUser=
    now = server.now()
    assert len(server.query("ct_scrape_collector_success == 1", now)) > 10
    assert server.query("ct_scrape_collector_success == 0", now) == []


def test_ct0_s_own_work_is_ct0_s(vm: VM, workers: dict[str, CT], server: Prometheus) -> None:
    """In a unit below system.slice: in the slice's counter, in CT0's share, and nobody else's."""
    began = server.now()
    vm.write("/srv/burn", BURN.format(seconds=2))
    vm.shell("systemd-run --quiet --wait --unit=burn sh /srv/burn")
    ended = server.now()

    def grown(series: str) -> float:
        return server.value(f"{series} - {series} @ {began:.3f}", ended)

    own = grown('ct_cpu_usage_seconds_total{ctid="0"}')
    slice = grown('ct_host_slice_cpu_usage_seconds_total{slice="system.slice"}')
    assert slice >= 2 - 0.05
    # The kernel counts the machine in ticks, of which an emulated one loses some, and a slice in
    # nanoseconds.
    assert own >= slice / 2
    assert grown(f"ct_cpu_usage_seconds_total{selector(workers['nspawn'])}") < 0.5
    assert server.value('ct_host_slice_containers{slice="system.slice"}', ended) == 0
    assert server.value('ct_host_slice_containers{slice="machine.slice"}', ended) == 1


def test_ct0_and_its_cts_are_the_machine(server: Prometheus, done: dict[str, Done]) -> None:
    when = done["5 s of CPU"]
    at = f"@ {when.began:.3f}"
    total = "sum(ct_cpu_usage_seconds_total)"
    busy = 'sum(ct_host_cpu_seconds_total{mode!~"idle|iowait|steal"})'
    parts = server.value(f"{total} - {total[:-1]} {at})", when.ended)
    whole = server.value(f"{busy} - {busy[:-1]} {at})", when.ended)
    assert parts == pytest.approx(whole, rel=0.1, abs=0.3)


def test_a_ct_held_back_by_its_cpu_limit(
    vm: VM, workers: dict[str, CT], server: Prometheus
) -> None:
    """2 s of CPU time by a quarter of one: it ran for 25 ms of every 100 and waited for 75."""
    ct, only = workers["nspawn"], selector(workers["nspawn"])
    vm.shell("systemctl set-property --runtime systemd-nspawn@web1 CPUQuota=25%")
    try:
        began = server.now()
        assert server.value(f"ct_cpu_limit_cpus{only}", began) == 0.25
        with inside([ct], BURN.format(seconds=2)) as running:
            wait_for("the CPU time", lambda: running[0].poll() is not None, 180)
        ended = server.now()
    finally:
        vm.shell("systemctl set-property --runtime systemd-nspawn@web1 CPUQuota=")

    def grown(name: str) -> float:
        return server.value(f"{name}{only} - {name}{only} @ {began:.3f}", ended)

    periods = grown("ct_cpu_periods_total")
    assert periods + 2 >= 2 / 0.025
    assert grown("ct_cpu_throttled_periods_total") >= 0.8 * 2 / 0.025
    assert grown("ct_cpu_throttled_seconds_total") >= 0.8 * 6
    assert grown("ct_pressure_cpu_waiting_seconds_total") >= 0.8 * 6
    assert grown("ct_pressure_cpu_waiting_seconds_total") <= ended - began


def test_a_kill_for_want_of_memory_is_counted_and_its_alert_fires(
    vm: VM, workers: dict[str, CT], server: Prometheus
) -> None:
    ct, only = workers["nspawn"], selector(workers["nspawn"])
    vm.shell("systemctl set-property --runtime systemd-nspawn@web1 MemoryMax=64M")
    try:
        now = server.now()
        assert server.value(f"ct_memory_limit_bytes{only}", now) == 64 * MIB
        assert server.value(f"ct_memory_oom_kills_total{only}", now) == 0
        firing = f'ALERTS{{alertname="CTOutOfMemory",alertstate="firing",{only[1:]}'
        assert server.query(firing) == []
        with inside([ct], hold(100 * MIB)):
            wait_for("the alert", lambda: bool(server.query(firing)), 120)
        now = server.now()
        assert server.value(f"ct_memory_oom_kills_total{only}", now) >= 1
        assert server.value(f"ct_memory_limit_hits_total{only}", now) >= 1
    finally:
        vm.shell("systemctl set-property --runtime systemd-nspawn@web1 MemoryMax=infinity")


def test_stop_start_rename_and_remove(vm: VM, workers: dict[str, CT], server: Prometheus) -> None:
    """No series outlives what it is about, and CT0's counter knows nothing of it."""
    began = server.now()
    only = selector(workers["nspawn"])
    first = server.value(f"ct_start_time_seconds{only}", began)
    with inside([workers["nspawn"]], BURN.format(seconds=3)) as running:
        wait_for("the CPU time", lambda: running[0].poll() is not None, 180)
    used = server.value(f"ct_cpu_usage_seconds_total{only}", server.now())
    assert used > 3

    vm.shell("systemctl stop systemd-nspawn@web1; mv /var/lib/lxc/old1 /var/lib/lxc/old2")
    now = server.now()
    state = server.query(f"ct_state{only} == 1", now)
    assert [each["metric"]["state"] for each in state] == ["stopped"]
    for gone in ("ct_cpu_usage_seconds_total", "ct_memory_usage_bytes", "ct_tasks"):
        assert server.query(f"{gone}{only}", now) == []
    old = server.query('ct_state{engine="lxc",ctid=~"old.",state="stopped"}', now)
    assert [each["metric"]["ctid"] for each in old] == ["old2"]

    vm.shell("systemctl start systemd-nspawn@web1; rm -r /var/lib/lxc/old2")
    now = server.now()
    state = server.query(f"ct_state{only} == 1", now)
    assert [each["metric"]["state"] for each in state] == ["running"]
    assert server.value(f"ct_start_time_seconds{only}", now) > first
    assert server.value(f"ct_cpu_usage_seconds_total{only}", now) < used
    assert server.query('{engine="lxc",ctid=~"old."}', now) == []
    assert_sound(server, began, now)


def test_nothing_went_wrong_meanwhile(server: Prometheus, done: dict[str, Done]) -> None:
    assert_nothing_wrong(server, done["5 s of CPU"].began)


def test_systemd_listens_and_the_first_scrape_starts_it(vm: VM, server: Prometheus) -> None:
    """The last: it takes the addresses from the exporter that is scraped."""
    vm.shell("systemctl stop ct0-exporter; systemctl start ct0-exporter.socket")
    assert vm.run(["systemctl", "is-active", "ct0-exporter"]).stdout == "inactive\n"
    ask = (
        "from urllib.request import urlopen as o; print(o('http://127.0.0.1:9955/metrics').status)"
    )
    assert vm.run(["python3", "-c", ask], 180).stdout == "200\n"
    assert vm.run(["systemctl", "is-active", "ct0-exporter"]).stdout == "active\n"
    vm.shell("systemctl restart ct0-exporter")
    assert vm.run(["python3", "-c", ask], 180).stdout == "200\n"
