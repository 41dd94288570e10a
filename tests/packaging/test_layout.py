"""What lies where: each command, module and unit in one package, and nothing forgotten."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import layout
from build import debian_version
from entry_points import entry_points, release
from wheels import LIST, read_list

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "packaging/layout.py"
PACKAGES = {"ct0", "ct0-shims", "ct0-checks", "ct0-exporter", "ct0-audit", "ct0-suites"}
SITE = "usr/lib/python3/dist-packages"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layout")
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1767225600"}
    subprocess.run([sys.executable, PROGRAM, folder], check=True, env=environment)
    return folder


def owners(out: Path) -> dict[str, list[str]]:
    """Path on a host -> the packages that have it."""
    found: dict[str, list[str]] = {}
    for path in out.rglob("*"):
        if path.is_file():
            package, _, place = str(path.relative_to(out)).partition("/")
            found.setdefault(place, []).append(package)
    return found


def test_every_file_is_in_one_package(out: Path) -> None:
    found = owners(out)
    assert {package for packages in found.values() for package in packages} == PACKAGES
    assert [place for place, packages in found.items() if len(packages) > 1] == []


def test_all_of_the_sources_modules_are_there(out: Path) -> None:
    found = owners(out)
    modules = [
        f"{SITE}/{path.relative_to(ROOT / folder)}"
        for name, (folder, _) in layout.PARTS.items()
        for path in (ROOT / folder / name).rglob("*.py")
    ]
    assert len(modules) > 300
    assert set(modules) <= set(found)
    assert not [place for place in found if place.endswith(".pyc")]


def test_all_commands_are_executable_and_isolated(out: Path) -> None:
    for name, goal in entry_points()["console_scripts"].items():
        folder = "usr/lib/ct0/plugins" if name.startswith("check_") else "usr/bin"
        if name == "ct0-read":
            folder = "usr/lib/ct0"
        script = out / layout.owner(goal) / folder / name
        assert script.read_text("utf-8").startswith("#!/usr/bin/python3 -I\n")
        assert script.stat().st_mode & 0o7777 == 0o755


def test_all_units_are_there(out: Path) -> None:
    found = owners(out)
    units = [*ROOT.glob("checks/systemd/ct0-*"), *ROOT.glob("exporters/systemd/ct0-*")]
    assert len(units) >= 8
    for unit in units:
        assert f"lib/systemd/system/{unit.name}" in found


def test_each_package_names_its_own_entry_points_alone(out: Path) -> None:
    for path in out.rglob("entry_points.txt"):
        package = str(path.relative_to(out)).partition("/")[0]
        goals = re.findall(r"= (\S+)$", path.read_text("utf-8"), re.MULTILINE)
        assert goals
        assert {layout.owner(goal) for goal in goals} == {package}
    suites = next((out / "ct0-suites").rglob("entry_points.txt")).read_text("utf-8")
    assert suites == "[pytest11]\nct0 = ct0_suites.plugin\n"
    metadata = next((out / "ct0").rglob("METADATA")).read_text("utf-8")
    assert f"Name: ct0\nVersion: {release()}\n" in metadata


def test_what_is_listed_and_not_there_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(layout, "FILES", (("docs/none.md", "ct0", "{docs}"),))
    with pytest.raises(SystemExit, match=r"docs/none.md: no such file, and ct0 shall have it"):
        layout.files(tmp_path, "/lib/systemd/system")


def test_wheels_are_told_apart_by_their_python(tmp_path: Path) -> None:
    for name, binary in (
        ("tree_sitter-0.23.2-cp39-cp39-manylinux2014_x86_64.whl", "_binding.cpython-39.so"),
        ("tree_sitter-0.25.2-cp313-cp313-manylinux2014_x86_64.whl", "_binding.cpython-313.so"),
        ("tree_sitter_bash-0.25.0-cp310-abi3-manylinux2014_x86_64.whl", "_binding.abi3.so"),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as wheel:
            package = name.partition("-")[0]
            wheel.writestr(f"{package}/{binary}", b"")
            wheel.writestr(f"{package}/__init__.py", b"")
            wheel.writestr(f"{package}/__init__.pyi", b"")
            wheel.writestr(f"{package}-1.dist-info/RECORD", b"")
    layout.vendor(tmp_path / "vendor", tmp_path)
    vendor = tmp_path / "vendor"
    assert sorted(str(path.relative_to(vendor)) for path in vendor.rglob("*.*") if path.is_file())
    assert {str(path.relative_to(vendor)) for path in vendor.rglob("*.so")} == {
        "python3.9/tree_sitter/_binding.cpython-39.so",
        "python3/tree_sitter/_binding.cpython-313.so",
        "python3/tree_sitter_bash/_binding.abi3.so",
    }
    assert not list(vendor.rglob("*.pyi")) + list(vendor.rglob("RECORD"))


@pytest.mark.parametrize("name", ["tree_sitter-1-py3-none-any.whl", "", "tree_sitter.whl"])
def test_what_is_no_such_wheel_is_refused(tmp_path: Path, name: str) -> None:
    if name:
        (tmp_path / name).touch()
    with pytest.raises(SystemExit, match=r"no wheel of a CPython 3|no wheels there"):
        layout.vendor(tmp_path / "vendor", tmp_path)


def test_each_python_has_a_parser_and_a_grammar() -> None:
    wanted = read_list(LIST.read_text("ascii"))
    pythons = {wheel.python for wheel in wanted if wheel.release.startswith("tree-sitter==")}
    assert pythons == {"3.9", "3.10", "3.11", "3.12", "3.13", "3.14"}
    grammars = {wheel.python for wheel in wanted if wheel.release.startswith("tree-sitter-bash")}
    assert grammars == {"3.9", "3.10"}  # abi3: the second serves all later ones


@pytest.mark.parametrize(
    ("version", "debian"),
    [("0.1.0", "0.1.0-1"), ("1.0rc1", "1.0~rc1-1"), ("1.0.dev3", "1.0~dev3-1")],
)
def test_a_pre_release_is_before_its_release(version: str, debian: str) -> None:
    assert debian_version(version) == debian
