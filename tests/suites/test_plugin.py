"""The same under pytest, with testinfra's hosts: `pytest --pyargs ct0_suites`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SITE = """\
version: 1
sysctls:
  - {id: is-linux, values: {kernel.ostype: Linux}}
  - {id: is-bsd, values: {kernel.ostype: BSD}}
  - {id: is-hurd, values: {kernel.ostype: GNU}}
  - {id: of-containers, for: {kind: ct}, values: {kernel.ostype: Linux}}
"""
WAIVERS = """\
version: 1
waivers:
  - {id: is-hurd, owner: rms, reason: soon, expires: 2999-12-31}
"""


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    (folder / "site.yaml").write_text(SITE)
    (folder / "waivers.yaml").write_text(WAIVERS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rA", "--pyargs", "ct0_suites"]
        + ["--ct0-expect=site.yaml", "--ct0-waivers=waivers.yaml", *arguments],
        cwd=folder,
        # CI forbids skips to our own tests; a user's run has them.
        env={name: value for name, value in os.environ.items() if name != "CT0_NO_SKIP"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("more", [[], ["-n2"]])
def test_each_expectation_is_a_test(tmp_path: Path, more: list[str]) -> None:
    status, text = run(tmp_path, "--hosts=local://", *more)
    assert status == 1, text
    assert "1 failed, 1 passed, 1 skipped, 1 xfailed" in text
    assert "PASSED test_expectations.py::test_expectation[is-linux-local]" in text
    assert "kernel.ostype: is Linux, should be BSD" in text
    assert "until 2999-12-31, rms: soon" in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("arguments", "status", "why"),
    [
        (["--hosts=frob://x"], 2, "Unknown connection type 'frob'"),
        (["--hosts=ct://no-such*"], 2, "no container matches no-such*"),
        (["--hosts=ssh://127.0.0.1:9"], 1, "Connection refused"),
        (["--hosts=local://", "-k", "nothing"], 5, "4 deselected"),
        (["--hosts=local://", "-k", "of-containers"], 3, "ct0: UNKNOWN: nothing was judged"),
        (["--hosts=local://", "--ct0-expect=/absent"], 2, "/absent: No such file or directory"),
    ],
)
def test_nothing_ran_is_no_success(
    tmp_path: Path, arguments: list[str], status: int, why: str
) -> None:
    found, text = run(tmp_path, *arguments)
    assert found == status, text
    assert why in text


def test_without_testinfra_it_is_silent(tmp_path: Path) -> None:
    """ct0 alone, without its extra, is in an environment whose pytest has other work."""
    (tmp_path / "testinfra").mkdir()
    (tmp_path / "testinfra/__init__.py").write_text("raise ModuleNotFoundError(name='testinfra')")
    (tmp_path / "test_theirs.py").write_text("def test_it():\n    pass\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:pytest11.testinfra",
        ]
        + ["test_theirs.py"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "1 passed" in done.stdout


OWN = """import os

def test_what_is_read(host, ct0_target, ct0_processes, ct0_service, ct0_mounts, ct0_sysctls):
    assert ct0_target.run("echo x").text == "x\\n"
    assert os.getpid() in [each.pid for each in ct0_processes]
    assert not ct0_service("ct0-no-such-service").exists
    assert "/proc" in [each.point for each in ct0_mounts]
    assert ct0_sysctls(["kernel.ostype"]) == {"kernel.ostype": "Linux"}

def test_standard_input(ct0_target):
    given = bytes(range(256)) * 3
    assert ct0_target.run("cat", given).stdout == given
"""


@pytest.mark.parametrize("host", ["local://", "ct://0"])
def test_fixtures_for_tests_of_ones_own(tmp_path: Path, host: str) -> None:
    (tmp_path / "test_own.py").write_text(OWN)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--hosts={host}"]
        + ["test_own.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout
