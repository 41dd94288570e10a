"""Whatever goes wrong with a plugin is one line, and never a wrong state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ct0_checks import launch as module
from ct0_checks.launch import PLUGINS, launch
from generated import generate, write
from plugin_runs import LIBRARIES, OLD, ROOT, Ended, library, plugin

OURS = [command for command in PLUGINS if command.startswith("check_ct")]


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = generate(tmp_path_factory.mktemp("host"), 2, 3)
    write(root, "/proc/uptime", "5000.00 9000.00\n")
    return root


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gives no -t has the time that a busy machine takes."""
    monkeypatch.setattr("ct0_checks.layer.deadline.SECONDS", 120.0)


@pytest.mark.parametrize("version", LIBRARIES)
@pytest.mark.parametrize(
    ("command", "arguments", "status", "first"),
    [
        ("check_ct_pressure", ["--no-perfdata"], 0, "CT_PRESSURE OK - 3 containers"),
        (
            "check_ct_pressure",
            ["--ct=ct1", "--resource=io", "-w0", "-c~:"],
            1,
            "CT_PRESSURE WARNING - ct1 (lxc ct1): io full avg300 0.01% (outside 0:0) | "
            "containers=1;;;0 problems=1;;;0 'ct1::io_some_avg10'=0%;10;20;0;100 "
            "'ct1::io_some_avg60'=0.12%;7;15;0;100 'ct1::io_some_avg300'=0.05%;5;10;0;100 "
            "'ct1::io_full_avg10'=0%;0;;0;100 'ct1::io_full_avg60'=0%;0;;0;100 "
            "'ct1::io_full_avg300'=0.01%;0;;0;100",
        ),
        (
            "check_ct_resources",
            ["--ct=ct1", "--resource=memory", "-w@10:20%"],
            1,
            "CT_RESOURCES WARNING - ct1 (lxc ct1): memory 15.3% of 461M (inside 10:20) | "
            "containers=1;;;0 problems=1;;;0 "
            "'ct1::memory'=73811192B;@48318382:96636764;434865438;0;483183820 "
            "'ct1::oom_kills'=2c;;;0 'ct1::failures_delta'=0;0;10;0 "
            "'ct1::memory_limit_hits'=14c;;;0",
        ),
        (
            "check_ct_state",
            ["-w4:", "--autostart=running=ok", "--include=ct."],
            1,
            "CT_STATE WARNING - 3 running, 0 stopped (outside 4:) | running=3;4:;;0 stopped=0;;;0 "
            "other=0;;;0 autostart_missing=0;;;0 'ct1::uptime'=4989s;;;0 'ct1::restarts'=0;2;5;0 "
            "'ct2::uptime'=4989s;;;0 'ct2::restarts'=0;2;5;0 'ct3::uptime'=4989s;;;0 "
            "'ct3::restarts'=0;2;5;0",
        ),
    ],
)
def test_both_versions_of_the_library(
    command: str,
    arguments: list[str],
    status: int,
    first: str,
    version: str,
    host: Path,
    tmp_path: Path,
) -> None:
    ended = plugin(
        command,
        f"--root={host}",
        f"--state-dir={tmp_path}/kept",
        "-t120",
        *arguments,
        version=version,
    )
    assert ended == Ended(status, first + "\n", "")


def test_the_old_version_is_the_old_version() -> None:
    code = "import nagiosplugin; print(nagiosplugin.__file__, nagiosplugin.__version__)"
    folder = str(library(OLD))
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": folder},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.startswith(folder)
    assert found.stdout.split()[-1] == OLD


@pytest.mark.parametrize("command", OURS)
def test_without_nagiosplugin(command: str, host: Path) -> None:
    """-S: no site-packages, as on a host where nobody installed it."""
    code = (
        f"import sys; sys.path[:0] = {[str(ROOT / 'core'), str(ROOT / 'checks')]!r}\n"
        f"from ct0_checks.launch import launch\nsys.exit(launch({command!r}, sys.argv[1:]))"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, f"--root={host}", "-t120"],
        capture_output=True,
        text=True,
        check=False,
    )
    name = command.replace("check_", "").upper()
    assert run.stdout == (
        f"{name} UNKNOWN - nagiosplugin is not installed: apt-get install python3-nagiosplugin, "
        "or pip install 'ct0[checks]'\n"
    )
    assert (run.returncode, run.stderr) == (3, "")


WRONG = [
    (["--no-such"], "unrecognized arguments: --no-such"),
    (["--missing", "never"], "argument --missing: invalid choice: 'never'"),
    (["--root", "/no/where"], "argument --root: '/no/where' is no directory"),
    (["--include", "("], "is no regular expression"),
    (["--ignore-younger", "nan"], "are no seconds"),
    (["--max-listed", "-1"], "is no count"),
    (["-t"], "argument -t/--timeout: expected one argument"),
    (["--time", "3"], "unrecognized arguments: --time 3"),  # nothing is shortened
    (["stray\n|word"], "unrecognized arguments: stray??word"),
]


@pytest.mark.parametrize(
    ("command", "arguments", "why"),
    [("check_ct_state", *each) for each in WRONG] + [(each, *WRONG[-1]) for each in OURS],
)
def test_wrong_usage_is_unknown_on_standard_output(
    command: str, arguments: list[str], why: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """argparse alone exits 2, which is CRITICAL, and writes to standard error."""
    assert launch(command, arguments) == 3
    out, err = capfd.readouterr()
    assert out.startswith("UNKNOWN: ")
    assert why in out
    assert (out.count("\n"), err) == (1, "")


@pytest.mark.parametrize("command", OURS)
def test_help_and_version_are_unknown_to_a_scheduler(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert launch(command, ["--help"]) == 3
    out, err = capfd.readouterr()
    assert out.startswith(f"usage: {command} ")
    assert "--timeout-state" in out
    assert launch(command, ["-V"]) == 3
    assert capfd.readouterr().out.startswith(f"{command} (ct0) ")
    assert err == ""


FORMS = [
    ("nagios", 3, "CT_STATE UNKNOWN - no result within 0.5 s\n"),
    ("checkmk", 0, '<<<local:sep(0)>>>\n3 "CT state" - no result within 0.5 s\n'),
    ("nsca", 0, "ct0-x\tCT state\t3\tno result within 0.5 s\n"),
]


@pytest.fixture
def hung(tmp_path: Path) -> Path:
    """A host one of whose files never answers: opening a pipe waits for the other end."""
    root = generate(tmp_path / "host", 2, 2)
    (root / "proc/loadavg").unlink()
    os.mkfifo(root / "proc/loadavg")
    return root


@pytest.mark.parametrize(("form", "status", "text"), FORMS)
def test_a_file_that_never_answers(
    form: str, status: int, text: str, hung: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [f"--root={hung}", "-t0.5", f"--format={form}", "--nsca-host=ct0-x"]
    assert launch("check_ct_state", arguments) == status
    assert capfd.readouterr() == (text, "")


def test_a_file_that_never_answers_in_json_and_as_critical(
    hung: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = [f"--root={hung}", "--timeout=0.5", "--format=json", "--timeout-state", "critical"]
    assert launch("check_ct_state", arguments) == 2
    assert json.loads(capfd.readouterr().out) == {
        "version": 1,
        "check": "ct_state",
        "state": "CRITICAL",
        "status": 2,
        "text": "no result within 0.5 s",
    }


def pretend(monkeypatch: pytest.MonkeyPatch, main: object) -> None:
    monkeypatch.setattr(module, "import_module", lambda name: SimpleNamespace(main=main))


def test_a_bug_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def main(arguments: list[str]) -> int:
        raise KeyError("web|1\n")

    pretend(monkeypatch, main)
    assert launch("check_ct_state", []) == 3
    line = "CT_STATE UNKNOWN - KeyError: 'web?1?n' (a bug: -vvv tells where)\n"
    assert capfd.readouterr().out == line
    assert launch("check_ct_state", ["-vvv"]) == 3
    out = capfd.readouterr().out
    assert out.startswith(line)
    assert "Traceback" in out
    assert "|" not in out


def test_a_plugin_that_says_nothing_is_not_ok(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, lambda arguments: 0)
    assert launch("check_ct_state", []) == 3
    assert capfd.readouterr().out == "CT_STATE UNKNOWN - it said nothing\n"


def test_a_plugin_that_is_killed_is_unknown_whatever_a_timeout_is(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    pretend(monkeypatch, lambda arguments: os.kill(os.getpid(), 9))
    assert launch("check_ct_state", ["--timeout-state=ok"]) == 3
    assert capfd.readouterr().out == "CT_STATE UNKNOWN - killed by SIGKILL\n"


def test_nobody_to_read_the_output(host: Path) -> None:
    paths = os.pathsep.join([str(ROOT / "core"), str(ROOT / "checks")])
    with open("/dev/full", "w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "ct0_checks", "check_ct_pressure", f"--root={host}"],
            env={**os.environ, "PYTHONPATH": paths},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (run.returncode, run.stderr) == (3, b"")


def test_a_host_that_cannot_be_read(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "proc").mkdir()
    assert launch("check_ct_state", [f"--root={tmp_path}"]) == 3
    out, err = capfd.readouterr()
    assert out.startswith("CT_STATE UNKNOWN - ")
    assert str(tmp_path) in out
    assert (out.count("\n"), err) == (1, "")


def test_names_beyond_ascii_in_any_locale(tmp_path: Path) -> None:
    root = generate(tmp_path, 2, 1)
    write(root, "/var/lib/lxc/größe/config", "lxc.uts.name = x\nlxc.start.auto = 1\n")
    for locale in ("C", "POSIX", "C.UTF-8"):
        ended = plugin(
            "check_ct_state",
            f"--root={root}",
            "--ct=größe",
            "--no-perfdata",
            "-t120",
            f"--state-dir={tmp_path}/kept",
            env={"LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        )
        assert ended.status == 2, ended
        assert "stopped, and should start at boot" in ended.output


@pytest.mark.parametrize(
    ("form", "status"), [("nagios", 1), ("json", 1), ("checkmk", 0), ("nsca", 0)]
)
def test_the_exit_status_of_a_warning_in_each_format(
    form: str, status: int, host: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads the state in the text takes a status for a failure of the plugin."""
    arguments = [f"--root={host}", f"--state-dir={tmp_path}/kept", f"--format={form}"]
    assert launch("check_ct_state", arguments) == status
    assert "CT_STATE WARNING - " in capfd.readouterr().out
