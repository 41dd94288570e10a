"""`ct0 verify` as its callers see it: a state, a reason, and no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ct0.cli.__main__ import main

OSTYPE = """\
version: 1
sysctls:
  - {id: is-linux, values: {kernel.ostype: Linux}}
  - {id: is-bsd, severity: warning, values: {kernel.ostype: BSD}}
  - {id: of-containers, for: {kind: ct}, values: {kernel.ostype: Linux}}
"""


@pytest.fixture
def site(tmp_path: Path) -> str:
    path = tmp_path / "site.yaml"
    path.write_text(OSTYPE)
    return str(path)


def verify(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit status and standard output; nothing is ever on the other."""
    try:
        status = main(["verify", *arguments])
    except SystemExit as error:
        status = int(error.code or 0)
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return status, said.out


def test_this_machine(capsys: pytest.CaptureFixture[str], site: str) -> None:
    assert verify(capsys, "local://", "-e", site, "--only=is-linux")[0] == 0
    status, text = verify(capsys, "local://", "-e", site, "--only=is-*")
    assert status == 1
    assert "kernel.ostype: is Linux, should be BSD" in text
    status, text = verify(capsys, "local://", "-e", site, "--only=is-*", "--nagios")
    assert status == 1
    assert text.startswith("CT0_VERIFY WARNING - 1 of 3 failed: ")


def test_reports_beside_the_text(
    capsys: pytest.CaptureFixture[str], site: str, tmp_path: Path
) -> None:
    names = ("junit", "jsonl", "prometheus", "html")
    paths = {name: tmp_path / f"report.{name}" for name in names}
    options = [f"--{name}={path}" for name, path in paths.items()]
    assert verify(capsys, "local://", "-e", site, "--only=is-*", *options)[0] == 1
    assert "<testsuite" in paths["junit"].read_text()
    assert "ct0_verify_" in paths["prometheus"].read_text()
    assert "<html" in paths["html"].read_text()
    lines = [json.loads(line) for line in paths["jsonl"].read_text().splitlines()]
    assert len(lines) == 4


def test_a_report_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], site: str, tmp_path: Path
) -> None:
    status, text = verify(capsys, "local://", f"--junit={tmp_path}/absent/x.xml")
    assert status == 3
    assert "there is no folder" in text


# Nothing ran: UNKNOWN, with the reason.
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "no nodes: give a URL or --inventory"),
        (["frob://x"], "frob://x: no scheme 'frob'"),
        (["ct://no-such-container*"], "no container matches no-such-container*"),
        (["ssh://127.0.0.1:9"], "Connection refused"),
        (["local://", "--only=nothing*", "-e", "SITE"], "no expectation matches"),
        (["local://", "-e", "/absent.yaml"], "/absent.yaml: No such file or directory"),
        (["local://", "-w", "/absent.yaml"], "/absent.yaml: No such file or directory"),
        (["-i", "/absent.yaml"], "/absent.yaml: No such file or directory"),
        (["--nope", "local://"], "unrecognized arguments: --nope"),
        (["local://", "--jobs=0"], "--jobs"),
        (["local://", "--suite=frob", "-e", "SITE"], "--suite frob"),
    ],
)
@pytest.mark.parametrize("nagios", [False, True])
def test_nothing_ran(
    capsys: pytest.CaptureFixture[str], site: str, arguments: list[str], why: str, nagios: bool
) -> None:
    words = [site if word == "SITE" else word for word in arguments]
    status, text = verify(capsys, *words, *["--nagios"] * nagios)
    assert (status, "UNKNOWN" in text, why in text) == (3, True, True), text


def test_expected_of_nobody(capsys: pytest.CaptureFixture[str], site: str) -> None:
    status, text = verify(capsys, "local://", "-e", site, "--only=of-containers")
    assert status == 3
    assert "sysctls[2]: nobody here is of its scope (for:)" in text


@pytest.mark.parametrize("module", ["yaml", "jsonschema"])
def test_a_package_that_is_not_there(module: str, tmp_path: Path) -> None:
    (tmp_path / f"{module}.py").write_text(f"raise ModuleNotFoundError(name={module!r})\n")
    status, text = outside(tmp_path)
    assert (status, text) == (
        3,
        f"CT0_VERIFY UNKNOWN - {module}: not installed: pip install 'ct0[suites]'\n",
    )


def test_a_package_that_is_broken(tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("raise ImportError('libyaml.so: wrong ELF class')\n")
    status, text = outside(tmp_path)
    assert status == 3
    assert text == "CT0_VERIFY UNKNOWN - cannot be loaded: libyaml.so: wrong ELF class\n"


def outside(first: Path) -> tuple[int, str]:
    """In a process whose modules are looked for in `first` first."""
    site = first / "site.yaml"
    site.write_text(OSTYPE)
    done = subprocess.run(
        [sys.executable, "-m", "ct0.cli", "verify", "local://", "-e", str(site)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(first), *sys.path])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_a_recorded_host_runs_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--root", str(tmp_path), "verify", "local://"]) == 3
    assert "a recorded host runs no commands" in capsys.readouterr().out


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    status, text = verify(capsys, "--schema")
    assert status == 0
    assert "sysctls" in json.loads(text)["properties"]


def test_files_are_checked_and_nobody_is_judged(
    capsys: pytest.CaptureFixture[str], site: str, tmp_path: Path
) -> None:
    waivers, nodes = tmp_path / "waivers.yaml", tmp_path / "nodes.yaml"
    waivers.write_text(WAIVERS)
    nodes.write_text("version: 1\nnodes: [root@node1.example]\n")
    assert verify(capsys, "check", site) == (0, "")
    assert verify(capsys, "check", site, f"--waivers={waivers}", "-i", str(nodes)) == (0, "")


WAIVERS = """\
version: 1
waivers: [{id: "is-*", owner: me, reason: why, expires: 2026-12-31}]
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "None is not of type 'object'"),
        ("version: 1\nsysctls: [\n", ":3:1: expected the node content"),
        ("version: 1\nsysctls:\n  - {id: a, valeus: {}}\n", ":3: sysctls[0]: "),
        ("version: 1\nnonesuch: []\n", "'nonesuch' was unexpected"),
    ],
)
def test_what_is_wrong_in_a_file_is_said_by_its_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    for option in ([str(path)], ["-w", str(path)]):
        status, said = verify(capsys, "check", *option)
        assert status == 3
        assert said.startswith(f"CT0_VERIFY UNKNOWN - {path}")
        assert said.count("\n") == 1
    assert told in verify(capsys, "check", str(path))[1]


def test_the_same_id_in_two_files_is_wrong(
    capsys: pytest.CaptureFixture[str], site: str, tmp_path: Path
) -> None:
    status, said = verify(capsys, "check", site, site)
    assert (status, "id is-linux is" in said) == (3, True)


def test_nothing_to_check_is_not_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(capsys, "check")[0] == 3
    assert "no such file" in verify(capsys, "check", "/nonexistent.yaml")[1].lower()
