"""Where a plugin's figures come from; and that neither an old file nor another's is believed."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ct0.container import CT
from ct0.containers import boot_time
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.machine import Machine
from ct0.survey import LIMIT, Survey, Surveyed, dump
from ct0_checks.layer import source
from ct0_checks.layer.source import automatic, obtain, unseen


def survey(age: float = 0.0) -> Survey:
    machine = Machine("node1", 2, 0.0, 0.0)
    cts = [Surveyed(CT("lxc", "web1", "web|1\n", "running"))]
    return Survey(time.time() - age, "", "node1", machine, cts)


def options(**given: Any) -> argparse.Namespace:
    usual = {"root": "/", "source": "auto", "max_age": 180.0, "timeout": 10.0}
    return argparse.Namespace(**{**usual, **given})


@pytest.fixture
def state(tmp_path: Path) -> Path:
    path = tmp_path / "state.json"
    path.write_text(dump(survey()))
    path.chmod(0o640)
    return path


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who is not root, to whom the files of this test belong none the less."""
    if os.geteuid() == 0:
        monkeypatch.setattr(source, "automatic", lambda given: automatic(given, euid=12345))


def from_state(path: Path, **given: Any) -> Survey:
    return obtain(options(source="state", state_file=str(path), **given), ["memory"])


def refused(path: Path, **given: Any) -> str:
    with pytest.raises((Unavailable, Malformed)) as error:
        from_state(path, **given)
    return str(error.value).replace(str(path), "FILE")


def test_the_state_file(state: Path) -> None:
    assert from_state(state).cts == survey().cts


def test_one_grown_old_is_refused_and_the_timer_named(state: Path) -> None:
    state.write_text(dump(survey(200)))
    assert refused(state) == "FILE is 200 s old, more than 180 s: systemctl status ct0-state.timer"
    assert from_state(state, max_age=300.0).host == "node1"


def test_its_age_is_what_it_says_and_not_when_it_was_touched(state: Path) -> None:
    state.write_text(dump(survey(1000)))
    os.utime(state)
    assert "is 1000 s old" in refused(state)


def test_one_from_the_future_is_refused(state: Path) -> None:
    state.write_text(dump(survey(-3600)))
    assert refused(state) == "FILE is of 3600 s from now: was the clock set?"


def test_one_of_another_boot_is_refused(state: Path) -> None:
    """It was written a moment before the host went down, or is another host's."""
    state.write_text(dump(survey()._replace(boot_id="0c1f")))
    assert refused(state) == ("FILE is of another boot or host: systemctl status ct0-state.timer")
    mine = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    state.write_text(dump(survey()._replace(boot_id=mine)))
    assert from_state(state).boot_id == mine


def test_a_containers_own_boot_id_is_no_other_boot(state: Path) -> None:
    """Where CT0 is a container itself, its services may be shown another one than its users."""
    machine = survey().machine._replace(boot_time=boot_time(Host("/")))
    state.write_text(dump(survey()._replace(boot_id="0c1f", machine=machine)))
    assert from_state(state).boot_id == "0c1f"


def test_one_that_a_clock_set_back_makes_young_again_is_refused(state: Path) -> None:
    """It says that it is of now, and was written 500 s of uptime ago."""
    now, uptime = time.time(), time.clock_gettime(time.CLOCK_BOOTTIME)
    old = survey()
    machine = old.machine._replace(boot_time=now - uptime + 500)
    state.write_text(dump(old._replace(machine=machine)))
    assert " s old, more than 180 s: systemctl status ct0-state.timer" in refused(state)
    machine = old.machine._replace(boot_time=now - uptime)
    state.write_text(dump(old._replace(machine=machine)))
    assert from_state(state).host == "node1"


def test_who_is_not_root_is_told_that_he_may_not_see_all() -> None:
    assert unseen(0) == {}
    assert unseen(65534) == {"containers": "read as uid 65534, not root: there may be more"}


@pytest.mark.parametrize("text", ["", "{", "null", '{"version": 1, "survey": {}}', "\0" * 99])
def test_garbage(state: Path, text: str) -> None:
    state.write_text(text)
    assert refused(state).startswith("FILE: not a survey: ")


def test_truncated(state: Path) -> None:
    state.write_text(state.read_text()[:-9])
    assert refused(state).startswith("FILE: not a survey: ")


def test_none(tmp_path: Path) -> None:
    assert refused(tmp_path / "no") == "FILE is not there: systemctl enable --now ct0-state.timer"


def test_a_link_is_not_followed(state: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(state)
    assert refused(link) == (
        "FILE: Too many levels of symbolic links: remove it, ct0-state.timer makes it anew"
    )


def test_a_pipe_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o640)
    assert "is no regular file" in refused(tmp_path / "pipe")


def test_a_folder(tmp_path: Path) -> None:
    assert "is no regular file" in refused(tmp_path)


def test_writable_for_others(state: Path) -> None:
    state.chmod(0o660)
    assert "is writable for others (mode 0660)" in refused(state)


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away takes root")
@pytest.mark.may_skip
def test_another_users(state: Path) -> None:
    os.chown(state, 12345, 12345)
    assert "belongs to uid 12345, not to root" in refused(state)


def test_too_large(state: Path) -> None:
    os.truncate(state, LIMIT + 1)  # sparse: it is not read
    assert f"has more than {LIMIT} bytes" in refused(state)


def test_a_recorded_host_is_read_directly(host: Callable[[str], Path]) -> None:
    given = options(root=str(host("openvz6")), state_file="/nonexistent")
    found = obtain(given, ["tasks"])
    assert [each.ct.ctid for each in found.cts] == ["101", "102", "103", "104"]
    assert found.cts[0].tasks.current
    assert found.cts[0].memory.usage is None
    with pytest.raises(Unavailable, match="--source state is of this host, and --root is"):
        obtain(options(root="/srv", source="state", state_file="/nonexistent"), [])


def program(tmp_path: Path, text: str) -> tuple[str, str]:
    """A sudo that runs this text, and a reader's name."""
    path = tmp_path / "sudo"
    path.write_text(f"#!{sys.executable}\nimport os, sys, time\n{text}\n")
    path.chmod(0o755)
    return str(path), "/usr/lib/ct0/ct0-read"


def by_sudo(command: tuple[str, str], **given: Any) -> Survey:
    usual: dict[str, Any] = {"timeout": 60.0, "state_file": "/nonexistent", **given}
    return obtain(options(**usual), ["memory"], command)


def test_through_sudo_where_there_is_no_state_file(tmp_path: Path, state: Path, user: None) -> None:
    text = (
        'assert sys.argv[1:] == ["-n", "--", "/usr/lib/ct0/ct0-read"], sys.argv\n'
        'assert "PYTHONPATH" not in os.environ\n'
        f"print(open({str(state)!r}).read())"
    )
    assert by_sudo(program(tmp_path, text)).cts == survey().cts
    # And not where there is one, though it is old.
    state.write_text(dump(survey(200)))
    with pytest.raises(Unavailable, match="is 200 s old"):
        by_sudo(program(tmp_path, text), state_file=str(state))


def test_sudo_says_no(tmp_path: Path) -> None:
    text = 'sys.exit("warning\\nsudo: a password is \\033[31mrequired|")'
    with pytest.raises(Unavailable) as error:
        by_sudo(program(tmp_path, text), source="sudo")
    assert str(error.value).startswith(
        "sudo /usr/lib/ct0/ct0-read: sudo: a password is ?[31mrequired? "
        "(/nonexistent is not there: enable ct0-state.timer, or allow "
        "/usr/lib/ct0/ct0-read in sudoers)"
    )


def test_no_sudo_at_all(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"No such file or directory \(/nonexistent is not there"):
        by_sudo((f"{tmp_path}/absent", "/r"), source="sudo")


def test_sudo_that_hangs(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"no answer within 0\.4 s"):
        by_sudo(program(tmp_path, "time.sleep(3600)"), source="sudo", timeout=0.5)


def test_sudo_that_never_stops_talking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LIMIT", 1 << 20)
    with pytest.raises(Unavailable, match="no answer"):
        by_sudo(program(tmp_path, "while True: print('x' * 65536)"), source="sudo")


def test_what_comes_through_sudo_is_held_to_be_a_survey(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="sudo /usr/lib/ct0/ct0-read: not a survey"):
        by_sudo(program(tmp_path, "print('{}')"), source="sudo")


def test_a_reader_that_may_not_be_killed_is_left_to_its_own_alarm(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def kill(pid: int, number: int) -> None:
        really(pid, signal.SIGKILL)
        raise PermissionError

    really = os.kill
    monkeypatch.setattr(os, "kill", kill)
    with pytest.raises(Unavailable, match="no answer"):
        by_sudo(program(tmp_path, "time.sleep(3600)"), source="sudo", timeout=0.5)


def test_the_state_file_of_another_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder is closed to this user, whom sudo does not know either."""

    def closed(path: str) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "lstat", closed)
    with pytest.raises(Unavailable, match=r"no such rule .* may not be read by this user: enable"):
        by_sudo(program(tmp_path, "sys.exit('no such rule')"), source="sudo")


def test_a_proc_that_hides_processes_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """No container would be found there, which is OK."""
    monkeypatch.setattr(source, "hidden", lambda: True)
    with pytest.raises(Unavailable, match="hidepid"):
        obtain(options(source="direct", state_file="/nonexistent"), [])
