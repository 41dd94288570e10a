"""The one file: whole, alone, and no slower than it must be."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from ct0_shims.commands import COMMANDS
from ct0_shims.delivery import bundle, byte_code, contents, interpreter


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle with links, for the interpreter that runs the tests."""
    folder = tmp_path_factory.mktemp("bundle")
    path = folder / "ct0-shims"
    path.write_text(bundle.build(sys.executable))
    path.chmod(0o755)
    (folder / "shims").mkdir()
    for command in COMMANDS:
        (folder / "shims" / command).symlink_to("../ct0-shims")
    return path


def cache(file: Path) -> Path:
    return file.with_name(f"{file.name}.{sys.implementation.cache_tag}.cache")


def make_cache(file: Path) -> Path:
    made = interpreter.byte_code("/", sys.executable, file.read_text())
    assert made is not None
    cache(file).write_bytes(made[1])
    return cache(file)


def works(file: Path) -> bool:
    run = subprocess.run(
        [file.parent / "shims/pidof", "pidof"], capture_output=True, text=True, check=False
    )
    return run.returncode == 0 and run.stdout.strip().isdigit() and run.stderr == ""


def test_it_is_one_plain_python_file(file: Path) -> None:
    text = file.read_text()
    ast.parse(text)
    assert text.isascii()
    assert text.startswith(f"#!{sys.executable} -IS\n")
    assert max(map(len, text.splitlines())) <= 120


def test_it_writes_its_sources_out_to_be_read(file: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [file, "sources", tmp_path / "src"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    written = {
        str(path.relative_to(tmp_path / "src")): path.read_text()
        for path in (tmp_path / "src").rglob("*.py")
    }
    for module, text in contents.sources().items():
        path = module.replace(".", "/")
        assert written.pop(f"{path}.py", None) == text or written.pop(f"{path}/__init__.py") == text
    assert written == {}
    run = subprocess.run([file, "sources"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (2, "")


def test_built_by_itself_it_is_the_same(file: Path) -> None:
    run = subprocess.run(
        [file, "build", "--python", sys.executable], capture_output=True, text=True, check=False
    )
    assert run.stdout == file.read_text()


def test_it_holds_no_third_party_import_and_no_ct0_command(file: Path) -> None:
    assert not any(name.startswith("ct0.cli") for name in contents.sources())
    for name, source in contents.sources().items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, name
                top = (node.module or "").partition(".")[0]
                assert top in ("ct0", "ct0_shims") or is_standard(top), (name, top)


def is_standard(name: str) -> bool:
    """Whether a module is Python's own. sys.stdlib_module_names came with 3.10."""
    spec = importlib.util.find_spec(name)
    place = (spec.origin if spec else None) or ""
    library = sysconfig.get_paths()["stdlib"]
    return place in ("built-in", "frozen") or (
        place.startswith(library) and "site-packages" not in place
    )


@pytest.mark.parametrize(("words", "status"), [(["--help"], 0), (["-h"], 0), ([], 2), (["x"], 2)])
def test_by_its_own_name_it_tells_its_commands(file: Path, words: list[str], status: int) -> None:
    run = subprocess.run([file, *words], capture_output=True, text=True, check=False)
    said, silent = (run.stderr, run.stdout) if status else (run.stdout, run.stderr)
    assert (run.returncode, silent) == (status, "")
    assert said.startswith("usage: ct0-shims COMMAND")
    assert said.splitlines()[-1] == f"Commands: {' '.join(sorted(COMMANDS))}"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_starts_from_its_link(file: Path, command: str) -> None:
    run = subprocess.run(
        [file.parent / "shims" / command, "--ct0-no-such-option"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "Traceback" not in run.stderr
    assert "gave up" not in run.stderr
    assert run.returncode != 0


def test_it_works_without_a_cache(file: Path) -> None:
    cache(file).unlink(missing_ok=True)
    assert works(file)


def test_it_works_with_a_cache_and_uses_it(file: Path) -> None:
    make_cache(file)
    # With the sources spoilt only the byte code can answer.
    spoilt = spoil(file)
    run = subprocess.run([spoilt, "pidof", "pidof"], capture_output=True, text=True, check=False)
    assert run.stdout.strip().isdigit()


def spoil(file: Path) -> Path:
    """The file without the sources it held, and its cache beside it."""
    spoilt = file.with_name("spoilt")
    spoilt.write_text(file.read_text().rpartition(bundle.MARK)[0] + "gone\n")
    assert len(spoilt.read_text()) < 4000
    spoilt.chmod(0o755)
    cache(spoilt).write_bytes(cache(file).read_bytes())
    return spoilt


@pytest.mark.parametrize("goal", ["spoilt", "near", "{folder}/near"])
def test_a_link_to_its_link_finds_the_cache_too(file: Path, goal: str) -> None:
    make_cache(file)
    folder = spoil(file).parent / "far"
    folder.mkdir(exist_ok=True)
    near, far = file.parent / "near", folder / "pidof"
    for link, end in (
        (near, "spoilt"),
        (far, f"../{goal}".replace("../{folder}", str(near.parent))),
    ):
        link.unlink(missing_ok=True)
        link.symlink_to(end)
    run = subprocess.run([far, "pidof"], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_command_s_modules_are_listed_after_what_they_import() -> None:
    sources = contents.sources()
    for entry in (*(f"ct0_shims.{name.replace('-', '_')}" for name in COMMANDS), "ct0.engines"):
        listed = byte_code.needs(sources, entry)
        known = {entry.rpartition(".")[0]} if entry != "ct0.engines" else {"ct0.engines"}
        for name in [*listed, entry]:
            package = name.rpartition(".")[0]
            assert not package or package in known | {"ct0_shims"}, (entry, name)
            top = "\n".join(
                re.findall(r"(?m)^(?:from|import) .*(?:\(\n(?:    .*\n)*\))?", sources[name])
            )
            wanted = {one for one in contents.imported(top) if one in sources}
            assert wanted <= known | {name}, (entry, name)
            known.add(name)


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_its_cache_is_nobody_s_standard_stream(file: Path, closed: str) -> None:
    path = make_cache(file)
    run = subprocess.run(
        ["sh", "-c", f"exec {file.parent}/shims/pidof pidof {closed}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.strip().isdigit()
    path.unlink()


@pytest.mark.parametrize("data", [b"", b"\0", b"garbage", b"\xe9\x00", b"(" * 100])
def test_a_cache_that_does_not_read_is_not_used(file: Path, data: bytes) -> None:
    cache(file).write_bytes(data)
    assert works(file)
    cache(file).unlink()


def test_a_cache_of_another_build_is_not_used(file: Path) -> None:
    path = make_cache(file)
    number = file.read_text().partition('BUILD = "')[2][:32].encode()
    path.write_bytes(path.read_bytes().replace(number, b"0" * 32).replace(b"main", b"niam"))
    assert works(file)
    path.unlink()


def test_a_cache_others_may_write_is_not_used(file: Path) -> None:
    path = make_cache(file)
    path.write_bytes(path.read_bytes().replace(b"main", b"niam"))
    path.chmod(0o666)
    assert works(file)
    path.unlink()


def test_the_build_number_tells_contents(file: Path) -> None:
    assert bundle.build(sys.executable) == file.read_text()
    assert os.path.basename(str(file)) == "ct0-shims"
