"""A host in one record: what it holds, what troubles cost, and that it survives being written."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ct0 import survey as module
from ct0.beancounters import Beancounter
from ct0.clock import Clock
from ct0.container import CT, RUNNING, STOPPED
from ct0.cpu import CPU
from ct0.errors import Malformed
from ct0.fairsched import Load
from ct0.filesystem import Filesystem
from ct0.health import Health
from ct0.host import Host
from ct0.locks import Lock
from ct0.machine import Machine
from ct0.memory import Memory
from ct0.network import Interface, Network
from ct0.pressure import Averages, Pressure
from ct0.records import fields_of
from ct0.services import Service
from ct0.survey import PARTS, READER, Survey, Surveyed, dump, load, survey
from ct0.tasks import Tasks
from generated import generate, write
from planted import HOSTS

RECORDED = sorted(path.name for path in HOSTS.iterdir() if (path / "proc/1").is_dir())


def made(root: Path, version: int = 2, cts: int = 3) -> Host:
    return Host(str(generate(root, version, cts)))


def of(found: Survey, ctid: str) -> Surveyed:
    (one,) = [each for each in found.cts if each.ct.ctid == ctid]
    return one


def test_all_of_a_ct(tmp_path: Path) -> None:
    found = survey(made(tmp_path))
    web = of(found, "ct1")
    assert web.ct.state == RUNNING
    assert web.cpu.limit_cpus == 1.5
    assert web.memory.usage == 180_004_096
    assert web.pressure.cpu_waiting == Averages(0, 0.12, 0.05)
    assert web.tasks[:2] == (42, 1024)
    assert web.network.interfaces["eth0"].receive_errors == 1
    assert web.network.shares_host is False
    assert web.troubles == {
        "load": "no load average of lxc ct1 here",
        "filesystems": "lxc ct1 has no mounted filesystem here",
    }
    assert web.broken == []  # not offered is not broken
    assert of(found, "old1") == Surveyed(of(found, "old1").ct)
    assert of(found, "old1").ct.state == STOPPED
    assert (found.host, found.machine.cpus) == ("node1", 4)


def test_openvz(host: Callable[[str], Path]) -> None:
    found = survey(Host(str(host("openvz6"))))
    tiny = of(found, "103")
    assert tiny.beancounters["numproc"] == Beancounter(4, 12, 16, 16, 0)
    assert "swappages" in of(found, "102").beancounters
    assert found.own_beancounters["numproc"].held > 0
    (disk,) = of(found, "101").filesystems
    assert (disk.source, disk.files) == ("vzquota", 131072)
    assert of(found, "104").beancounters == {}
    assert found.troubles == {}


def test_only_the_parts_asked_for_are_read(tmp_path: Path) -> None:
    web = of(survey(made(tmp_path), ["tasks"]), "ct1")
    assert web == Surveyed(web.ct, tasks=web.tasks)
    assert web.tasks.current == 42


def test_trouble_costs_one_ct_one_field(tmp_path: Path) -> None:
    host = made(tmp_path)
    write(tmp_path, "/sys/fs/cgroup/lxc.payload.ct2/memory.current", "many\n")
    found = survey(host)
    assert of(found, "ct2").memory == Memory()
    assert "memory.current: cannot read 'many" in of(found, "ct2").troubles["memory"]
    assert of(found, "ct2").broken == ["memory"]
    assert of(found, "ct2").tasks.current == 42
    assert of(found, "ct3").memory.usage is not None


def test_a_ct_with_interfaces_without_end_makes_no_survey_too_large(tmp_path: Path) -> None:
    host = made(tmp_path)
    path = tmp_path / "proc/1001/net/dev"
    row = path.read_text().split("\n")[3].partition(":")[2]
    more = "".join(f"x{number}:{row}\n" for number in range(1000))
    path.write_text(path.read_text() + more)
    web = of(survey(host), "ct1")
    assert list(web.network.interfaces)[:3] == ["lo", "eth0", "x0"]
    assert len(web.network.interfaces) == 64
    assert web.troubles["network"] == "938 interfaces more than the 64 that are looked at"
    assert web.broken == ["network"]
    assert of(survey(host), "ct2").broken == []


def test_beancounters_that_may_not_be_read_are_trouble_and_none_at_all_is_not(
    tmp_path: Path, host: Callable[[str], Path]
) -> None:
    node = made(tmp_path)
    assert survey(node).troubles == {}
    (tmp_path / "proc/user_beancounters").write_text("Version: 9\n")
    assert "user_beancounters: cannot read" in survey(node).troubles["beancounters"]


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_host_survives(name: str, host: Callable[[str], Path]) -> None:
    found = survey(Host(str(host(name))))
    assert found.cts
    assert load(dump(found)) == found


def test_as_it_is_written(host: Callable[[str], Path], golden: Callable[[str, str], None]) -> None:
    """Reader and plugins may be of two versions for a minute: a change of this takes a new
    VERSION."""
    found = survey(Host(str(host("openvz6"))))
    one = found._replace(cts=[of(found, "103")])
    whole = json.loads(dump(one).replace(str(host("openvz6")), ""))
    golden("openvz6.survey.json", json.dumps(whole, indent=1, ensure_ascii=False) + "\n")


def test_every_field_has_a_part_or_is_told_anyway() -> None:
    assert set(PARTS) - {"health"} == set(Surveyed._fields) - {"ct", "troubles", "broken"}


EMPTY = Survey(1.0, "", "node1", Machine("node1", 1, 0.0, 0.0), [])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("null", "no survey"),
        ("[]", "no survey"),
        ('{"version": 1}', "no survey"),
        ('{"version": 2, "survey": {}}', "of version 2, not 1"),
        ('{"version": 1, "survey": {}}', "Survey without"),
        ("[" * 100_000, "too deep"),
        ('{"version": 1, "survey": {"time": NaN}}', "NaN is not JSON"),
        ("\0\0\0", "Expecting value"),
    ],
)
def test_garbage_names_its_file_and_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(Malformed, match=f"^/run/ct0/state.json: not a survey: .*{why}"):
        load(text, "/run/ct0/state.json")


def test_truncated(tmp_path: Path) -> None:
    text = dump(survey(made(tmp_path)))
    for end in range(0, len(text) - 2, 97):
        with pytest.raises(Malformed):
            load(text[:end])


def test_larger_than_any_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 100)
    with pytest.raises(Malformed, match="more than 100 bytes"):
        load(dump(EMPTY) + " " * 100)


def test_any_one_value_of_another_type_is_refused(tmp_path: Path) -> None:
    """Each leaf of a whole survey, made an object."""
    whole = json.loads(dump(survey(made(tmp_path, cts=1))))
    leaves = list(paths(whole["survey"]))
    assert len(leaves) > 60
    for path in leaves:
        damaged = json.loads(json.dumps(whole))
        at = damaged["survey"]
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = {"odd": 1}
        with pytest.raises(Malformed):
            load(json.dumps(damaged))


def paths(value: Any, *at: Any) -> Any:
    if isinstance(value, (dict, list)):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(each, *at, key)
    else:
        yield at


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    with pytest.raises(Malformed):
        load(text)


WHOLE = st.integers(0, 1 << 63)
NUMBER = st.one_of(st.floats(0, 1e18), st.just(math.inf))
WORDS = st.text(max_size=12)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "str": WORDS,
    "int": WHOLE,
    "float": NUMBER,
    "bool": st.booleans(),
}
RECORDS: tuple[Any, ...] = (
    Averages,
    Beancounter,
    CPU,
    CT,
    Filesystem,
    Interface,
    Load,
    Memory,
    Network,
    Pressure,
    Tasks,
    Machine,
    Clock,
    Lock,
    Service,
    Health,
    Surveyed,
    Survey,
)


def strategy(kind: str) -> st.SearchStrategy[Any]:
    if kind.endswith(" | None"):
        return st.none() | strategy(kind[:-7])
    if kind.startswith("dict[str, "):
        return st.dictionaries(WORDS, strategy(kind[10:-1]), max_size=2)
    if kind.startswith("list["):
        return st.lists(strategy(kind[5:-1]), max_size=2)
    return KINDS[kind]


for record in RECORDS:
    KINDS[record.__name__] = st.builds(
        record, **{name: strategy(kind) for name, kind in fields_of(record).items()}
    )


@settings(max_examples=20)
@given(KINDS["Survey"])
def test_any_survey_there_and_back(found: Survey) -> None:
    text = dump(found)
    assert text.isascii()
    assert text.count("\n") == 1
    assert load(text) == found
    assert READER.record(Survey, json.loads(text)["survey"]) == found
