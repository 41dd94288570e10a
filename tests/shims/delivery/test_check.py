"""`ct0 shims check`, `--command` and the command line: what Puppet asks before it acts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from ct0.host import Host
from ct0_shims.commands import COMMANDS
from ct0_shims.delivery import bundle, interpreter, manage
from ct0_shims.delivery.check import difference, is_current
from ct0_shims.delivery.install import install

PYTHON = "/usr/bin/python3"
HOOK = "/lib/lsb/init-functions.d/99-ct0"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for folder in ("usr/bin", "lib/lsb/init-functions.d", "etc/sysconfig"):
        (root / folder).mkdir(parents=True)
    (root / "usr/bin/python3").touch()
    (root / "etc/sysconfig/init").write_text("BOOTUP=color\n")
    return root


def ct0_shims(root: Path, *arguments: str) -> int:
    return manage.main(arguments, Host(str(root)))


def test_after_install_there_is_nothing_to_do(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ct0_shims(root, "check") == 1
    assert capsys.readouterr().out == "the shims are not installed\n"
    assert ct0_shims(root, "install") == 0
    capsys.readouterr()
    assert ct0_shims(root, "check") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("path", "text", "reason"),
    [
        ("usr/lib/ct0/ct0-shims", "", "is missing or was changed"),
        ("usr/lib/ct0/functions/lsb.sh", None, "is missing or was changed"),
        ("usr/lib/ct0/shims/pidof", None, "is missing or was changed"),
        (HOOK[1:], "# mine\n", "is missing or was changed"),
        ("etc/sysconfig/init", "BOOTUP=color\n", "the hook /etc/sysconfig/init is not active"),
    ],
)
def test_damage_is_named(root: Path, path: str, text: str | None, reason: str) -> None:
    install(str(root), PYTHON)
    (root / path).unlink()
    if text is not None:
        (root / path).write_text(text)
    assert reason in difference(str(root), PYTHON, COMMANDS)


def test_a_mode_that_was_changed_is_damage(root: Path) -> None:
    install(str(root), PYTHON)
    (root / "usr/lib/ct0/ct0-shims").chmod(0o700)
    said = difference(str(root), PYTHON, COMMANDS)
    assert said == "/usr/lib/ct0/ct0-shims has not the mode 755"
    install(str(root), PYTHON)
    assert difference(str(root), PYTHON, COMMANDS) == ""


def test_another_release_or_interpreter_is_a_difference(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(str(root), PYTHON)
    (root / "usr/bin/python3.9").touch()
    said = difference(str(root), "/usr/bin/python3.9", COMMANDS)
    assert said == "/usr/lib/ct0/ct0-shims is of another release or for another Python"
    said = difference(str(root), "/opt/python3", COMMANDS)
    assert "of another release" in said
    monkeypatch.setattr(bundle, "__version__", "99")
    assert "of another release" in difference(str(root), PYTHON, COMMANDS)


def test_an_interpreter_that_went_is_a_difference(root: Path) -> None:
    install(str(root), PYTHON)
    (root / "usr/bin/python3").unlink()
    assert "no such interpreter" in difference(str(root), PYTHON, COMMANDS)


def test_a_cut_short_installation_is_a_difference(root: Path) -> None:
    install(str(root), PYTHON)
    manifest = root / "usr/lib/ct0/shims.manifest"
    record = json.loads(manifest.read_text())
    record["files"][HOOK].append("0" * 64)
    manifest.write_text(json.dumps(record))
    assert difference(str(root), PYTHON, COMMANDS) == f"{HOOK} is missing or was changed"


def test_byte_code_is_current_for_one_build_and_one_interpreter(root: Path) -> None:
    text = bundle.build(PYTHON)
    found = interpreter.tag_and_magic("/", PYTHON)
    made = interpreter.byte_code("/", PYTHON, text)
    assert found is not None
    assert made is not None
    place = root / "cache"
    place.write_bytes(made[1])
    assert is_current(str(root), "/cache", text, found[1])
    assert not is_current(str(root), "/cache", text, b"\0\0\0\0")
    assert not is_current(
        str(root), "/cache", text.replace('\nBUILD = "', '\nBUILD = "0'), found[1]
    )
    place.write_bytes(made[1][:-1])
    assert not is_current(str(root), "/cache", text, found[1])
    assert not is_current(str(root), "/none", text, found[1])


def test_only_the_commands_that_are_wanted(root: Path) -> None:
    assert ct0_shims(root, "install", "--command", "pidof", "killall") == 0
    links = root / "usr/lib/ct0/shims"
    assert sorted(os.listdir(links)) == ["ct0-pids", "killall", "pidof"]
    assert ct0_shims(root, "check", "--command", "killall", "--command", "pidof") == 0
    assert ct0_shims(root, "check") == 1
    assert ct0_shims(root, "check", "--command", "pidof") == 1
    assert ct0_shims(root, "install", "--command", "pkill") == 0
    assert sorted(os.listdir(links)) == ["ct0-pids", "pkill"]
    assert ct0_shims(root, "install") == 0
    assert sorted(os.listdir(links)) == sorted(COMMANDS)
    assert ct0_shims(root, "remove") == 0
    assert not (root / "usr/lib/ct0").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["divert"],
        ["divert", "--again", "pidof"],
        ["divert", "--again", "--check"],
        ["install", "pidof"],
        ["check", "pidof"],
        ["status", "--check"],
        ["undivert", "--again"],
        ["remove", "--command", "pidof"],
        ["sources"],
        ["sources", "one", "two"],
        ["status", "--root", "/nonexistent"],
    ],
)
def test_a_wrong_command_line_is_usage(
    root: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ct0_shims(root, *arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("ct0 shims: ")
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["fly"], ["install", "--command", "ps"], ["check", "--x"]])
def test_what_argparse_refuses_is_usage_too(root: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ct0_shims(root, *arguments)
    assert ended.value.code == 2
