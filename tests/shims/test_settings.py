"""What a shim is told, and that nothing wrong ever widens its scope."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_shims.settings import Settings, caller_names, parse_configuration, read_settings


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CT0_SCOPE", "CT0_DRY_RUN", "CT0_PIDOF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CT0_ROOT", str(tmp_path))
    (tmp_path / "etc/ct0").mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    return tmp_path


def test_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CT0_SCOPE", "CT0_DRY_RUN", "CT0_PIDOF", "CT0_ROOT"):
        monkeypatch.delenv(name, raising=False)
    settings = read_settings()
    assert (settings.scope, settings.hostpid, settings.pidof) == ("host", False, "auto")
    assert settings.dry_run is False
    assert settings.host.live


def test_a_recorded_host_is_always_a_dry_run(root: Path) -> None:
    assert read_settings().dry_run is True


@pytest.mark.parametrize(("value", "dry"), [("1", True), ("yes", True), ("0", False), ("", False)])
def test_dry_run(monkeypatch: pytest.MonkeyPatch, value: str, dry: bool) -> None:
    monkeypatch.delenv("CT0_ROOT", raising=False)
    monkeypatch.setenv("CT0_DRY_RUN", value)
    assert read_settings().dry_run is dry


@pytest.mark.parametrize("scope", ["host", "sandbox", "all"])
def test_scope_of_the_environment_wins_over_the_file(
    root: Path, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    (root / "etc/ct0/shims.conf").write_text("scope all\n")
    monkeypatch.setenv("CT0_SCOPE", scope)
    assert read_settings().scope == scope


@pytest.mark.parametrize("value", ["everybody", "ALL", "all ", "*", "host,all"])
def test_a_scope_that_is_none_is_reported_and_stays_narrow(
    root: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CT0_SCOPE", value)
    settings = read_settings()
    assert settings.scope == "host"
    assert settings.complaints == [f"CT0_SCOPE={value}: not one of host, sandbox, all"]


@pytest.mark.parametrize("value", ["procps", "x", ""])
def test_pidof_rules_of_the_environment(
    root: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    (root / "etc/ct0/shims.conf").write_text("pidof sysv\n")
    monkeypatch.setenv("CT0_PIDOF", value)
    settings = read_settings()
    assert settings.pidof == ("procps" if value == "procps" else "sysv")
    wrong = [f"CT0_PIDOF={value}: not one of auto, sysv, procps"] if value == "x" else []
    assert settings.complaints == wrong


def test_the_file(root: Path) -> None:
    text = "# a comment\n\nscope sandbox # why\nhostpid yes\npidof procps\n"
    (root / "etc/ct0/shims.conf").write_text(text)
    settings = read_settings()
    assert (settings.scope, settings.hostpid, settings.pidof) == ("sandbox", True, "procps")
    assert settings.complaints == []


@pytest.mark.parametrize(
    "line",
    ["scope", "scope everybody", "scope all host", "hostpid maybe", "pidof gnu", "Scope all"],
)
def test_a_line_that_is_wrong_is_named(root: Path, line: str) -> None:
    (root / "etc/ct0/shims.conf").write_text(f"\n{line}\n")
    settings = read_settings()
    assert settings.scope == "host"
    assert settings.complaints == [f"/etc/ct0/shims.conf line 2: not understood: {line}"]


def test_a_folder_in_place_of_the_file(root: Path) -> None:
    (root / "etc/ct0/shims.conf").mkdir()
    (complaint,) = read_settings().complaints
    assert complaint.endswith("not read")


def test_a_pipe_in_place_of_the_file_holds_up_nobody(root: Path) -> None:
    os.mkfifo(root / "etc/ct0/shims.conf")
    (complaint,) = read_settings().complaints
    assert complaint.endswith("not a regular file: not read")


def test_a_file_that_is_too_large_widens_nothing(root: Path) -> None:
    (root / "etc/ct0/shims.conf").write_text("scope all\n" + "# why\n" * 20000 + "scope host\n")
    settings = read_settings()
    assert settings.scope == "host"
    (complaint,) = settings.complaints
    assert complaint.endswith("/etc/ct0/shims.conf: larger than 65536 bytes: not read")


def test_caller_gets_its_own_scope(root: Path) -> None:
    names = caller_names(read_settings().host)
    assert names == []  # a recorded host knows nothing of who calls now
    settings = Settings()
    (executable, *_) = reversed(caller_names(settings.host))
    parse_configuration(f"scope host\ncaller {executable} all\n", settings)
    assert settings.scope == "all"
    other = Settings()
    parse_configuration("caller /usr/sbin/somebody-else all\n", other)
    assert other.scope == "host"


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    settings = Settings()
    parse_configuration(text, settings)
    assert settings.scope == "host" or "scope" in text
