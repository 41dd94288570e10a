"""Every plugin, run by a real nagios4, a real icinga2 and a real NRPE as user nagios.

The configuration is the generated one. On the recorded host Nagios asks NRPE and Icinga its agent;
on this machine both run the plugins themselves. Each plugin's own words are kept where it runs:
what the scheduler has must be these, whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from ct0_checks.launch import PLUGINS
from ct0_checks.monitoring.services import OF_CT0

from .icinga2 import Icinga2, icinga2, icinga2_agent, parse_performance_data
from .lxc import LxcCT
from .monitored import Monitored, live, recorded, service_of
from .nagios import Nagios, nagios
from .nrpe import Nrpe, nrpe
from .plugins import accepted_by_perl
from .prometheus import free_port
from .run import Run
from .schedulers import Answer, programs

PLACES = ("recorded", "live")
# What a host may lack: the recorded one PSI, this one loads of a CT's own, and PSI if it is off.
NOT_OFFERED = {
    "check_ct_pressure": "no pressure figures",
    "check_ct_load": "no load average of its own: only OpenVZ's do",
}
VALUE = re.compile(r"(?:'[^'=]+'|[^ '=]+)=\S+")


@pytest.fixture(scope="module")
def places(run: Run, lxc: LxcCT) -> dict[str, Monitored]:
    return {"recorded": recorded(run), "live": live(run, lxc)}


@pytest.fixture(scope="module")
def servers(run: Run, places: dict[str, Monitored]) -> Iterator[dict[str, Nrpe]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                nrpe(run, {"ct0.cfg": place.generate("nrpe")}, f"nrpe-{name}")
            )
            for name, place in places.items()
        }


@pytest.fixture(scope="module")
def by_nagios(run: Run, places: dict[str, Monitored], servers: dict[str, Nrpe]) -> Iterator[Nagios]:
    objects = {
        "ct0.cfg": places["live"].definitions("nagios"),
        "recorded.cfg": places["recorded"].generate(
            "nagios", "--address", servers["recorded"].address
        ),
        "live.cfg": places["live"].generate("nagios", "--via", "local"),
    }
    with nagios(run, objects, f"{programs()}/usr/lib/nagios/plugins") as daemon:
        yield daemon


@pytest.fixture(scope="module")
def by_icinga2(run: Run, places: dict[str, Monitored]) -> Iterator[Icinga2]:
    port = free_port()
    definitions = places["live"].definitions("icinga2")
    objects = {
        "ct0.conf": definitions,
        "recorded.conf": places["recorded"].generate("icinga2"),
        "live.conf": places["live"].generate("icinga2", "--via", "local"),
    }
    with ExitStack() as stack:
        daemon = stack.enter_context(
            icinga2(run, objects, str(places["live"].plugins.folder), {"recorded": port})
        )
        folder = str(places["recorded"].plugins.folder)
        stack.enter_context(
            icinga2_agent(run, daemon.folder, "recorded", definitions, folder, port)
        )
        daemon.wait_for_agent("recorded")
        yield daemon


def told(
    plugin: str,
    place: Monitored,
    got: Answer,
    shown: Callable[[Answer], Answer] = lambda each: each,
) -> Answer:
    """The plugin's own words that the scheduler's are; the last ones, if they are none.

    `shown`: what a scheduler makes of every plugin's words.
    """
    said = [shown(each) for each in place.plugins.answers(plugin)]
    assert said, f"{plugin} never ran; got {got}"
    return next((each for each in said if each == got), said[-1])


def shown_by_nagios(said: Answer) -> Answer:
    """Nagios takes a semicolon in a text for the end of a field of its own, and writes a colon."""
    return said._replace(text=said.text.replace(";", ":"))


def shown_by_icinga2(said: Answer) -> Answer:
    """Icinga quotes a label only where it holds a space."""
    return said._replace(perfdata=re.sub(r"'([^' =]+)'=", r"\1=", said.perfdata))


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_nrpe_returns_it_whole(
    places: dict[str, Monitored], servers: dict[str, Nrpe], plugin: str, name: str
) -> None:
    place, service = places[name], service_of(plugin)
    of = "" if service in OF_CT0 else f"_{place.guest}"
    got = servers[name].run_check(f"{service.command}{of}")
    assert got == told(plugin, place, got)
    judged(plugin, name, got)


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_nagios_has_it_whole(
    places: dict[str, Monitored], by_nagios: Nagios, plugin: str, name: str
) -> None:
    place = places[name]
    host, service = place.place(service_of(plugin))
    got = by_nagios.run_check(host, service)
    if service is None:
        # A host is UP by OK and WARNING, DOWN by the others.
        said = map(shown_by_nagios, place.plugins.answers(plugin))
        code = next((each.state for each in said if each[1:] == got[1:]), -1)
        assert got.state == (0 if code in (0, 1) else 1)
        got = got._replace(state=code)
    assert got == told(plugin, place, got, shown_by_nagios)
    judged(plugin, name, got)


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_icinga2_has_it_whole(
    places: dict[str, Monitored], by_icinga2: Icinga2, plugin: str, name: str
) -> None:
    place = places[name]
    got = by_icinga2.run_check(*place.place(service_of(plugin)))
    assert got == told(plugin, place, got, shown_by_icinga2)
    judged(plugin, name, got)


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_performance_data_is_understood_by_icinga2_and_perl(
    places: dict[str, Monitored], by_icinga2: Icinga2, plugin: str, name: str
) -> None:
    got = by_icinga2.run_check(*places[name].place(service_of(plugin)))
    values = VALUE.findall(got.perfdata)
    assert " ".join(values) == got.perfdata
    labels = [value.rpartition("=")[0].strip("'") for value in values]
    assert [label for label, _ in accepted_by_perl(got.perfdata)] == labels
    parsed = parse_performance_data(by_icinga2.folder, values)
    assert [each["label"] for each in parsed] == labels
    assert all(isinstance(each["value"], (int, float)) for each in parsed)


def judged(plugin: str, name: str, got: Answer) -> None:
    """The plugin judged something, or says what this host has not."""
    assert got.text
    assert "bug" not in got.text
    if name == "recorded" and plugin.startswith("check_ct_"):
        assert got.long  # of -v
    if got.state == 3:
        (missing,) = [text for each, text in NOT_OFFERED.items() if each == plugin]
        assert missing in got.text
