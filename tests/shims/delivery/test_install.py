"""`ct0 shims install | remove | status`: what is laid out, and that it goes again to the byte."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest

from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0_shims.commands import COMMANDS
from ct0_shims.delivery import hooks, manage
from ct0_shims.delivery.install import Conflict, install, remove

PYTHON = "/usr/bin/python3"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with both distributions' places for hooks, and /lib as a link, as everywhere today."""
    root = tmp_path / "root"
    for folder in ("usr/bin", "usr/lib/lsb/init-functions.d", "etc/sysconfig", "etc/init.d"):
        (root / folder).mkdir(parents=True)
    (root / "lib").symlink_to("usr/lib")
    (root / "usr/bin/python3").touch()
    (root / "usr/lib/lsb/init-functions").touch()
    (root / "etc/sysconfig/init").write_text("BOOTUP=color\nPROMPT=yes\n")
    (root / "etc/sysconfig/init").chmod(0o640)
    return root


def picture(root: Path) -> dict[str, tuple[int, str]]:
    """Path -> (mode, content or goal) of everything below root."""
    found = {}
    for path in sorted(root.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        text = (
            os.readlink(path) if path.is_symlink() else path.read_text() if path.is_file() else ""
        )
        found[str(path.relative_to(root))] = (mode, text)
    return found


def test_install_lays_out_a_link_for_each_command(root: Path) -> None:
    install(str(root), PYTHON)
    links = root / "usr/lib/ct0/shims"
    assert sorted(path.name for path in links.iterdir()) == sorted(COMMANDS)
    assert {os.readlink(path) for path in links.iterdir()} == {"../ct0-shims"}
    assert (root / "usr/lib/ct0/ct0-shims").stat().st_mode & 0o777 == 0o755
    assert (root / "usr/lib/ct0/ct0-shims").read_text().startswith("#!/usr/bin/python3 -IS")
    assert (root / "usr/lib/lsb/init-functions.d/99-ct0").exists()
    text = (root / "etc/sysconfig/init").read_text()
    assert text == f"BOOTUP=color\nPROMPT=yes\n{hooks.RHEL_LINE}\n"


@pytest.mark.parametrize("mask", [0o077, 0o000])
def test_everybody_may_run_them_whatever_the_installer_s_umask(root: Path, mask: int) -> None:
    """Who may not enter /usr/lib/ct0/shims would be served by the incumbents, next in PATH."""
    before = os.umask(mask)
    try:
        install(str(root), PYTHON)
    finally:
        os.umask(before)
    modes = {path: mode for path, (mode, _) in picture(root).items() if "usr/lib/ct0" in path}
    assert {modes[path] for path in modes if (root / path).is_dir()} == {0o755}
    files = {path for path in modes if (root / path).is_file() and not (root / path).is_symlink()}
    assert {modes[path] for path in files} == {0o644, 0o755}
    assert (root / "usr/lib/lsb/init-functions.d/99-ct0").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("text", ["BOOTUP=color\n", "BOOTUP=color", "", "\n\n"])
def test_remove_takes_everything_back_to_the_byte(root: Path, text: str) -> None:
    (root / "etc/sysconfig/init").write_text(text)
    before = picture(root)
    install(str(root), PYTHON)
    assert picture(root) != before
    done, left = remove(str(root))
    assert done
    assert left == []
    assert picture(root) == before


@pytest.mark.parametrize("goal", ["../init.site", "/etc/init.site"])
def test_linked_sysconfig_stays_a_link(root: Path, goal: str) -> None:
    (root / "etc/sysconfig/init").rename(root / "etc/init.site")
    (root / "etc/sysconfig/init").symlink_to(goal)
    before = picture(root)
    install(str(root), PYTHON)
    assert "/usr/lib/ct0/shims" in (root / "etc/init.site").read_text()
    remove(str(root))
    assert picture(root) == before


def test_installing_again_changes_nothing(root: Path) -> None:
    install(str(root), PYTHON)
    before = picture(root)
    install(str(root), PYTHON)
    assert picture(root) == before


def test_a_renewed_release_takes_its_old_files_away(root: Path) -> None:
    install(str(root), PYTHON)
    manifest = root / "usr/lib/ct0/shims.manifest"
    record = json.loads(manifest.read_text())
    (root / "usr/lib/ct0/shims/gone").symlink_to("../ct0-shims")
    record["files"]["/usr/lib/ct0/shims/gone"] = ["link:../ct0-shims"]
    manifest.write_text(json.dumps(record))
    install(str(root), PYTHON)
    assert not (root / "usr/lib/ct0/shims/gone").is_symlink()


@pytest.mark.parametrize("path", ["usr/lib/ct0/shims/pidof", "lib/lsb/init-functions.d/99-ct0"])
def test_what_is_not_ours_stops_the_installation_before_it_begins(root: Path, path: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("somebody's")
    before = picture(root)
    with pytest.raises(Conflict, match="is not ct0's: move it away first"):
        install(str(root), PYTHON)
    assert picture(root) == before


def test_remove_leaves_what_somebody_changed_and_names_it(root: Path) -> None:
    install(str(root), PYTHON)
    hook = root / "usr/lib/lsb/init-functions.d/99-ct0"
    hook.write_text("# mine now\n")
    _, left = remove(str(root))
    assert left == ["left /lib/lsb/init-functions.d/99-ct0: changed since it was laid out"]
    assert hook.read_text() == "# mine now\n"
    assert not (root / "usr/lib/ct0").exists()


def test_remove_keeps_other_parts_files(root: Path) -> None:
    install(str(root), PYTHON)
    (root / "usr/lib/ct0/plugins").mkdir()
    remove(str(root))
    assert [path.name for path in (root / "usr/lib/ct0").iterdir()] == ["plugins"]


def test_links_inside_a_root_stay_inside_it(root: Path, tmp_path: Path) -> None:
    """A root whose /usr/lib says /srv/lib means its own /srv/lib, not CT0's."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "usr/lib").rename(root / "moved")
    (root / "usr/lib").symlink_to("/moved")
    (root / "lib").unlink()
    (root / "lib").symlink_to(f"/../../..{outside}")
    install(str(root), PYTHON)
    assert (root / "moved/ct0/ct0-shims").exists()
    assert list(outside.iterdir()) == []


def test_links_in_a_circle_are_an_error(root: Path) -> None:
    (root / "usr/lib").rename(root / "moved")
    (root / "usr/lib").symlink_to("/usr/lib")
    with pytest.raises(Unavailable, match="too many links"):
        install(str(root), PYTHON)


def test_a_cut_short_installation_can_be_taken_back(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = picture(root)
    calls = []

    def fails(place: str, goal: str) -> None:
        calls.append(place)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")
        os.symlink(goal, place)

    monkeypatch.setattr("ct0_shims.delivery.install.relink", fails)
    with pytest.raises(OSError, match="No space left"):
        install(str(root), PYTHON)
    remove(str(root))
    assert picture(root) == before


def test_no_interpreter_no_installation(root: Path) -> None:
    (root / "usr/bin/python3").unlink()
    before = picture(root)
    with pytest.raises(Unavailable, match="no such interpreter"):
        install(str(root), PYTHON)
    assert picture(root) == before


def test_remove_without_an_installation_says_so(root: Path) -> None:
    with pytest.raises(Unavailable, match="nothing is installed"):
        remove(str(root))


@pytest.mark.parametrize("text", ["", "{}", "[", "[]", '{"files": 3}', "\0"])
def test_a_manifest_that_does_not_read_is_named(root: Path, text: str) -> None:
    (root / "usr/lib/ct0").mkdir()
    (root / "usr/lib/ct0/shims.manifest").write_text(text)
    with pytest.raises(Malformed, match=r"shims\.manifest"):
        remove(str(root))


def test_the_laid_out_file_works_as_each_link_says(root: Path) -> None:
    install(str(root), PYTHON)
    pidof = root / "usr/lib/ct0/shims/pidof"
    run = subprocess.run([pidof, "pidof"], capture_output=True, text=True, check=False)
    assert run.stdout.strip().isdigit()  # itself, and no other: its PID is new each time
    run = subprocess.run(
        [pidof.parent.parent / "ct0-shims", "status", "--root", root, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(run.stdout)["installed"] is True
    assert run.returncode == 0


def test_status(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = Host(str(root))
    assert manage.main(["status"], host) == 1
    assert "shims:   not installed" in capsys.readouterr().out
    assert manage.main(["install"], host) == 0
    (root / "etc/init.d/daemon").write_text("#!/bin/sh\nkill `/bin/pidof daemon`\n")
    capsys.readouterr()
    assert manage.main(["status"], host) == 0
    shown = capsys.readouterr().out
    assert "hook:    /etc/sysconfig/init: active" in shown
    assert "bypass:  /etc/init.d/daemon:2: kill `/bin/pidof daemon`" in shown
    (root / "usr/lib/ct0/shims/pidof").unlink()
    assert manage.main(["status"], host) == 1
    assert "damaged: /usr/lib/ct0/shims/pidof" in capsys.readouterr().out
