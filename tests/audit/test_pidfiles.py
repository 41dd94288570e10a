"""PID files whose number is a container's process now, or nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest

import planted
from audit.audited import DB1, Made
from ct0_audit.records import Direct
from ct0_audit.sources import pidfiles


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """CT0's own nginx is 50; 300 and 301 are containers'."""
    made = Made(tmp_path)
    made.processes()
    return made


def found(made: Made) -> list[Direct]:
    return [item for item in pidfiles.read(made.host) if isinstance(item, Direct)]


def test_a_number_that_is_a_containers_process_is_found(made: Made) -> None:
    made.write("/run/nginx.pid", "300\n")
    made.write("/run/nginx/worker.pid", " 301 \n")
    assert {(item.path, item.rule, item.severity) for item in found(made)} == {
        ("/run/nginx.pid", "CT110", ""),
        ("/run/nginx/worker.pid", "CT110", ""),
    }
    details = {item.path: item.detail for item in found(made)}
    assert "300 is now a process of lxc container web1" in details["/run/nginx.pid"]


def test_the_report_names_the_process(made: Made) -> None:
    made.write("/run/nginx.pid", "301\n")
    (finding,) = made.audit("pidfile").findings
    assert [(hit.ctid, hit.pid) for hit in finding.hits] == [("db1", 301)]


def test_ct0s_own_process_is_none_of_it(made: Made) -> None:
    made.write("/run/nginx.pid", "50\n")
    made.write("/run/init.pid", "1\n")
    assert found(made) == []


def test_a_number_that_nobody_has_counts_less(made: Made) -> None:
    made.write("/run/gone.pid", "4242\n")
    (item,) = found(made)
    assert (item.path, item.severity, item.selector) == ("/run/gone.pid", "F", None)


def test_files_that_managers_keep_for_their_containers_are_theirs(made: Made) -> None:
    for path in (
        "/run/lxc/web1/init.pid",
        "/run/containerd/io.containerd.runtime.v2.task/x/init.pid",
        "/run/docker/x.pid",
        "/run/crun/x/pidfile.pid",
    ):
        made.write(path, "300\n")
    assert found(made) == []


@pytest.mark.parametrize("text", ["", "\n", "nginx\n", "-1\n", "99999999999999999999\n", "\xff"])
def test_what_is_no_number_is_passed_over(text: str, made: Made) -> None:
    made.write("/run/x.pid", text)
    assert found(made) == []


def test_a_mounted_disk_has_no_processes_and_no_findings(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.write("/run/x.pid", "300\n")
    assert list(pidfiles.read(made.host)) == []


def test_a_recycled_number_is_found_by_whose_it_is(made: Made) -> None:
    """PID 700 was the host's daemon; now db1 has it."""
    made.write("/run/daemon.pid", "700\n")
    planted.process(made.root, 700, "java", nspid="700 3", cgroup=DB1, namespace="pid:[4026532300]")
    (item,) = found(made)
    assert item.rule == "CT110"
    assert "container db1" in item.detail
