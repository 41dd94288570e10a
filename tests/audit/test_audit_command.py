"""`ct0 audit` and `check_ct0_audit` as people and schedulers call them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from audit.audited import Made
from ct0_audit.rules import RULES

PARTS = Path(__file__).parent.parent.parent
HOME = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{PARTS}/core:{PARTS}/audit", "LANG": "C.UTF-8"}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path / "host")
    made.write("/etc/init.d/a", "#!/bin/sh\nkillall a\n")
    return made


def run(made: Made, *words: str, module: str = "ct0.cli") -> subprocess.CompletedProcess[str]:
    cache = str(made.root.parent / "cache")
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        env={**HOME, "HOME": cache, "XDG_CACHE_HOME": cache},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def audit(made: Made, *words: str) -> subprocess.CompletedProcess[str]:
    return run(made, "--root", str(made.root), "audit", "--no-cache", *words)


def test_findings_are_shown_and_are_a_failure(made: Made) -> None:
    shown = audit(made)
    assert (shown.returncode, shown.stderr) == (1, "")
    assert "      2:1  CT001  signals every process named a\n" in shown.stdout
    assert "\x1b" not in shown.stdout


def test_exit_status_by_what_one_asks_to_fail_on(made: Made) -> None:
    made.write("/etc/init.d/a", "#!/bin/sh\npidof a && b\n")
    assert audit(made).returncode == 0
    assert audit(made, "--fail-on", "miscount").returncode == 1
    assert audit(made, "--fail-on", "never").returncode == 0


def test_what_could_not_be_read_is_no_success(made: Made) -> None:
    made.write("/etc/init.d/a", b"#!/bin/sh\n\0")
    assert audit(made).returncode == 3
    made.write("/etc/init.d/a", "#!/usr/bin/perl\n")
    assert audit(made).returncode == 0


def test_formats(made: Made) -> None:
    assert json.loads(audit(made, "--format", "json").stdout)["findings"][0]["rule"] == "CT001"
    assert json.loads(audit(made, "--format", "sarif").stdout)["version"] == "2.1.0"
    assert "\x1b[1;31m" in audit(made, "--color", "always").stdout


def test_only_one_kind(made: Made) -> None:
    assert "0 findings" in audit(made, "--only", "cron").stdout
    assert "1 finding:" in audit(made, "--only", "cron", "--only", "init").stdout


def test_waivers_of_the_host_and_of_a_file(made: Made) -> None:
    made.write("/etc/ct0/audit-waivers", "CT001 /etc/init.d/a 2999-12-31 it is ours\n")
    assert audit(made).returncode == 0
    made.write("/other", "CT001 /etc/init.d/a 2000-12-31 it was ours\n")
    shown = audit(made, "--waivers", "/other")
    assert shown.returncode == 1
    assert "/other:1: over since 2000-12-31" in shown.stdout


def test_explain(made: Made) -> None:
    assert audit(made, "--explain", "ct002").stdout.startswith("CT002 start-stop-daemon-")
    assert audit(made, "--explain", "all").stdout.count("\n") == len(RULES)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--explain", "CT999"], 2, "ct0 audit: CT999: no such rule"),
        (["--only", "x"], 2, "ct0 audit: --only x: not one of shutdown init "),
        (["--root", "/nowhere/at/all"], 2, "ct0 audit: --root /nowhere/at/all: not a folder"),
        (["frob"], 2, "invalid choice: 'frob'"),
        (["--waivers", "/etc"], 1, "ct0 audit: /etc: not a regular file"),
    ],
)
def test_wrong_words(made: Made, words: list[str], status: int, said: str) -> None:
    shown = audit(made, *words)
    assert (shown.returncode, shown.stdout) == (status, "")
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr


def test_fix_shows_a_diff_and_changes_nothing(made: Made) -> None:
    before = (made.root / "etc/init.d/a").read_text()
    shown = audit(made, "fix")
    assert shown.returncode == 0
    assert "--- a/etc/init.d/a\n+++ b/etc/init.d/a\n" in shown.stdout
    assert "+killall -n $$ a\n" in shown.stdout
    assert shown.stderr == "ct0 audit fix: 1 file in the diff, 0 findings left\n"
    assert (made.root / "etc/init.d/a").read_text() == before


def test_fix_applied(made: Made) -> None:
    shown = audit(made, "fix", "--apply")
    assert shown.returncode == 0
    assert (made.root / "etc/init.d/a").read_text() == "#!/bin/sh\nkillall -n $$ a\n"
    (backup,) = (made.root / "var/backups/ct0-audit").glob("*/etc/init.d/a")
    assert backup.read_text() == "#!/bin/sh\nkillall a\n"
    assert audit(made).returncode == 0


def test_the_cache_is_used_from_run_to_run(made: Made) -> None:
    words = ("--root", str(made.root), "audit", "--format", "json")
    first = run(made, *words)
    assert run(made, *words).stdout == first.stdout


def test_the_cache_s_place_can_be_chosen(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HOME, "CT0_AUDIT_CACHE", str(made.root.parent / "chosen"))
    run(made, "--root", str(made.root), "audit")
    assert [path.suffix for path in (made.root.parent / "chosen").iterdir()] == [".json"]


def test_without_the_parser_it_says_what_to_install(made: Made) -> None:
    (made.root.parent / "broken").mkdir()
    (made.root.parent / "broken/tree_sitter.py").write_text(
        "raise ImportError(name='tree_sitter')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "ct0.cli", "--root", str(made.root), "audit", "--no-cache"],
        env={**HOME, "PYTHONPATH": f"{made.root.parent}/broken:{HOME['PYTHONPATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr
        == "ct0 audit: tree_sitter: not installed: install ct0-audit, or pip install 'ct0[audit]'\n"
    )


def test_progress_on_a_terminal_is_wiped(made: Made) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", 0) as terminal:
        done = subprocess.run(
            [sys.executable, "-m", "ct0.cli", "--root", str(made.root), "audit", "--no-cache"],
            env=HOME,
            stdout=subprocess.PIPE,
            stderr=theirs,
            timeout=120,
            check=False,
        )
        os.close(theirs)
        said = terminal.read(4096)
    assert done.returncode == 1
    assert said.startswith(b"\r\x1b[K")
    assert b" files, " in said
    assert said.endswith(b"\r\x1b[K")


def test_the_plugin(made: Made) -> None:
    shown = run(made, "--root", str(made.root), module="ct0_audit.nagios")
    assert shown.returncode == 2
    assert shown.stdout.startswith(
        "AUDIT CRITICAL - 1 kill, 0 block, 0 miscount: CT001 /etc/init.d/a:2:1 | kill=1;;;0 "
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--frob"], "AUDIT UNKNOWN - unrecognized arguments: --frob (try --help)\n"),
        (["--root", "/nowhere/x"], "AUDIT UNKNOWN - --root /nowhere/x: not a folder\n"),
        (["--waivers", "/etc/init.d"], "AUDIT UNKNOWN - /etc/init.d: not a regular file\n"),
        (["-t", "0"], "AUDIT UNKNOWN - argument -t/--timeout: invalid"),
    ],
)
def test_the_plugin_s_troubles_are_one_line(made: Made, words: list[str], said: str) -> None:
    shown = run(made, "--root", str(made.root), *words, module="ct0_audit.nagios")
    assert (shown.returncode, shown.stderr) == (3, "")
    assert shown.stdout.startswith(said)
    assert shown.stdout.count("\n") == 1
