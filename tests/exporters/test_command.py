"""ct0-exporter as it is called: options, `once`, `textfile`."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from ct0.container import CT
from ct0_exporters.__main__ import TABLE, main, parser
from ct0_exporters.collectors import COLLECTORS
from ct0_exporters.options import Options, options
from exposition import faults, samples, value, values

DEFAULT = [name for name, each in COLLECTORS.items() if each.default]


def chosen(*words: str) -> Options:
    return options(parser().parse_args(list(words)), TABLE)


@pytest.mark.parametrize(
    ("words", "collectors"),
    [
        ([], DEFAULT),
        (["--collector.top"], [*DEFAULT, "top"]),
        (["--no-collector.cpu"], [name for name in DEFAULT if name != "cpu"]),
        (["--collector.disable-defaults"], []),
        (
            ["--collector.disable-defaults", "--collector.memory", "--collector.cpu"],
            ["cpu", "memory"],
        ),
        (["--no-collector.cpu", "--collector.cpu"], DEFAULT),
        (["--collector.disable-defaults", "--no-collector.cpu"], []),
    ],
)
def test_which_collectors(words: list[str], collectors: list[str]) -> None:
    assert list(chosen(*words).collectors) == collectors


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], {"101", "102"}),
        (["--ct.include=101"], {"101"}),
        (["--ct.include=web.*"], {"101"}),
        (["--ct.include=1"], set()),
        (["--ct.exclude=web1|x"], {"102"}),
        (["--ct.exclude=.*"], set()),
    ],
)
def test_which_cts(words: list[str], wanted: set[str]) -> None:
    cts = [CT("openvz", "101", "web1"), CT("openvz", "102", "db1")]
    assert {ct.ctid for ct in cts if chosen(*words).wants(ct)} == wanted


@pytest.mark.parametrize(
    "words",
    [
        ["--ct.include=("],
        ["--ct.include=a", "--ct.exclude=b"],
        ["--collector.nosuch"],
        ["--collector.timeout=0"],
        ["--collector.timeout=soon"],
        ["--collector.top.processes=0"],
        ["nosuch"],
        ["once", "twice"],
        ["textfile"],
        ["textfile", "a", "b"],
        ["check-web-config"],
        ["--path.rootfs=/nosuch", "once"],
        ["--path.rootfs=", "once"],
        ["--labels.name=never"],
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert "ct0-exporter: error: " in capsys.readouterr().err


@pytest.fixture
def once(
    host: Callable[[str], Path], capfdbinary: pytest.CaptureFixture[bytes]
) -> Callable[..., str]:
    def run(*words: str) -> str:
        assert main(["--path.rootfs", str(host("openvz6")), *words, "once"]) == 0
        return capfdbinary.readouterr().out.decode()

    return run


def test_once_writes_one_scrape(once: Callable[..., str]) -> None:
    text = once()
    assert faults(text) == []
    assert value(text, "ct_scrape_containers", engine="openvz") == 4
    # A counter that starts with each process would be 0 for ever.
    assert values(text, "ct_cpu_usage_seconds_total", engine="host") == []


def test_once_as_openmetrics(once: Callable[..., str]) -> None:
    assert once("--format=openmetrics").endswith("# EOF\n")


def test_only_some_cts(once: Callable[..., str]) -> None:
    text = once("--ct.include", "web1", "--no-collector.host", "--no-collector.beancounters")
    ctids = {label[1] for _, labels in samples(text) for label in labels if label[0] == "ctid"}
    assert ctids == {"101"}


def test_names_on_info_alone(once: Callable[..., str]) -> None:
    text = once("--labels.name=info")
    named = {name for name, labels in samples(text) if "name" in dict(labels)}
    assert named == {"ct_info"}
    assert value(text, "ct_info", ctid="101", name="web1") == 1


def test_only_some_beancounters(once: Callable[..., str]) -> None:
    text = once("--collector.beancounters.resources=num(proc|file)")
    found = {dict(labels)["resource"] for name, labels in samples(text) if "beancounter" in name}
    assert found == {"numproc", "numfile"}


def test_textfile_replaces_the_file_at_once(host: Callable[[str], Path], tmp_path: Path) -> None:
    path = tmp_path / "ct.prom"
    path.write_text("old")
    before = path.stat().st_ino
    os.umask(umask := os.umask(0o077))
    assert main(["--path.rootfs", str(host("openvz6")), "textfile", str(path)]) == 0
    os.umask(umask)
    assert faults(path.read_text()) == []
    assert path.stat().st_ino != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert os.listdir(tmp_path) == ["ct.prom"]


def test_a_textfile_that_cannot_be_written_is_one_line(
    host: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nosuch/ct.prom"
    assert main(["--path.rootfs", str(host("openvz6")), "textfile", str(path)]) == 1
    error = capsys.readouterr().err
    assert error == f"ct0-exporter: {path}: No such file or directory\n"


def test_a_textfile_that_cannot_be_replaced_is_one_line(
    host: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ct.prom"
    path.mkdir()
    assert main(["--path.rootfs", str(host("openvz6")), "textfile", str(path)]) == 1
    assert capsys.readouterr().err == f"ct0-exporter: {path}: Is a directory\n"
    assert os.listdir(tmp_path) == ["ct.prom"]


@pytest.mark.parametrize("command", [["once"], ["textfile", "ct.prom"]], ids=" ".join)
def test_a_host_whose_containers_cannot_be_listed_is_a_failure(
    command: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What there is is written all the same: it says which collectors failed."""
    monkeypatch.chdir(tmp_path)
    assert main([f"--path.rootfs={tmp_path}", *command]) == 1
    text = capfd.readouterr().out if command == ["once"] else Path("ct.prom").read_text()
    assert value(text, "ct_scrape_collector_success", collector="containers") == 0


def test_a_reader_that_had_enough_is_no_error(host: Callable[[str], Path]) -> None:
    command = f"{sys.executable} -m ct0_exporters --path.rootfs {host('openvz6')} once | head -1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.startswith("# HELP ")
    assert done.stderr == ""


def test_once_needs_no_server() -> None:
    program = """
import sys
from ct0_exporters.__main__ import main
main(["--path.rootfs=/usr", "once"])
sys.exit(sorted({"aiohttp", "asyncio", "psutil", "yaml", "bcrypt"} & set(sys.modules)) or 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
