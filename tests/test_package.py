"""What is installed: the wheel holds everything the commands need, and nothing else."""

from __future__ import annotations

import configparser
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ct0_checks.launch import PLUGINS

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_each_file_of_the_packages_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {
        str(path.relative_to(ROOT / part))
        for part, package in (
            ("core", "ct0"),
            ("shims", "ct0_shims"),
            ("exporters", "ct0_exporters"),
            ("checks", "ct0_checks"),
            ("audit", "ct0_audit"),
            ("tests/infra", "ct0_suites"),
        )
        for path in (ROOT / part / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == wanted
    assert any(name.endswith(".sh") for name in names)
    assert "ct0/py.typed" in names


def test_alone_it_brings_no_other_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        lines = archive.read(name).decode().splitlines()
    needed = [line for line in lines if line.startswith("Requires-Dist")]
    assert [line for line in needed if "extra == " not in line] == []
    assert any(line.startswith("Requires-Dist: aiohttp") for line in needed)
    assert "Requires-Python: >=3.9" in lines
    assert "License-Expression: Apache-2.0" in lines


def test_it_runs_unpacked_with_nothing_beside_it(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv[0] = 'ct0'; "
        "from ct0.cli.__main__ import main; sys.exit(main())"
    )
    for words, start in ((["--version"], "ct0 0."), (["shims", "build"], "#!/usr/bin/python3 -IS")):
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program, *words],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.startswith(start), done.stderr


def test_pip_puts_no_shim_on_the_path(wheel: Path) -> None:
    """`pidof` of a virtual environment would shadow the system's for whoever activates it."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        text = archive.read(name).decode()
    groups = configparser.ConfigParser()
    groups.optionxform = str  # type: ignore[assignment,method-assign]
    groups.read_string(text)
    assert groups.sections() == ["console_scripts", "pytest11"]
    assert dict(groups["pytest11"]) == {"ct0": "ct0_suites.plugin"}
    assert dict(groups["console_scripts"]) == {
        "ct0": "ct0.cli.__main__:main",
        "ct0-exporter": "ct0_exporters.__main__:main",
        "ct0-read": "ct0_checks.reader:main",
        "check_ct0_audit": "ct0_audit.nagios:main",
        **{name: f"ct0_checks.launch:{name}" for name in PLUGINS},
        "check_procs": "ct0_checks.procs:command",
    }
