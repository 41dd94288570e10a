"""Names that a container's owner chose, through every format and every plugin of the layer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ct0.beancounters import Beancounter
from ct0.container import CT, RUNNING
from ct0.memory import Memory
from ct0.pressure import Averages, Pressure
from ct0.survey import Survey, Surveyed, dump, load
from ct0.tasks import Tasks
from ct0_checks import ct_pressure, ct_resources, ct_state
from judging import BOOT, as_json, said, survey
from plugin_runs import PERFDATA

HOSTILE = {
    "pipe": "web|OK - all is well | x=1",
    "quotes": 'it\'s "quoted"',
    "equals": "a=b;c=d",
    "newline": "web\nOK - all is well\n",
    "carriage return": "web\r\rOK",
    "escapes": "\x1b]0;owned\x07\x1b[2J\x1b[31mred",
    "long": "x" * 300,
    "macros": "$SERVICEOUTPUT$ `id` $(id) \\n \\",
    "markup": "<script>alert(1)</script>&amp;",
    "checkmk": "<<<local>>>\n0 x - fine",
    "piggyback": "<<<<other>>>>",
    "tabs": "host\tservice\t0\tfine",
    "nul": "web\0x",
    "direction": "\u202e\u2066gnp",
    "surrogate": "\udcff\udc80",
    "empty": "",
    "blanks": "   ",
    "dots": "../../etc/passwd",
    "separator": "web::memory",
    "line separator": "web\u2028x\x85y",
}
PLUGINS = [ct_state, ct_resources, ct_pressure]
ALERT = ["-w0", "-c0"]


def hostile(name: str, ctid: str = "ct1") -> Surveyed:
    """A CT that every plugin has something to say of."""
    averages = Averages(50.0, 50.0, 50.0)
    return Surveyed(
        CT("lxc", ctid, name, RUNNING, started=BOOT + 100, autostart=True),
        memory=Memory(usage=500, limit=512, oom_kills=0),
        tasks=Tasks(9, 10, 0),
        pressure=Pressure(memory_waiting=averages, memory_stalled=averages),
        troubles={"cpu": f"{name}: no such file"},
        broken=["cpu"],
    )


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_nagios(plugin: ModuleType, name: str, tmp_path: Path) -> None:
    found = survey(hostile(name), hostile("web2", ctid=name or "x"))
    for arguments in (ALERT, [*ALERT, "-vv"], ["-w~:", "-c~:"]):
        status, text = said(plugin, found, tmp_path, *arguments)
        assert status in (0, 1, 2, 3)
        assert text.count("|") == 1
        first, *below = text[:-1].split("\n")
        assert not below or "-vv" in arguments
        for line in (first, *below):
            assert line.isprintable()
            words = line.partition(" | ")[0].replace("; ", "")
            assert not set("<>$`\\;") & set(words)
        assert re.match(rf"CT_[A-Z]+ {['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'][status]} - ", first)
        data = first.partition(" | ")[2].split(" ")
        assert all(map(PERFDATA.fullmatch, data)), data
        labels = [each.partition("=")[0] for each in data]
        assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_checkmk(plugin: ModuleType, name: str, tmp_path: Path) -> None:
    found = survey(hostile(name))
    text = said(plugin, found, tmp_path, *ALERT, "--format=checkmk", '--service=a"b\nc')[1]
    lines = text[:-1].split("\n")
    assert len(lines) == 7
    assert [line for line in lines if line.startswith("<")] == [
        "<<<local:sep(0)>>>",
        lines[2],
        "<<<local:sep(0)>>>",
        "<<<<>>>>",
        "<<<local:sep(0)>>>",
    ]
    assert re.fullmatch(r"<<<<[A-Za-z0-9_.-]{1,40}>>>>", lines[2])
    for line in (lines[1], lines[4]):
        assert line.isprintable()
        assert re.match(r'[0-3] "a\?b\?c" (-|[a-z0-9_]+=[-0-9.;|=a-z_]+) [^|<>]*$', line), line


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_nsca(plugin: ModuleType, name: str, tmp_path: Path) -> None:
    arguments = [*ALERT, "--format=nsca", "--nsca-host=no\tde", "--service=s\nt"]
    text = said(plugin, survey(hostile(name)), tmp_path, *arguments)[1]
    lines = text[:-1].split("\n")
    assert len(lines) == 2
    for line in lines:
        host, service, status, words = line.split("\t")
        assert host.isprintable()
        assert (service, len(status)) == ("s?t", 1)
        assert words.isprintable()
        assert words.count("|") <= 1
        assert len(line.encode()) < 4096
    assert lines[0].startswith("no?de\t")


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_json_has_the_name_as_it_is(plugin: ModuleType, name: str, tmp_path: Path) -> None:
    text = said(plugin, survey(hostile(name)), tmp_path, *ALERT, "--format=json")[1]
    assert text.isascii()
    assert text[:-1].isprintable()
    assert json.loads(text)["containers"][0]["name"] == name


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_through_a_state_file(name: str, tmp_path: Path) -> None:
    """What root wrote down and a plugin reads is the same CT."""
    found = survey(hostile(name), hostile("web2", ctid=name or "x"))
    again = load(dump(found))
    assert again == found
    assert said(ct_state, again, tmp_path) == said(ct_state, found, tmp_path)


def test_names_of_beancounters_are_the_kernels_and_still_cleaned(tmp_path: Path) -> None:
    """A state file may say anything."""
    counter = Beancounter(9, 9, 10, 10, 0)
    each = hostile("web1")._replace(beancounters={"num|proc\n=1'": counter})
    text = said(ct_resources, survey(each), tmp_path, *ALERT)[1]
    assert text.count("\n") == 1
    assert "num?proc?=1' 90.0% of 10 (outside 0:0)" in text
    assert "'web1::num_proc__1_'=9;0;0;0;10" in text


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=4, unique_by=lambda x: x[1]))
def test_any_names(tmp_path: Path, names: list[tuple[str, str]]) -> None:
    found = survey(*(hostile(name, ctid) for name, ctid in names))
    text = said(ct_pressure, found, tmp_path, *ALERT)[1]
    assert text.count("|") == 1
    assert text[:-1].isprintable()
    judged = as_json(ct_pressure, found, tmp_path)["containers"]
    assert [(each["name"], each["ctid"]) for each in judged] == names


def test_one_hostile_ct_hides_no_other(tmp_path: Path) -> None:
    """One thousand of somebody's CTs with long names, all CRITICAL, and one more."""
    crowd = [hostile("|'\n" * 100 + str(number), f"c{number}") for number in range(1000)]
    found: Survey = survey(*crowd, hostile("shop", "zz"))
    status, text = said(ct_pressure, found, tmp_path)
    assert (status, len(text.encode()) <= 4096) == (2, True)
    words = text.partition(" | ")[0]
    assert f"; and {1001 - words.count('(lxc c')} more" in words
    everyone: Any = as_json(ct_pressure, found, tmp_path)
    assert everyone["containers"][-1]["state"] == "CRITICAL"
