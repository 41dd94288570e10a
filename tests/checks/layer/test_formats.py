"""The formats beside Nagios': what each reader of them expects, line by line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ct0.memory import Memory
from ct0.tasks import Tasks
from ct0_checks import ct_resources
from ct0_checks.layer.failure import failure, service_name, status
from judging import said, survey, surveyed

WEB = surveyed("web1", memory=Memory(usage=90, limit=100, oom_kills=0), tasks=Tasks(5, 10, 0))
DB = surveyed("db1", memory=Memory(usage=95, limit=100, oom_kills=0), tasks=Tasks(5, 10, 0))
QUIET = "--resource=tasks"


def test_checkmk(tmp_path: Path) -> None:
    assert said(ct_resources, survey(WEB, DB), tmp_path, "--format=checkmk", QUIET) == (
        0,
        "<<<local:sep(0)>>>\n"
        '0 "CT resources" containers=2;;;0;|problems=0;;;0; CT_RESOURCES OK - 2 containers '
        "(failures are counted from now on)\n"
        "<<<<web1>>>>\n<<<local:sep(0)>>>\n"
        '0 "CT resources" tasks=5;8;9;0;10|tasks_refused=0;;;0;|failures_delta=0;0;10;0; '
        "web1 (lxc web1): tasks 50.0% of 10, failures are counted from now on\n<<<<>>>>\n"
        "<<<<db1>>>>\n<<<local:sep(0)>>>\n"
        '0 "CT resources" tasks=5;8;9;0;10|tasks_refused=0;;;0;|failures_delta=0;0;10;0; '
        "db1 (lxc db1): tasks 50.0% of 10, failures are counted from now on\n<<<<>>>>\n"
        "<<<local:sep(0)>>>\n",
    )


def test_nsca(tmp_path: Path) -> None:
    arguments = ["--format=nsca", "--nsca-host=ct0-a", "--service=res", "--max-listed=1"]
    status, text = said(ct_resources, survey(WEB, DB), tmp_path, *arguments, "-w80", "-c85")
    assert status == 2
    assert text.split("\n") == [
        "ct0-a\tres\t2\tCT_RESOURCES CRITICAL - web1 (lxc web1): memory 90.0% of 100 "
        "(outside 0:85); and 1 more | containers=2;;;0 problems=2;;;0",
        "web1\tres\t2\tCT_RESOURCES CRITICAL - web1 (lxc web1): memory 90.0% of 100 "
        "(outside 0:85), tasks 50.0% of 10, failures are counted from now on | "
        "memory=90B;80;85;0;100 tasks=5;8;8.5;0;10 oom_kills=0c;;;0 tasks_refused=0c;;;0 "
        "failures_delta=0;0;10;0",
        "db1\tres\t2\tCT_RESOURCES CRITICAL - db1 (lxc db1): memory 95.0% of 100 "
        "(outside 0:85), tasks 50.0% of 10, failures are counted from now on | "
        "memory=95B;80;85;0;100 tasks=5;8;8.5;0;10 oom_kills=0c;;;0 tasks_refused=0c;;;0 "
        "failures_delta=0;0;10;0",
        "",
    ]


def test_json(tmp_path: Path) -> None:
    status, text = said(ct_resources, survey(WEB), tmp_path, "--format=json", "-w80", "-c~:95")
    assert status == 1
    found = json.loads(text)
    (web,) = found.pop("containers")
    assert found == {
        "version": 1,
        "check": "ct_resources",
        "host": "node1",
        "state": "WARNING",
        "status": 1,
        "text": "CT_RESOURCES WARNING - web1 (lxc web1): memory 90.0% of 100 (outside 0:80)",
        "findings": [],
        "metrics": {
            "containers": {"value": 1, "min": 0},
            "problems": {"value": 1, "min": 0},
        },
        "notes": [],
        "details": [],
    }
    assert (web["engine"], web["ctid"], web["label"], web["state"]) == (
        "lxc",
        "web1",
        "web1",
        "WARNING",
    )
    assert web["findings"][0] == {"state": "WARNING", "text": "memory 90.0% of 100 (outside 0:80)"}
    assert web["metrics"]["memory"] == {
        "value": 90,
        "unit": "B",
        "warning": "80",
        "critical": "~:95",
        "min": 0,
        "max": 100,
    }


@pytest.mark.parametrize(
    ("form", "text", "code"),
    [
        ("nagios", "CT_STATE CRITICAL - it broke\n", 2),
        ("checkmk", '<<<local:sep(0)>>>\n2 "CT state" - it broke\n', 0),
        ("nsca", "ct0-a\tCT state\t2\tit broke\n", 0),
    ],
)
def test_a_failure(form: str, text: str, code: int) -> None:
    assert failure("ct_state", "critical", "it broke", form, host="ct0-a") == text
    assert status(2, form) == code


@pytest.mark.parametrize(
    ("name", "service"),
    [("ct_resources", "CT resources"), ("ct0_health", "CT0 health"), ("procs", "PROCS")],
)
def test_what_a_service_is_called(name: str, service: str) -> None:
    assert service_name(name) == service
