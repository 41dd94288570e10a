"""Whom `--validate` asks, and what is told of the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from ct0_checks.monitoring import validate
from ct0_checks.monitoring.validate import Verdict, known, worst

NAGIOS = """\
Reading configuration data...
Error: Template 'x' specified in host definition could not be found
   Error processing object config files!
***> One or more problems was encountered
"""
ICINGA = """\
[2026-11-25 13:23:49 +0000] information/cli: Loading configuration file(s).
[2026-11-25 13:23:49 +0000] critical/config: Error: Object 'web1' of type 'Host' re-defined
[2026-11-25 13:23:49 +0000] critical/config: 1 error
"""


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A nagios4 that is no more than its words; its configuration is there."""
    path = tmp_path / "bin/nagios4"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{NAGIOS}END\nexit 1\n")
    path.chmod(0o755)
    (tmp_path / "nagios.cfg").touch()
    monkeypatch.setattr(validate, "PATH", str(path.parent))
    checks = {
        "nagios": (
            ("nagios", "-v", str(tmp_path / "nagios.cfg")),
            ("nagios4", "-v", str(tmp_path / "other.cfg")),
            ("nagios4", "-v", str(tmp_path / "nagios.cfg")),
        ),
        "icinga2": (("icinga2", "daemon", "-C"),),
    }
    monkeypatch.setattr(validate, "CHECKS", checks)
    return path


def test_the_first_that_is_there_with_its_configuration_is_asked(program: Path) -> None:
    assert known("nagios") == [str(program), "-v", str(program.parents[1] / "nagios.cfg")]
    wrong = "Error: Template 'x' specified in host definition could not be found"
    assert validate.validate("nagios") == Verdict(False, wrong)


def test_where_none_is_nobody_is_asked(program: Path) -> None:
    assert validate.validate("icinga2") == Verdict(
        None, "nothing here to check it with (no icinga2)"
    )
    assert validate.validate("nrpe").loads is None


def test_a_command_of_ones_own(program: Path) -> None:
    assert validate.validate("nrpe", "echo fine").loads is True
    assert validate.validate("nrpe", "exit 7") == Verdict(False, "exit status 7")


def test_one_that_never_ends_is_not_waited_for(
    program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validate, "SECONDS", 0.2)
    assert validate.validate("nagios", "exec sleep 600") == Verdict(
        False, "exec sleep 600: no end after 0.2 s"
    )


def test_the_first_error_is_told() -> None:
    assert "Object 'web1' of type 'Host' re-defined" in worst(ICINGA)
    assert worst("a\nlast\n\n") == "last"
    assert worst("") == ""
