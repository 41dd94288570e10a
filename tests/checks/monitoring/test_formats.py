"""What is written for each program, read again by its own rules."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any, Callable

import pytest

import hostile_names
from ct0.container import CT
from ct0.containers import containers
from ct0.host import Host
from ct0_checks.monitoring import checkmk, director, icinga2, nagios, nrpe
from ct0_checks.monitoring.fleet import Node, node
from ct0_checks.monitoring.services import OF_CT, OF_CT0, STATE, offered
from ct0_checks.monitoring.wishes import AGENT, LOCAL, Wishes

CTS = [CT("lxc", "web1"), CT("openvz", "101", "db1.example.com"), CT("lxc", "a;b\n", "ev$il")]
RENDER = {
    "nagios": nagios.render,
    "icinga2": icinga2.render,
    "nrpe": nrpe.render,
    "checkmk": checkmk.render,
    "director": director.render,
}
ENDPOINT = Wishes(via=AGENT, endpoint="alpha")


@pytest.fixture
def alpha() -> Node:
    return node("alpha", "192.0.2.1", CTS)


@pytest.fixture
def hostile(tmp_path: Path) -> Node:
    return node("ct0", "ct0", containers(Host(str(hostile_names.plant(tmp_path)))))


def objects(text: str) -> list[tuple[str, dict[str, str]]]:
    """Nagios' object files, as xodtemplate reads them: comments, blocks, a key and the rest."""
    found: list[tuple[str, dict[str, str]]] = []
    current: dict[str, str] | None = None
    for line in text.splitlines():
        line = re.sub(r"(?<!\\);.*", "", line).strip()
        if not line or line.startswith("#"):
            continue
        if start := re.fullmatch(r"define (\w+) \{", line):
            assert current is None
            current = {}
            found.append((start[1], current))
        elif line == "}":
            assert current is not None
            current = None
        else:
            assert current is not None
            key, _, value = line.partition(" ")
            current[key] = value
    assert current is None
    return found


def hosts(text: str) -> dict[str, dict[str, str]]:
    return {block["host_name"]: block for kind, block in objects(text) if kind == "host"}


@pytest.mark.parametrize("form", RENDER)
def test_what_is_written_is_golden(form: str, golden: Callable[[str, str], None]) -> None:
    made = node("alpha", "192.0.2.1", CTS)
    wishes = ENDPOINT if form in ("icinga2", "director") else Wishes()
    golden(f"monitoring-{form}.txt", RENDER[form](made, wishes))


@pytest.mark.parametrize("form", RENDER)
def test_the_order_of_discovery_changes_nothing(form: str) -> None:
    some = RENDER[form](node("alpha", "alpha", CTS), ENDPOINT)
    assert some == RENDER[form](node("alpha", "alpha", CTS[::-1]), ENDPOINT)


def test_nagios_cts_have_ct0_as_parent(alpha: Node) -> None:
    found = hosts(nagios.render(alpha, Wishes()))
    assert "parents" not in found["alpha"]
    assert {block["parents"] for name, block in found.items() if name != "alpha"} == {"alpha"}
    assert len(found) == 4


def test_nagios_asks_nrpe_for_what_nrpe_has(alpha: Node, hostile: Node) -> None:
    for each in (alpha, hostile):
        known = set(re.findall(r"^command\[(.*?)\]=", nrpe.render(each, Wishes()), re.MULTILINE))
        text = nagios.render(each, Wishes())
        asked = set()
        for kind, block in objects(text):
            command, _, argument = block.get("check_command", "").partition("!")
            if command == "ct0_nrpe":
                group = block.get("hostgroup_name", "") if kind == "service" else ""
                members = [
                    name for name, host in hosts(text).items()
                    if group and group in host.get("hostgroups", "").split(",")
                ]  # fmt: skip
                asked |= {argument.replace("$HOSTNAME$", name) for name in members or [""]}
        assert asked == known


def test_nagios_on_ct0_itself_runs_the_plugins(alpha: Node) -> None:
    text = nagios.render(alpha, Wishes(via=LOCAL))
    commands = {block["command_name"] for kind, block in objects(nagios.definitions(Wishes()))
                if kind == "command"}  # fmt: skip
    used = {block["check_command"].partition("!")[0] for _, block in objects(text)
            if "check_command" in block}  # fmt: skip
    assert used <= commands
    assert "nrpe" not in text
    assert hosts(text)["web1"]["_CT_CHOICE"] == "--ct=web1"


def test_nagios_templates_of_ones_own(alpha: Node) -> None:
    wishes = Wishes(node_template="n", ct_template="c", service_template="s")
    used = {(kind, block["use"]) for kind, block in objects(nagios.render(alpha, wishes))
            if "use" in block}  # fmt: skip
    assert used == {("host", "n"), ("host", "c"), ("service", "s")}


def test_a_load_is_watched_where_a_kernel_counts_it(alpha: Node) -> None:
    text = nrpe.render(alpha, Wishes())
    assert "command[ct_load_db1.example.com]" in text  # OpenVZ's
    assert "command[ct_load_web1]" not in text
    found = hosts(nagios.render(alpha, Wishes()))
    assert found["db1.example.com"]["hostgroups"] == "alpha-cts,alpha-ct_load"
    assert found["web1"]["hostgroups"] == "alpha-cts"


def test_services_are_those_the_host_offers(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    host = Host(str(tmp_path))
    assert "ct_pressure" not in [service.command for service in offered(host)]
    (tmp_path / "proc/pressure").mkdir()
    assert offered(host) == OF_CT
    assert [service.command for service in offered(host, (), ["ct_disk", "ct_load"])] == [
        "ct_resources",
        "ct_pressure",
        "ct_network",
    ]
    (load,) = [each for each in offered(host, ["ct_load"]) if each.command == "ct_load"]
    assert load.engines == ()


def test_nagios_without_cts_has_no_empty_group() -> None:
    text = nagios.render(node("alpha", "alpha", []), Wishes())
    assert {kind for kind, _ in objects(text)} == {"host", "service"}


def test_nagios_hostile_names_define_nothing(hostile: Node) -> None:
    found = objects(nagios.render(hostile, Wishes()))
    kinds = [kind for kind, _ in found]
    assert kinds.count("host") == len(hostile.guests) + 1
    assert kinds.count("service") == len(hostile.used()) + len(OF_CT0) + 1
    assert "evil" not in hosts(nagios.render(hostile, Wishes()))
    for _, block in found:
        text = "".join(block.values()).replace("$HOSTNAME$", "")
        assert not re.search(r"[;|`$\x00-\x1f]", text)


def test_nrpe_hostile_names_are_one_word_of_one_line(hostile: Node) -> None:
    lines = nrpe.render(hostile, Wishes()).splitlines()
    assert max(map(len, lines)) < 2047
    seen = 0
    for line in lines:
        if not line or line.startswith("#"):
            continue
        name, command = re.fullmatch(r"command\[([A-Za-z0-9_.-]+)\]=(.*)", line).groups()  # type: ignore[union-attr]
        words = shlex.split(command)
        assert words[0].startswith("/usr/lib/ct0/plugins/check_")
        if name.startswith("ct_"):
            guest = next(g for g in hostile.guests if name.endswith(f"_{g.name}"))
            chosen = [f"--engine={guest.engine}", f"{guest.option}={guest.value}"]
            # Its state is never passed over; what else is, while it is stopped on purpose.
            judged = name.startswith("ct_state_")
            assert words[1:] == [*chosen, *([] if judged else ["--unjudged=ok"])]
            seen += 1
    assert seen == len(hostile.guests) * (1 + len(hostile.used()))


def strings(text: str) -> list[str]:
    """The strings of an Icinga file; what is left between them must be our own words."""
    rest = re.sub(r'"(?:[^"\\\n]|\\.)*"', "S", text)
    assert re.fullmatch(r"[A-Za-z0-9_.=&()!{}*/` ;,\n-]*", rest.replace("S", "")), rest
    return [json.loads(word) for word in re.findall(r'"(?:[^"\\\n]|\\.)*"', text)]


def test_icinga2_hostile_names_stay_in_their_strings(hostile: Node) -> None:
    text = icinga2.render(hostile, ENDPOINT)
    found = strings(text)
    for guest in hostile.guests:
        assert {guest.name, guest.display, guest.value} <= set(found)
    assert not any("$" in word for word in found)
    assert len(re.findall(r"^object Host ", text, re.MULTILINE)) == len(hostile.guests) + 1


def test_icinga2_runs_the_checks_on_ct0(alpha: Node) -> None:
    text = icinga2.render(alpha, ENDPOINT)
    blocks = text.split("\n\n")
    for block in blocks:
        if "check_command" in block and "cluster-zone" not in block:
            assert 'command_endpoint = "alpha"' in block
    local = icinga2.render(alpha, Wishes(via=LOCAL))
    assert "command_endpoint" not in local
    assert "cluster-zone" not in local


def test_checkmk_hosts_take_what_the_local_check_gives(hostile: Node) -> None:
    entries = json.loads(checkmk.render(hostile, Wishes()))["entries"]
    assert [entry["host_name"] for entry in entries] == [
        "ct0",
        *(guest.name for guest in hostile.guests),
    ]
    for entry in entries[1:]:
        assert entry["attributes"]["parents"] == ["ct0"]
        assert entry["attributes"]["tag_piggyback"] == "piggyback"


def test_director_rows_are_flat(hostile: Node) -> None:
    rows: list[dict[str, Any]] = json.loads(director.render(hostile, ENDPOINT))
    assert len({frozenset(row) for row in rows}) == 1
    assert all(value is None or isinstance(value, str) for row in rows for value in row.values())
    for row, guest in zip(rows[1:], hostile.guests):
        chosen = row["ct_id"] if guest.option == "--ct" else row["ct_include"]
        assert (row["object_name"], chosen) == (guest.name, guest.value)
        assert row["check_command"] == STATE.command
        assert row["ct_services"] == "ct_resources,ct_pressure,ct_disk,ct_network"
        assert (row["ct0"], row["ct0_endpoint"]) == ("ct0", "alpha")


@pytest.mark.parametrize("form", RENDER)
def test_hosts_are_counted_as_written(form: str, alpha: Node, hostile: Node) -> None:
    module = {"nagios": nagios, "icinga2": icinga2, "nrpe": nrpe, "checkmk": checkmk,
              "director": director}[form]  # fmt: skip
    for each in (alpha, hostile, node("alpha", "alpha", [])):
        assert len(module.HOSTS.findall(RENDER[form](each, ENDPOINT))) == len(each.guests)
