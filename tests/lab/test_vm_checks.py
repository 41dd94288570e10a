"""Plugins on cgroup v2 alone and on a kernel that tells pressure: in a VM, on Debian's Python, with
Debian's version of nagiosplugin, on a real container that is held back, and short of memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugin_runs import OLD, library

from .command import LabError, wait_for
from .ct import CT
from .hosts import NSPAWN_SETUP
from .run import Run
from .test_vm import INTO_PAYLOAD, VERSION_2
from .vm import VM, VmCT, virtual_machine
from .work import BURN, hold, inside

PLUGIN = """\
#!/usr/bin/python3 -EIs
import sys
sys.path[:0] = ["/srv/ct0/core", "/srv/ct0/checks"]
from ct0_checks.launch import launch
sys.exit(launch(sys.argv[1], sys.argv[2:]))
"""


@pytest.fixture(scope="module")
def vm(run: Run) -> Iterator[VM]:
    with virtual_machine(run) as vm:
        folder = Path(str(library(OLD)))
        for path in (folder / "nagiosplugin").rglob("*.py"):
            where = f"/srv/ct0/checks/{path.relative_to(folder)}"
            vm.write(where, path.read_text(encoding="utf-8"))
        vm.shell("python3 -m compileall -q /srv/ct0")
        vm.write("/usr/local/bin/plugin", PLUGIN, "755")
        yield vm


@pytest.fixture(scope="module")
def ct(vm: VM) -> CT:
    vm.write("/etc/systemd/system/systemd-nspawn@.service.d/lab.conf", VERSION_2)
    vm.shell(f"systemctl daemon-reload; {NSPAWN_SETUP}")
    leader = vm.shell("machinectl show web1 --property=Leader --value").strip()
    return VmCT(vm, "nspawn", "web1", ["sh", "-ec", INTO_PAYLOAD, leader], int(leader))


def said(vm: VM, command: str, *arguments: str) -> tuple[int, str]:
    done = vm.run(["plugin", command, "--ct=web1", "--timeout=120", *arguments])
    assert done.stderr == ""
    return done.returncode, done.stdout


def measured(vm: VM, command: str, *arguments: str) -> dict[str, Any]:
    found = json.loads(said(vm, command, "--format=json", *arguments)[1])
    metrics: dict[str, Any] = found["containers"][0]["metrics"]
    return metrics


def until(vm: VM, status: int, words: str, command: str, *arguments: str) -> str:
    last: list[tuple[int, str]] = []

    def there() -> bool:
        last.append(said(vm, command, *arguments))
        return last[-1][0] == status and words in last[-1][1]

    try:
        wait_for(words, there, 240)
    except LabError as error:
        raise AssertionError(f"{error}; last: {last[-1]}") from None
    return last[-1][1]


def test_the_kernel_s_figures(vm: VM, ct: CT) -> None:
    status, text = said(vm, "check_ct_resources", "--resource=memory", "--resource=tasks")
    assert (status, "failures are counted from now on" in text) == (0, True), text
    folder = vm.shell(f"cut -d: -f3 /proc/{ct.init}/cgroup").strip().removesuffix("/payload")
    current, limit = vm.shell(f"cd /sys/fs/cgroup{folder}; cat memory.current pids.max").split()
    metrics = measured(vm, "check_ct_resources")
    assert 0 < metrics["memory"]["value"] <= int(current) * 1.5
    assert metrics["tasks"]["max"] == int(limit)
    assert {"oom_kills", "tasks_refused", "memory_limit_hits"} <= metrics.keys()
    assert len(measured(vm, "check_ct_pressure")) == 18


def test_held_back_at_its_cpu_limit(vm: VM, ct: CT) -> None:
    """A quarter of one CPU: it runs for 25 ms of every 100 and waits for 75."""
    window = "--cpu-window=20"
    vm.shell("systemctl set-property --runtime systemd-nspawn@web1 CPUQuota=25%")
    try:
        said(vm, "check_ct_resources", "--resource=cpu", window)
        with inside([ct], BURN.format(seconds=30)):
            until(vm, 2, "cpu some avg10", "check_ct_pressure", "--resource=cpu")
            held = until(
                vm, 2, "CT_RESOURCES CRITICAL", "check_ct_resources", "--resource=cpu", window
            )
            assert "of periods at 0.25 CPUs (outside 0:90)" in held
    finally:
        vm.shell("systemctl set-property --runtime systemd-nspawn@web1 CPUQuota=")


def test_killed_for_want_of_memory(vm: VM, ct: CT) -> None:
    only = "--resource=memory"
    vm.shell("systemctl set-property --runtime systemd-nspawn@web1 MemoryMax=64M")
    try:
        assert said(vm, "check_ct_resources", only)[0] == 0
        with inside([ct], hold(100 << 20)):
            text = until(vm, 1, "OOM kills: 1 within 1h (outside 0:0)", "check_ct_resources", only)
        assert " of 64.0M" not in text  # the use itself is well again
        assert said(vm, "check_ct_resources", only)[0] == 1
    finally:
        vm.shell("systemctl set-property --runtime systemd-nspawn@web1 MemoryMax=infinity")
