"""tree-sitter that came with a package of ct0's: found where no other is, and only then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import tree_sitter
import tree_sitter_bash

from ct0_audit.shell.syntax import MODULES, vendored

ROOT = Path(__file__).parents[3]
INSTALLED = Path(tree_sitter.__file__).parents[1]
PARSE = """
import sys
sys.path[:0] = {path!r}
from ct0_audit.shell import syntax
syntax.VENDOR = {folder!r}
print(syntax.Syntax("killall acmed").root.type)
print(sys.modules["tree_sitter"].__file__)
print({folder!r} in "".join(sys.path))
"""


def parsed(folder: Path, *path: Path) -> subprocess.CompletedProcess[str]:
    """By an interpreter that has nothing but ours and `path`."""
    parts = [str(place) for place in (*path, ROOT / "core", ROOT / "audit")]
    program = PARSE.format(path=parts, folder=str(folder))
    words = [sys.executable, "-I", "-S", "-c", program]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def carried(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for package in (tree_sitter, tree_sitter_bash):
        place = Path(str(package.__file__)).parent
        (folder / place.name).symlink_to(place)
    return folder


def test_what_was_carried_along_is_found(tmp_path: Path) -> None:
    carried(tmp_path / "python3")
    done = parsed(tmp_path)
    said = done.stdout.splitlines()
    assert said == ["program", f"{tmp_path}/python3/tree_sitter/__init__.py", "False"], done.stderr


def test_an_installed_one_comes_first(tmp_path: Path) -> None:
    carried(tmp_path / "python3")
    done = parsed(tmp_path, INSTALLED)
    assert done.stdout.splitlines()[1] == str(tree_sitter.__file__), done.stderr


def test_one_of_the_two_installed_alone_does_not_count(tmp_path: Path) -> None:
    """As Debian's python3-tree-sitter, too old for any grammar that can be carried."""
    carried(tmp_path / "python3")
    (tmp_path / "theirs/tree_sitter").mkdir(parents=True)
    (tmp_path / "theirs/tree_sitter/__init__.py").write_text("raise ImportError('old')")
    done = parsed(tmp_path, tmp_path / "theirs")
    assert done.stdout.splitlines()[0] == "program", done.stderr


def test_without_any_it_is_said_in_one_line(tmp_path: Path) -> None:
    done = parsed(tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ct0.errors.Unavailable: tree_sitter: not installed: "
        "install ct0-audit, or pip install 'ct0[audit]'"
    )


def test_a_python_may_have_a_folder_of_its_own(tmp_path: Path) -> None:
    assert MODULES == ("tree_sitter", "tree_sitter_bash")
    assert vendored(str(tmp_path)) == ""
    (tmp_path / "python3").mkdir()
    (tmp_path / "python3.9").mkdir()
    assert vendored(str(tmp_path), "3.9") == f"{tmp_path}/python3.9"
    assert vendored(str(tmp_path), "3.13") == f"{tmp_path}/python3"
