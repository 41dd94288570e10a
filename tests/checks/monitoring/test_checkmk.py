"""Checkmk: the local check as its agent runs it, and the hosts that take what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from ct0.containers import containers
from ct0.host import Host
from ct0_checks.launch import PLUGINS
from ct0_checks.monitoring import checkmk
from ct0_checks.monitoring.fleet import node
from ct0_checks.monitoring.services import ALL
from ct0_checks.monitoring.wishes import Wishes

LINE = re.compile(r'([0-3P]) "([^"]+)" (-|\w+=\S+(?:\|\w+=\S+)*) (.+)')


@pytest.fixture
def said(host: Callable[[str], Path], tmp_path: Path) -> str:
    """What the agent prints on the recorded OpenVZ host."""
    folder = tmp_path / "plugins"
    folder.mkdir()
    for plugin in PLUGINS:
        command = f'exec {sys.executable} -m ct0_checks {plugin} --root "{host("openvz6")}" "$@"\n'
        (folder / plugin).write_text(f"#!/bin/sh\n{command}")
        (folder / plugin).chmod(0o755)
    script = tmp_path / "ct0"
    script.write_text(checkmk.definitions(Wishes(plugins=str(folder))))
    script.chmod(0o755)
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "CT0_STATE_DIR": str(tmp_path / "states/checkmk"),
    }
    done = subprocess.run([script], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_each_line_is_a_local_check_of_a_host_that_is_configured(
    said: str, host: Callable[[str], Path]
) -> None:
    made = node("alpha", "192.0.2.1", containers(Host(str(host("openvz6")))))
    entries = json.loads(checkmk.render(made, Wishes()))["entries"]
    known = {entry["host_name"] for entry in entries}

    place, found = "alpha", set()
    for line in said.splitlines():
        if section := re.fullmatch(r"<<<<(.*)>>>>", line):
            place = section[1] or "alpha"
        elif line != "<<<local:sep(0)>>>":
            match = LINE.fullmatch(line)
            assert match, line
            found.add((place, match[2]))
    assert {place for place, _ in found} == known
    descriptions = {each.description for each in ALL if each.plugin != "check_procs"}
    assert {description for _, description in found} == descriptions
    assert place == "alpha"
    assert ("web1", "resources") in found
    assert ("alpha", "ct0 health") in found
