"""`ct0 monitoring generate`: what it writes, what it refuses, and what it leaves untouched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hostile_names
import planted
from ct0.cli.__main__ import main

FORMS = ("nagios", "icinga2", "nrpe", "checkmk", "director")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A host with ten LXC CTs, none of which runs."""
    root = tmp_path / "root"
    planted.process(root, 1, "init", cgroup="0::/init.scope\n", nspid="1")
    (root / "proc/stat").write_text("cpu  1 2 3\nbtime 1700000000\nprocesses 9\n")
    (root / "etc").mkdir()
    (root / "etc/hostname").write_text("alpha\n")
    for number in range(10):
        make(root, f"web{number}")
    return root


def make(root: Path, name: str) -> None:
    (root / "var/lib/lxc" / name).mkdir(parents=True)
    (root / "var/lib/lxc" / name / "config").write_text("lxc.rootfs.path = dir:/srv/x\n")


def drop(root: Path, *names: str) -> None:
    for name in names:
        (root / "var/lib/lxc" / name / "config").unlink()


def marks(file: Path) -> tuple[int, int, int]:
    """What changes when somebody writes; the time of reading is not among it."""
    seen = file.stat()
    return seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns


def generate(root: Path, *words: str, form: str = "nagios") -> int:
    return main(["--root", str(root), "monitoring", "generate", f"--{form}", *words])


def test_without_output_it_prints(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(root) == 0
    assert "  host_name web9\n" in capsys.readouterr().out


def test_an_engine_whose_folder_does_not_answer_is_no_engine_without_containers(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (root / "etc/pve").mkdir()
    (root / "etc/pve/lxc").symlink_to("lxc")
    assert generate(root, "--force") == 1
    assert "/etc/pve/lxc: Too many levels of symbolic links" in capsys.readouterr().err


@pytest.mark.parametrize("form", FORMS)
def test_what_did_not_change_is_not_touched(root: Path, tmp_path: Path, form: str) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    assert generate(root, "--output", str(folder), form=form) == 0
    (file,) = folder.iterdir()
    assert file.name.startswith("ct0-alpha.")
    os.utime(file, ns=(1, 1))
    before = marks(file)
    assert generate(root, "--output", str(folder), form=form) == 0
    assert marks(file) == before
    make(root, "web10")
    assert generate(root, "--output", str(folder), form=form) == 0
    after = marks(file)
    assert after[:2] != before[:2]
    assert "web10" in file.read_text()
    assert list(folder.iterdir()) == [file]


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_discovery_wipes_nothing(
    root: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out"
    assert generate(root, "--output", str(file), form=form) == 0
    before = file.read_bytes()
    drop(root, *(f"web{number}" for number in range(10)))
    assert generate(root, "--output", str(file), "--max-shrink", "100%", form=form) == 3
    assert file.read_bytes() == before
    assert "has 10 containers and would have 0" in capsys.readouterr().err
    assert generate(root, "--output", str(file), "--force", form=form) == 0
    assert "web1" not in file.read_text()
    make(root, "new1")  # and what has none is still known as ours
    assert generate(root, "--output", str(file), form=form) == 0


@pytest.mark.parametrize(
    ("gone", "most", "status"),
    [(2, "20%", 0), (3, "20%", 3), (3, "30%", 0), (2, "1", 3), (2, "2", 0), (1, "0%", 3)],
)
def test_it_shrinks_so_far_and_no_farther(
    root: Path, tmp_path: Path, gone: int, most: str, status: int
) -> None:
    file = tmp_path / "out"
    assert generate(root, "--output", str(file)) == 0
    before = file.read_bytes()
    drop(root, *(f"web{number}" for number in range(gone)))
    assert generate(root, "--output", str(file), "--max-shrink", most) == status
    assert (file.read_bytes() == before) == (status == 3)


def test_somebody_elses_file_is_left_alone(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "hosts.cfg"
    file.write_text("define host {\n  host_name mine\n}\n")
    assert generate(root, "--output", str(file)) == 3
    assert "not written by" in capsys.readouterr().err
    assert "mine" in file.read_text()
    assert generate(root, "--output", str(file), "--force") == 0


def test_a_dry_run_shows_the_difference_and_writes_nothing(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out"
    assert generate(root, "--output", str(file), "--dry-run") == 0
    assert not file.exists()
    assert "+  host_name web1\n" in capsys.readouterr().out
    generate(root, "--output", str(file))
    before = marks(file)
    drop(root, "web1", "web2", "web3")
    assert generate(root, "--output", str(file), "--dry-run") == 3
    said = capsys.readouterr()
    assert "-  host_name web2\n" in said.out
    assert "+" not in said.out.replace("+++", "").replace(" +", "")
    assert "has 10 containers and would have 7" in said.err
    assert marks(file) == before


def test_owner_and_mode_stay_and_a_link_is_followed(root: Path, tmp_path: Path) -> None:
    file, link = tmp_path / "out", tmp_path / "link"
    generate(root, "--output", str(file))
    assert file.stat().st_mode & 0o777 == 0o644
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, 0, 12)
    before = file.stat()
    link.symlink_to(file)
    make(root, "web10")
    assert generate(root, "--output", str(link)) == 0
    after = file.stat()
    assert link.is_symlink()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


def test_what_cannot_be_written_leaves_the_old(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "out" / "file"
    file.parent.mkdir()
    generate(root, "--output", str(file))
    before = file.read_bytes()
    make(root, "web10")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert generate(root, "--output", str(file)) == 1
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_no_such_folder_is_one_line(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate(root, "--output", str(tmp_path / "no/file")) == 1
    error = capsys.readouterr().err
    assert error == (
        f"ct0 monitoring: {tmp_path}/no: no such folder: make it, or give another --output\n"
    )


def test_what_does_not_load_is_put_back(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "out"
    ask = ["--output", str(file), "--validate-command"]
    refuse = f"grep -q web10 {file} && echo 'Error: no web10 here' && exit 1; exit 0"
    assert generate(root, *ask, "echo Error: none; exit 1") == 4
    assert not file.exists()
    assert "taken away again: Error: none" in capsys.readouterr().err
    assert generate(root, *ask, refuse) == 0
    before = file.read_bytes()
    make(root, "web10")
    assert generate(root, *ask, refuse) == 4
    assert file.read_bytes() == before
    assert "put back as it was: Error: no web10 here" in capsys.readouterr().err


def test_which_containers(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generate(root, "--include", "web[1-3]", "--exclude", "web2", form="nrpe") == 0
    out = capsys.readouterr().out
    assert ("ct_state_web1]" in out, "ct_state_web2]" in out, "ct_state_web4]" in out) == (
        True,
        False,
        False,
    )
    assert generate(root, "--engine", "docker", form="nrpe") == 0
    assert "ct_state" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["--via", "agent"],
        ["--max-shrink", "lots"],
        ["--name", "a b"],
        ["--name", "a;b"],
        ["--plugins", "relative"],
        ["--plugins", "/x;reboot"],
        ["--address", "$(id)"],
        ["--name-format", "{ct0}"],
        ["--name-format", "{name};"],
        ["--include", "("],
        ["--ct-template", "x\ny"],
    ],
)
def test_wrong_words_are_usage(
    root: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = generate(root, *words)
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == 2
    assert capsys.readouterr().out == ""


def test_hostile_names_are_written_by_the_command(tmp_path: Path) -> None:
    """Through the real command: standard output takes what names hold."""
    hostile_names.plant(tmp_path)
    command = [sys.executable, "-m", "ct0.cli", "--root", str(tmp_path), "monitoring", "generate"]
    for form in FORMS:
        done = subprocess.run(
            [*command, f"--{form}"],
            capture_output=True,
            env={"PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b""), form
        assert b"\x1b" not in done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="root becomes somebody else")
@pytest.mark.may_skip
def test_who_cannot_see_every_container_writes_nothing(tmp_path: Path) -> None:
    program = "import os, sys; os.setuid(65534); sys.path[:] = sys.argv[1].split(':'); "
    program += "from ct0.cli.__main__ import main; "
    program += "sys.exit(main(['monitoring', 'generate', '--nagios']))"
    done = subprocess.run(
        [sys.executable, "-c", program, os.pathsep.join(sys.path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "not root" in done.stderr
