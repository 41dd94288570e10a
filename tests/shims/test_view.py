"""Who may be listed and signalled, in each scope; who was passed over, and how that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

import planted
from ct0.host import Host
from ct0_shims import report
from ct0_shims.settings import Settings
from ct0_shims.view import View, short

ID = "0123456789abcdef" * 4
OTHER_NS = "pid:[4026532500]"
# PID -> what it is
OWN, CT, HOSTPID, SANDBOX, UNKNOWN = 10, 20, 30, 40, 50


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    planted.process(tmp_path, 1, "init", cgroup="0::/init.scope\n", nspid="1")
    planted.process(tmp_path, OWN, nspid="10")
    planted.process(tmp_path, CT, cgroup="0::/lxc.payload.web1\n", nspid="20 7", namespace=OTHER_NS)
    planted.process(tmp_path, HOSTPID, cgroup=f"0::/docker/{ID}\n", nspid="30")
    planted.process(tmp_path, SANDBOX, nspid="40 1", namespace=OTHER_NS)
    planted.process(tmp_path, UNKNOWN, nspid=None, namespace=None)
    settings = Settings()
    settings.host = Host(str(tmp_path))
    settings.dry_run = True
    return settings


def allowed(settings: Settings, given: bool = False) -> set[int]:
    view = View(settings)
    found = set()
    for pid in (OWN, CT, HOSTPID, SANDBOX, UNKNOWN):
        process = view.open(pid)
        assert process is not None
        with process:
            if view.allows(process, given):
                found.add(pid)
    return found


def test_by_name_only_ct0_s_own(settings: Settings) -> None:
    assert allowed(settings) == {OWN}


def test_a_given_pid_may_be_a_sandboxs_and_never_a_containers(settings: Settings) -> None:
    assert allowed(settings, given=True) == {OWN, SANDBOX}


@pytest.mark.parametrize(
    ("scope", "who"),
    [
        ("host", {OWN}),
        ("sandbox", {OWN, SANDBOX}),
        ("all", {OWN, CT, HOSTPID, SANDBOX, UNKNOWN}),
    ],
)
def test_scope(settings: Settings, scope: str, who: set[int]) -> None:
    settings.scope = scope
    assert allowed(settings) == who


def test_hostpid_counts_containers_in_ct0_s_pid_namespace_as_own(settings: Settings) -> None:
    settings.hostpid = True
    assert allowed(settings) == {OWN, HOSTPID}


def test_whom_it_passed_over(settings: Settings) -> None:
    view = View(settings)
    for pid in (OWN, CT, CT, HOSTPID, SANDBOX, UNKNOWN):
        process = view.open(pid)
        assert process is not None
        with process:
            view.allows(process)
    assert view.skipped_text() == (
        "3 in containers: 0123456789ab (1), web1 (2); 1 in sandboxes; 1 of unknown owner"
    )


def test_nobody_passed_over_nothing_to_say(settings: Settings) -> None:
    assert View(settings).skipped_text() == ""


def test_a_hostile_ctid_in_the_log_is_plain() -> None:
    assert short("a b\n\x1b[31m|'\"$(reboot)") == "a?b???31m?????reboot?"
    assert len(short("x" * 500)) == 64


def test_complaints_are_told_once(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    settings.complaints = ["CT0_SCOPE=x: not one of host, sandbox, all"]
    View(settings)
    assert capfd.readouterr().err == "ct0: CT0_SCOPE=x: not one of host, sandbox, all\n"


class Skipper:
    """As much of a View as log_skipped looks at."""

    def __init__(self, text: str, host: Host) -> None:
        self.text = text
        self.host = host

    def skipped_text(self) -> str:
        return self.text


@pytest.fixture
def logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    monkeypatch.setattr(report, "log", lambda command, text: lines.append((command, text)))
    monkeypatch.setattr(report, "folder", lambda: str(tmp_path / "run/ct0"))
    return lines


def skip(text: str, command: str = "killall", host: Host | None = None) -> None:
    report.log_skipped(command, Skipper(text, host or Host()))  # type: ignore[arg-type]


def test_the_log_line_comes_once(logged: list[tuple[str, str]]) -> None:
    for _ in range(3):
        skip("3 in containers: 101 (2), web1 (1)")
    assert logged == [("killall", "skipped 3 in containers: 101 (2), web1 (1)")]


def test_another_command_has_its_own_line(logged: list[tuple[str, str]]) -> None:
    skip("1 in containers: 101 (1)")
    skip("1 in containers: 101 (1)", "pidof")
    assert [command for command, _ in logged] == ["killall", "pidof"]


@pytest.mark.parametrize(
    ("age", "text", "lines"),
    [(30, "other", 1), (61, "other", 2), (61, "same", 1), (3601, "same", 2)],
)
def test_the_pause_between_lines(
    logged: list[tuple[str, str]], tmp_path: Path, age: int, text: str, lines: int
) -> None:
    import os
    import time

    skip("same")
    then = time.time() - age
    os.utime(tmp_path / "run/ct0/skipped-killall", (then, then))
    skip(text)
    assert len(logged) == lines


def test_nothing_is_logged_about_a_recorded_host(
    logged: list[tuple[str, str]], tmp_path: Path
) -> None:
    skip("1 in containers: 101 (1)", host=Host(str(tmp_path)))
    assert logged == []


def test_a_link_in_place_of_the_stamp_is_not_followed(
    logged: list[tuple[str, str]], tmp_path: Path
) -> None:
    (tmp_path / "run/ct0").mkdir(parents=True)
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "run/ct0/skipped-killall").symlink_to(tmp_path / "victim")
    skip("1 in containers: 101 (1)")
    assert (tmp_path / "victim").read_text() == "precious"
