"""The generated configuration, loaded by the real programs: for a host with real containers, for
one whose containers' names were chosen to break it, and when CT0 goes away."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hostile_names
from ct0_checks.launch import PLUGINS
from ct0_checks.monitoring.procs import DEFAULTS, PROCS
from ct0_checks.monitoring.services import OF_CT, OF_CT0

from . import icinga2 as i2
from . import nagios as n4
from .command import attempt, clean_environment, wait_for
from .icinga2 import Icinga2, icinga2, icinga2_agent
from .lxc import LxcCT
from .monitored import Monitored, live, plugins, recorded
from .nagios import DOWN, UNREACHABLE, UP, Nagios, nagios
from .nrpe import Nrpe, nrpe
from .plugins import ROOT, readable
from .processes import alive
from .prometheus import free_port
from .run import Run
from .schedulers import environment, programs

GUESTS = len(hostile_names.LXC) + len(hostile_names.DOCKER)
# A CT of the recorded host that is to start at boot and does not run: CRITICAL, whatever CT0 does.
FAILED = "stopped.example.com"


@pytest.fixture(scope="module")
def places(run: Run, lxc: LxcCT) -> dict[str, Monitored]:
    """By name: recorded, live, hostile. On the first one a CT has failed."""
    root = readable(hostile_names.plant(run.folder / "hostile"))
    words = [f"--root={root}"]
    hostile = Monitored("hostile", "", str(root), plugins(run, "hostile", words), ())
    first = recorded(run, folder="failed")
    conf = Path(first.root, "etc/vz/conf/104.conf")
    text = conf.read_text(encoding="utf-8")
    conf.write_text(re.sub(r"(?m)^ONBOOT=.*\n", "", text) + 'ONBOOT="yes"\n', encoding="utf-8")
    return {"recorded": first, "live": live(run, lxc, "live-configured"), "hostile": hostile}


def names(place: Monitored) -> list[str]:
    """The CTs' hosts, as Nagios' configuration has them."""
    found = re.findall(r"^  host_name (\S+)$", place.generate("nagios"), re.MULTILINE)
    return sorted(set(found) - {place.name})


@pytest.fixture(scope="module")
def objects(places: dict[str, Monitored]) -> dict[str, dict[str, str]]:
    """What a monitoring server of all three has: {"nagios": {file: text}, "icinga2": ...}."""
    own = places["hostile"]
    made = {}
    for form, ending in (("nagios", "cfg"), ("icinga2", "conf")):
        made[form] = {f"ct0.{ending}": own.definitions(form)}
        made[form] |= {
            f"{name}.{ending}": place.generate(form, *(["--via=local"] if place is own else []))
            for name, place in places.items()
        }
    return made


def test_nagios_loads_them_without_a_warning(
    run: Run, places: dict[str, Monitored], objects: dict[str, dict[str, str]]
) -> None:
    with n4.prepared(run, "nagios-verified", objects["nagios"], "/usr/lib") as folder:
        assert n4.verify(folder) == []
        said = attempt([f"{programs()}/usr/sbin/nagios4", "-v", f"{folder}/nagios.cfg"]).stdout
    counted = dict(re.findall(r"Checked (\d+) (hosts|services|service dependencies)\b", said))
    total = sum(len(names(place)) for place in places.values())
    assert len(names(places["hostile"])) == GUESTS
    assert len(names(places["live"])) == 1
    agents = 2  # hostile's plugins are run by Nagios itself
    every = total * len(OF_CT)
    assert {what: int(number) for number, what in counted.items()} == {
        "hosts": total + len(places),
        "services": every + len(places) * len(OF_CT0) + agents,
        # Nagios counts one for execution and one for notification.
        "service dependencies": 2 * (every - GUESTS * len(OF_CT)),
    }


def test_icinga2_loads_them_without_a_warning(
    run: Run, places: dict[str, Monitored], objects: dict[str, dict[str, str]]
) -> None:
    agents = {"recorded": 1, "live": 2}
    with i2.prepared(run, "icinga2-verified", objects["icinga2"], agents=agents) as folder:
        assert i2.verify(folder) == []
        line = i2.command(folder, "daemon", "-C", "-c", f"{folder}/etc/icinga2.conf")
        said = attempt(line, env={**clean_environment(), **environment()}, timeout=300).stdout
    total = sum(len(names(place)) for place in places.values())
    assert f"Instantiated {total + len(places)} Hosts." in said
    assert f"Instantiated {total} Dependencies." in said
    services = total * len(OF_CT) + len(places) * len(OF_CT0)
    assert f"Instantiated {services} Services." in said


def test_shipped_commands_load_and_run_what_is_installed(run: Run) -> None:
    """Where no constant says where the plugins are, they are in /usr/lib/ct0/plugins."""
    files = {"ct0.conf": (ROOT / "checks/icinga2/ct0.conf").read_text(encoding="utf-8")}
    with i2.prepared(run, "icinga2-shipped", files, plugins="") as folder:
        assert i2.verify(folder) == []
        line = i2.command(folder, "object", "list", "--type", "CheckCommand")
        said = attempt(line, env={**clean_environment(), **environment()}, timeout=300).stdout
    found = set(re.findall(r'command = \[ "/usr/lib/ct0/plugins/(check_\w+)" \]', said))
    assert found == set(PLUGINS)


def test_icinga2_has_the_services_of_the_directors_hosts(
    run: Run, places: dict[str, Monitored]
) -> None:
    """The rows as the Director's sync rule makes hosts of them, and the shipped rules."""
    place = places["recorded"]
    rows = json.loads(place.generate("director"))
    hosts = []
    for row in rows:
        text = f'object Host "{row["object_name"]}" {{ import "{row["import"]}"\n'
        for key in ("check_command", "command_endpoint"):
            text += f"{key} = {json.dumps(row[key])}\n" if row[key] else ""
        for key in ("cluster_zone", "ct0", "ct0_endpoint", "ct_engine", "ct_id", "ct_include",
                    "ct_services"):  # fmt: skip
            text += f"vars.{key} = {json.dumps(row[key])}\n" if row[key] else ""
        hosts.append(text + "}\n")
    files = {
        "ct0.conf": place.definitions("icinga2"),
        "services.conf": (ROOT / "checks/director/ct0-services.conf").read_text("utf-8"),
        "hosts.conf": "".join(hosts),
    }
    with i2.prepared(run, "icinga2-director", files, agents={"recorded": 1}) as folder:
        assert i2.verify(folder) == []
        line = i2.command(folder, "object", "list", "--type", "Service")
        env = {**clean_environment(), **environment()}
        said = attempt(line, env=env, timeout=300).stdout
    wanted = {f"{name}!{each.description}" for name in names(place) for each in OF_CT}
    assert set(re.findall(r"^Object '([^']+)' of type 'Service'", said, re.MULTILINE)) == wanted
    assert said.count('* command_endpoint = "recorded"') == len(wanted)


def test_icinga2_without_any_ct_loads_without_a_warning(
    run: Run, places: dict[str, Monitored]
) -> None:
    place = places["live"]
    files = {
        "ct0.conf": place.definitions("icinga2"),
        "none.conf": place.generate("icinga2", "--via=local", "--exclude", ".*"),
    }
    with i2.prepared(run, "icinga2-none", files) as folder:
        assert i2.verify(folder) == []


def test_nrpe_finds_each_hostile_ct(run: Run, places: dict[str, Monitored]) -> None:
    place = places["hostile"]
    with nrpe(run, {"ct0.cfg": place.generate("nrpe")}, "nrpe-hostile") as server:
        for name in names(place):
            found(server.run_check(f"ct_state_{name}").perfdata)
        assert server.run_check("evil").text == "NRPE: Command 'evil' not defined"


@pytest.fixture(scope="module")
def by_nagios(run: Run, objects: dict[str, dict[str, str]]) -> Iterator[Nagios]:
    files = {name: objects["nagios"][name] for name in ("ct0.cfg", "hostile.cfg")}
    with nagios(run, files, name="nagios-hostile") as daemon:
        yield daemon


def test_nagios_finds_each_hostile_ct(by_nagios: Nagios, places: dict[str, Monitored]) -> None:
    hosts = names(places["hostile"])
    for name in hosts:
        by_nagios.order(f"SCHEDULE_FORCED_HOST_CHECK;{name};1")
    wait_for(
        "nagios4: every hostile host to be checked",
        lambda: all(by_nagios.host(name).get("last_check", "0") != "0" for name in hosts),
        300,
    )
    for name in hosts:
        found(by_nagios.host(name)["performance_data"])


def test_icinga2_finds_each_hostile_ct(
    run: Run, objects: dict[str, dict[str, str]], places: dict[str, Monitored]
) -> None:
    files = {name: objects["icinga2"][name] for name in ("ct0.conf", "hostile.conf")}
    folder = str(places["hostile"].plugins.folder)
    with icinga2(run, files, folder, name="icinga2-hostile") as daemon:
        hosts = names(places["hostile"])
        for name in hosts:
            daemon.order_check(name)
        wait_for(
            "icinga2: every hostile host to be checked",
            lambda: all(daemon.host(name)["last_check_result"] for name in hosts),
            300,
        )
        for name in hosts:
            found(daemon.answer(name).perfdata)


def found(perfdata: str) -> None:
    """The plugin was told of one CT, and it exists: a stopped one, as all are there."""
    assert re.match(r"running=0;;;0 stopped=1;;;0 other=0;;;0 ", perfdata), perfdata


def test_nagios_calls_cts_unreachable_when_ct0_is_gone(
    run: Run, places: dict[str, Monitored]
) -> None:
    place = places["recorded"]
    with nrpe(run, {"ct0.cfg": place.generate("nrpe")}, "nrpe-killed") as server:
        files = {
            "ct0.cfg": place.definitions("nagios"),
            "recorded.cfg": place.generate("nagios", "--address", server.address),
        }
        folder = f"{programs()}/usr/lib/nagios/plugins"
        with nagios(run, files, folder, "nagios-killed") as daemon:
            states = {name: daemon.run_check(name).state for name in ("recorded", "web1", FAILED)}
            assert states == {"recorded": UP, "web1": UP, FAILED: DOWN}

            kill(server)
            assert daemon.run_check("recorded").state == DOWN
            states = {name: daemon.run_check(name).state for name in names(place)}
            assert states == dict.fromkeys(names(place), UNREACHABLE)
            agent = daemon.run_check("recorded", "agent")
            assert agent.state != 0


def kill(server: Nrpe) -> None:
    os.kill(server.pid, signal.SIGTERM)
    wait_for("NRPE to be gone", lambda: not alive(server.pid))


def test_icinga2_calls_cts_unreachable_when_ct0_is_gone(
    run: Run, places: dict[str, Monitored]
) -> None:
    place, port = places["recorded"], free_port()
    files = {
        "ct0.conf": place.definitions("icinga2"),
        "recorded.conf": place.generate("icinga2"),
    }
    folder = str(place.plugins.folder)
    with icinga2(run, files, folder, {"recorded": port}, "icinga2-killed") as daemon:
        with icinga2_agent(run, daemon.folder, "recorded", files["ct0.conf"], folder, port) as pid:
            daemon.wait_for_agent("recorded")
            daemon.run_check("recorded")
            for name in names(place):
                daemon.run_check(name)
            states = {name: daemon.host(name)["state"] for name in names(place)}
            assert states == {**dict.fromkeys(names(place), UP), FAILED: DOWN}
            assert not any(unreachable(daemon, name, 0) for name in ("web1", "tiny"))

            os.kill(pid, signal.SIGTERM)
            wait_for("the agent to be gone", lambda: not alive(pid))
        wait_for("CT0 to be DOWN for good", lambda: is_down(daemon, "recorded"), 120)
        assert all(unreachable(daemon, name) for name in names(place))
        # So nobody was called DOWN for it.
        assert {name: daemon.host(name)["state"] for name in names(place)} == states


def unreachable(daemon: Icinga2, host: str, failed: int = 2) -> bool:
    """What Icinga says to a result that is handed in, as of a check that was under way."""
    (said,) = daemon.ask("POST", "actions/process-check-result", type="Host", exit_status=failed,
                         plugin_output="gone", filter="host.name == name",
                         filter_vars={"name": host})  # fmt: skip
    return f"for unreachable object '{host}'" in said["status"]


def is_down(daemon: Icinga2, host: str) -> bool:
    """After another check; a first failure or two Icinga takes for nothing yet (a soft state)."""
    daemon.run_check(host)
    attributes = daemon.host(host)
    return (attributes["state"], attributes["state_type"]) == (DOWN, 1)


def test_nagios_itself_has_what_does_not_load_put_back(
    run: Run, places: dict[str, Monitored]
) -> None:
    place = places["recorded"]
    files = {"ct0.cfg": place.definitions("nagios")}
    with n4.prepared(run, "nagios-validated", files, "/usr/lib") as folder:
        library = environment()["LD_LIBRARY_PATH"]
        check = ["env", f"LD_LIBRARY_PATH={library}", f"{programs()}/usr/sbin/nagios4", "-v"]
        command = shlex.join([*check, f"{folder}/nagios.cfg"])
        output = folder / "objects/recorded.cfg"

        def generate(*words: str) -> subprocess.CompletedProcess[str]:
            line = [sys.executable, "-m", "ct0.cli", "--root", place.root, "monitoring", "generate"]
            line += ["--nagios", "--name=recorded", "--output", str(output)]
            paths = os.pathsep.join(str(ROOT / part) for part in ("core", "checks"))
            env = {**clean_environment(), "PYTHONPATH": paths}
            return attempt([*line, "--validate-command", command, *words], env=env)

        assert generate().returncode == 0
        before = output.read_bytes()
        refused = generate("--ct-template", "not-there")
        assert refused.returncode == 4
        assert "put back as it was: Error: Template 'not-there'" in refused.stderr
        assert output.read_bytes() == before


def test_procs_has_the_variables_of_the_itl() -> None:
    """icinga2's own `procs`, read from the package: a host changes over by the command's name."""
    path = programs() / "usr/share/icinga2/include/command-plugins.conf"
    text = path.read_text(encoding="utf-8")
    body = text.partition('object CheckCommand "procs" {')[2].partition("\n}\n")[0]
    itl = re.findall(r'"(-[^"]+)" = \{\s+(value|set_if) = "\$(\w+)\$"', body)
    assert len(itl) >= 15
    ours = {option.word: (option.kind, option.variable) for option in PROCS}
    for word, kind, variable in itl:
        assert ours[word] == ("flag" if kind == "set_if" else "value", variable)
    for variable, value in DEFAULTS.items():
        assert f"vars.{variable} = {value}" in body
