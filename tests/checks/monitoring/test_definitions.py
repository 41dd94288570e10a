"""The shipped commands: every plugin's, with options that the plugins take, and as made now."""

from __future__ import annotations

import json
import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ct0.cli.__main__ import main
from ct0_checks.launch import PLUGINS
from ct0_checks.monitoring import director
from ct0_checks.monitoring.definitions import FILES, SERVICES, definitions
from ct0_checks.monitoring.options import LEFT_OUT, commands
from ct0_checks.monitoring.procs import PROCS
from ct0_checks.monitoring.services import ALL, OF_CT, STATE, Service
from ct0_checks.monitoring.wishes import Wishes
from ct0_checks.procs.getopt import OURS, SHORT, THEIRS
from ct0_checks.procs.options import read_request

ROOT = Path(__file__).parents[3]
CHECKS = ROOT / "checks"
BLOCK = re.compile(r'^object CheckCommand "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
ARGUMENT = re.compile(r'^    "(-[^"]+)" = \{\n      (\w+) = "\$(\w+)\$"', re.MULTILINE)


@pytest.mark.parametrize("form", FILES)
def test_the_shipped_file_is_current(form: str) -> None:
    made = definitions(form, Wishes())
    say = "run: python -m ct0_checks.monitoring.definitions checks"
    assert (CHECKS / FILES[form]).read_text() == made, say


def test_the_shipped_rules_are_current() -> None:
    assert (CHECKS / SERVICES).read_text() == director.services(Wishes())


@pytest.mark.parametrize("form", FILES)
def test_the_command_prints_it_for_another_folder(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["monitoring", "definitions", f"--{form}", "--plugins", "/opt/ct0"]) == 0
    text = capsys.readouterr().out
    assert "/opt/ct0" in text
    assert "/usr/lib/ct0/plugins" not in text


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("plugin", PLUGINS)
def test_every_plugin_is_in_every_shipped_file(plugin: str, form: str) -> None:
    assert plugin in (CHECKS / FILES[form]).read_text()


def test_every_plugin_is_a_service_and_an_installed_command() -> None:
    assert sorted(service.plugin for service in ALL) == sorted(PLUGINS)
    scripts = re.findall(
        r'^(check_\w+) = "ct0_checks\.', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert set(scripts) == set(PLUGINS)
    assert len({service.description for service in ALL}) == len(ALL)


def parser(service: Service) -> Any:
    return import_module(f"ct0_checks.{PLUGINS[service.plugin]}").parser()


def arguments(command: str) -> dict[str, tuple[str, str]]:
    """The shipped CheckCommand's options -> (set_if or value, variable)."""
    blocks = dict(BLOCK.findall((CHECKS / "icinga2/ct0.conf").read_text()))
    return {word: (kind, name) for word, kind, name in ARGUMENT.findall(blocks[command])}


@pytest.mark.parametrize("service", [each for each in ALL if each.plugin != "check_procs"],
                         ids=lambda each: each.plugin)  # fmt: skip
def test_its_options_are_the_plugins_own(service: Service) -> None:
    known = {word: action for action in parser(service)._actions for word in action.option_strings}
    used = arguments(service.command)
    for word, (kind, _) in used.items():
        assert (kind == "set_if") == (known[word].nargs == 0), word
    missing = {
        action.dest
        for action in parser(service)._actions
        if action.option_strings and not set(action.option_strings) & set(used)
    }
    assert missing <= set(LEFT_OUT)
    if service in (STATE, *OF_CT):
        assert (used["--ct"], used["--engine"]) == (("value", "ct_id"), ("value", "ct_engine"))
        assert used["--include"] == ("value", "ct_include")


def test_check_procs_options_are_taken_by_it() -> None:
    values = {"-m": "PROCS", "-u": "0", "-t": "9", "--scope": "host", "--sandbox": "ct",
              "--detect": "auto", "--missing": "ok", "--root": "/", "-p": "1"}  # fmt: skip
    for option in PROCS:
        words = [option.word] + ([] if option.kind == "flag" else [values.get(option.word, "5")])
        assert read_request(words, "check_procs", "check_procs", "") is not None, option
    assert {word: name for word, (_, name) in arguments("ct0_procs").items()} == {
        option.word: option.variable for option in PROCS
    }


def test_check_procs_options_are_all_there() -> None:
    used = {option.word for option in PROCS}
    short = {f"-{letter}" for letter in SHORT if letter != ":"}
    # -e is read and ignored, as theirs; the others are for people and tests.
    assert short - used == {"-V", "-h"}
    assert {name for name in OURS if f"--{name}" not in used} - {
        "state",
        "exclude-process",
    } == set()
    long_only = {name for name, how in THEIRS.items() if f"-{how.rstrip(':')}" not in short}
    assert {name for name in long_only if f"--{name}" not in used} == {"elapsed", "input-file"}


def test_variables_are_one_plugins_or_everybodys() -> None:
    seen: dict[str, str] = {}
    for command in commands():
        for option in command.options:
            other = seen.setdefault(option.variable, option.word)
            assert other == option.word, (option, other)
            prefix = command.service.plugin.replace("check_", "", 1)
            assert option.variable.startswith((f"{prefix}_", "ct_")), option


def test_what_services_are_called_with_is_taken() -> None:
    for service in ALL:
        words = shlex.split(service.arguments)
        if service.plugin == "check_procs":
            assert read_request(words, "check_procs", "check_procs", "").warning == "250"
        else:
            assert words == []


def test_the_basket_is_whole() -> None:
    basket = json.loads((CHECKS / "director/ct0-basket.json").read_text())
    assert set(basket["Command"]) == {service.command for service in ALL}
    fields = basket["Datafield"]
    assert len({field["varname"] for field in fields.values()}) == len(fields)
    for name, command in basket["Command"].items():
        assert command["object_name"] == name
        used = {fields[str(field["datafield_id"])]["varname"] for field in command["fields"]}
        words = arguments(name)
        assert set(command["arguments"]) == set(words)
        assert used == {variable for _, variable in words.values()}
    for name, template in basket["ServiceTemplate"].items():
        assert template["object_type"] == "template"
        assert template.get("check_command", STATE.command) in basket["Command"], name
        assert set(template["imports"]) <= set(basket["ServiceTemplate"])


def test_the_local_check_is_a_script_that_runs() -> None:
    path = CHECKS / FILES["checkmk"]
    assert path.stat().st_mode & 0o111
    assert path.read_text().startswith("#!/bin/sh\n")
