"""How plugins run: one container's trouble is its own, and what is kept is this boot's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ct0.container import CT
from ct0.survey import Survey, Surveyed
from ct0_checks.layer import options
from ct0_checks.layer.findings import Critical, Finding, Ok
from ct0_checks.layer.options import Parser
from ct0_checks.layer.plugin import Inspection, Plugin
from judging import said, survey, surveyed

HOST = survey(surveyed("a"), surveyed("b"), surveyed("c"))


def parser() -> Parser:
    return options.parser("check_ct_x", "x")


def made(judge: Any, whole: Any = None) -> Any:
    return SimpleNamespace(PLUGIN=Plugin("ct_x", parser, judge, whole))


def test_an_exception_costs_one_ct_its_judgement(tmp_path: Path) -> None:
    """nagiosplugin ends the whole resource at the first."""

    def judge(inspection: Inspection, each: Surveyed) -> Iterator[Finding]:
        if each.ct.name == "b":
            raise ZeroDivisionError("at\n|half")
        yield Finding(Critical if each.ct.name == "c" else Ok, "down")

    status, text = said(made(judge), HOST, tmp_path, "--no-perfdata")
    assert (status, text) == (
        2,
        "CT_X CRITICAL - c (lxc c): down; "
        "UNKNOWN b (lxc b): cannot be judged: ZeroDivisionError: at??half\n",
    )
    text = said(made(judge), HOST, tmp_path, "-vvv")[1]
    assert "Traceback (most recent call last):" in text
    assert text.count("|") == 1


def test_a_value_that_is_none_names_its_ct(tmp_path: Path) -> None:
    def judge(inspection: Inspection, each: Surveyed) -> Iterator[Finding]:
        yield Finding(Ok, f"{each.memory.usage + 1}")  # type: ignore[operator]

    text = said(made(judge), HOST, tmp_path, "--ct=b")[1]
    assert text.startswith("CT_X UNKNOWN - b (lxc b): cannot be judged: TypeError")


def test_what_the_host_says_when_all_is_well(tmp_path: Path) -> None:
    def whole(inspection: Inspection, judged: list[Any]) -> Iterator[Finding]:
        yield Finding(Ok, f"{len(judged)} looked at")

    def fine(inspection: Inspection, each: Surveyed) -> Iterator[Finding]:
        yield Finding(Ok, "fine")

    plugin = made(fine, whole)
    assert said(plugin, HOST, tmp_path, "--no-perfdata")[1] == "CT_X OK - 3 looked at\n"
    assert (
        said(plugin, HOST, tmp_path, "--no-perfdata", "--ct=a")[1] == "CT_X OK - a (lxc a): fine\n"
    )
    alone = made(None, lambda inspection, judged: [Finding(Ok, "vz runs")])
    assert said(alone, HOST, tmp_path)[1] == "CT_X OK - vz runs\n"


def counting(inspection: Inspection, each: Surveyed) -> Iterator[Finding]:
    before = inspection.past(each.ct, "n", {"n": each.ct.processes}, 3600)
    grown = "new" if before is None else before.growth({"n": each.ct.processes})["n"]
    yield Finding(Ok, f"{grown}")


def counted(tmp_path: Path, number: int, **more: Any) -> str:
    each = surveyed("a")
    each = each._replace(ct=each.ct._replace(processes=number))
    found: Survey = survey(each, **more)
    status, text = said(made(counting), found, tmp_path, "--no-perfdata")
    assert text.startswith("CT_X OK" if status == 0 else "CT_X UNKNOWN")
    return text[:-1].rpartition(": ")[2]


def test_counters_are_kept_from_run_to_run(tmp_path: Path) -> None:
    assert counted(tmp_path, 5) == "new"
    assert counted(tmp_path, 7, uptime=5060) == "2"
    assert counted(tmp_path, 7, uptime=5120) == "2"


def test_a_reboot_begins_anew(tmp_path: Path) -> None:
    counted(tmp_path, 5)
    assert counted(tmp_path, 7, uptime=200, boot_id="boot-2") == "new"
    assert counted(tmp_path, 8, uptime=260, boot_id="boot-2") == "1"


def test_setting_the_clock_begins_nothing_anew(tmp_path: Path) -> None:
    """The time of boot, and of each start, moves along with the clock."""
    counted(tmp_path, 5)
    each = surveyed("a")
    moved = each.ct._replace(processes=7, started=each.ct.started + 86400)
    found = survey(each._replace(ct=moved), uptime=5060)
    machine = found.machine._replace(boot_time=found.machine.boot_time + 86400)
    found = found._replace(time=found.time + 86400, machine=machine)
    assert said(made(counting), found, tmp_path, "--no-perfdata")[1] == "CT_X OK - a (lxc a): 2\n"


def test_a_state_directory_that_was_tampered_with_is_unknown(tmp_path: Path) -> None:
    """Growth cannot be judged then, and that is not OK; all else still is."""
    (tmp_path / "goal").mkdir(0o700)
    (tmp_path / "kept").symlink_to(tmp_path / "goal")
    status, text = said(made(counting), HOST, tmp_path, "--no-perfdata")
    assert status == 3
    assert text == (
        f"CT_X UNKNOWN - {tmp_path}/kept is no directory, or a link: give another --state-dir\n"
    )
    assert list((tmp_path / "goal").iterdir()) == []

    def judge(inspection: Inspection, each: Surveyed) -> Iterator[Finding]:
        yield from counting(inspection, each)
        yield Finding(Critical, "down")

    assert said(made(judge), HOST, tmp_path)[0] == 2


def test_a_file_of_another_shape_is_said(tmp_path: Path) -> None:
    counted(tmp_path, 5)
    (tmp_path / "kept/ct_x.json").write_text("{}")
    found = survey(surveyed("a"))
    assert said(made(counting), found, tmp_path, "--no-perfdata")[1] == (
        f"CT_X OK - a (lxc a): new ({tmp_path}/kept/ct_x.json does not read as this plugin wrote "
        "it: counting begins anew)\n"
    )
    for text in ('{"version":1,"boot_id":"boot-1","series":[]}', '{"version":1,"boot_id":7}'):
        (tmp_path / "kept/ct_x.json").write_text(text)
        assert counted(tmp_path, 5) == "new"


def test_a_recorded_host_has_a_past_of_its_own(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        text = said(made(counting), HOST, tmp_path, f"--root={tmp_path / name}", "-v")[1]
        assert text.count(": new") == 3
    files = sorted(path.name for path in (tmp_path / "kept").glob("*.json"))
    assert len(files) == 2
    assert "ct_x.json" not in files


def test_where_the_figures_come_from(tmp_path: Path) -> None:
    plugin = made(lambda inspection, each: [Finding(Ok, "fine")])
    text = said(plugin, HOST, tmp_path, "-vv", f"--root={tmp_path}", "--no-perfdata")[1]
    assert text.endswith("\nfigures of node1, --source=auto\n")
    assert " s old\n" in said(plugin, HOST, tmp_path, "-vv", "--no-perfdata")[1]
    assert "figures" not in said(plugin, HOST, tmp_path, "-v", "--no-perfdata")[1]


def test_nothing_is_kept_for_who_does_not_ask(tmp_path: Path) -> None:
    said(made(lambda inspection, each: [Finding(Ok, "fine")]), HOST, tmp_path)
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("boot_id", ["boot-1", ""])
def test_cts_of_one_name_are_not_mixed_up(boot_id: str, tmp_path: Path) -> None:
    def host(one: int, two: int) -> Survey:
        cts = [CT("lxc", "a", "a", "running", processes=one, started=1_700_000_100.0)]
        cts.append(CT("openvz", "a", "a", "running", processes=two, started=1_700_000_100.0))
        return survey(*map(Surveyed, cts), boot_id=boot_id)

    said(made(counting), host(1, 10), tmp_path)
    text = said(made(counting), host(2, 10), tmp_path, "-v", "--no-perfdata")[1]
    assert "OK a (lxc a): 1\nOK a (openvz a): 0\n" in text
