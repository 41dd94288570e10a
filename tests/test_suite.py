"""The suite's driver, on a suite of a few tests that has our conftest.py."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from matrix import AT_ONCE_IS_SAFE, VERSIONS, ends, missing
from suite import LANES, LAST, lane_of, worded

HERE = Path(__file__).parent
DRIVER = ("conftest.py", "matrix.py", "planted.py", "suite.py")
PROJECT = """\
[tool.pytest.ini_options]
addopts = ["-ra", "--import-mode=importlib", "--strict-markers"]
pythonpath = ["tests"]
testpaths = ["tests"]
markers = ["lab", "machine", "quiet", "may_skip"]
"""
# Without the other Pythons.
START = "import sys; sys.path[:0] = ['tests']; import matrix, suite; matrix.others = dict; "
START += "sys.exit(suite.main(sys.argv[1:]))"
CLOSING = re.compile(r"=+ (.*) in [\d.]+s \(\d:\d\d:\d\d\) =+")


class Small:
    """A suite of these tests: path -> content."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        self.folder = folder
        (folder / "tests").mkdir()
        for name in DRIVER:
            shutil.copy2(HERE / name, folder / "tests" / name)
        (folder / "pyproject.toml").write_text(PROJECT)
        for name, content in files.items():
            path = folder / "tests" / name
            path.parent.mkdir(exist_ok=True)
            path.write_text("import os, subprocess, time, pytest\n" + content)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", START, "-p", "no:ct0", *arguments],
            cwd=self.folder,
            env={**os.environ, "CT0_NO_SKIP": "0"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, list[str], str]:
        """(exit status, lines, what the closing line says) of a whole run."""
        process = self.start(*arguments)
        text, _ = process.communicate(timeout=300)
        lines = text.splitlines()
        closing = CLOSING.fullmatch(lines[-1])
        assert closing, text
        return process.returncode, lines, closing[1]


HERE_IS = f"os.readlink('/proc/self/ns/pid') == {os.readlink('/proc/self/ns/pid')!r}"
ALL_KINDS = {
    "shims/test_a.py": f"""\
def test_a(): assert ({HERE_IS}) is {not AT_ONCE_IS_SAFE}
def test_skips(): pytest.skip("not here")
""",
    "core/test_b.py": f"""\
@pytest.mark.parametrize("n", range(3))
def test_b(n):
    assert ({HERE_IS}) is {not AT_ONCE_IS_SAFE}
    time.sleep(0.5)
    open("ended", "w").close()
@pytest.mark.xfail
def test_x(): assert False
""",
    "lab/test_c.py": """\
@pytest.mark.lab
def test_whoever_is_left_behind_is_not_waited_for():
    left = subprocess.Popen(["sleep", "600"], stdout=os.dup(1), start_new_session=True)
    open("left", "w").write(str(left.pid))
""",
    "lab/test_rpms.py": f"@pytest.mark.lab\ndef test_r(): assert {HERE_IS}\n",
    "lab/test_vm.py": f"@pytest.mark.lab\ndef test_v(): assert {HERE_IS}\n",
    "shims/test_d.py": f"@pytest.mark.machine\ndef test_d(): assert {HERE_IS}\n",
    "test_e.py": f"""\
@pytest.mark.quiet
def test_when_all_others_have_ended():
    assert {HERE_IS}
    assert os.path.exists("ended")
""",
}
FAILS = "def test_fails(): assert 'this' == 'that'\n"


def test_lanes_run_each_test_once_and_are_summed(tmp_path: Path) -> None:
    try:
        status, lines, closing = Small(tmp_path, ALL_KINDS).run("-v", "-s")
    finally:
        os.kill(int((tmp_path / "left").read_text()), signal.SIGKILL)
    assert (status, closing) == (0, "9 passed, 1 skipped, 1 xfailed"), lines
    ran = re.findall(r"\| (tests/\S+::\S+) [A-Z]", "\n".join(lines))
    whole = [sys.executable, "-m", "pytest", "-p", "no:ct0", "--collect-only", "-q"]
    said = subprocess.run(whole, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert sorted(ran) == sorted(re.findall(r"^tests/\S+::\S+", said, re.MULTILINE))
    assert {line.split()[0] for line in lines if "| tests/" in line} == {*LANES, LAST}


def test_failures_of_every_lane_are_shown_in_one_piece_and_named_at_the_end(tmp_path: Path) -> None:
    bad = {"shims/test_y.py": FAILS, "core/test_z.py": FAILS}
    status, lines, closing = Small(tmp_path, bad).run()
    assert (status, closing) == (1, "2 failed")
    for name in bad:
        shown = lines.index(f"tests/{name}:2: AssertionError")
        assert "short test summary info" in lines[shown + 1]
        assert f">   {FAILS.rstrip()}" in lines[shown - 8 : shown]
    assert {line.split()[1] for line in lines[-3:-1]} == {f"tests/{n}::test_fails" for n in bad}


def test_arguments_are_pytests(tmp_path: Path) -> None:
    small = Small(tmp_path, {"core/test_y.py": FAILS, "test_z.py": "def test_z(): pass\n"})
    assert small.run("-k", "test_z")[::2] == (0, "1 passed, 1 deselected")
    assert small.run("tests/core", "-k", "nothing")[::2] == (5, "1 deselected")
    status, lines, closing = small.run("--no-such-option")
    assert (status, closing) == (1, f"{len(LANES)} errors")
    assert "unrecognized arguments: --no-such-option" in "\n".join(lines)


@pytest.mark.parametrize(
    ("bad", "said", "errors"),
    [
        ("import nobody\n", "No module named 'nobody'", f"{len(LANES)} errors"),
        ("def test_z(): os._exit(0)\n", "units: 1 error", "1 passed, 1 error"),
    ],
    ids=["uncollected", "dies"],
)
def test_a_lane_that_comes_to_no_end_is_an_error(
    bad: str, said: str, errors: str, tmp_path: Path
) -> None:
    good = {"shims/test_y.py": "def test_y(): pass\n"}
    status, lines, closing = Small(tmp_path, {"core/test_z.py": bad, **good}).run()
    assert (status, closing) == (1, errors)
    assert said in "\n".join(lines)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_lanes_and_they_tear_down(tmp_path: Path, number: signal.Signals) -> None:
    waits = """\
@pytest.fixture
def torn():
    yield
    time.sleep(0.5)
    open(FOLDER + '/torn-down-NAME', 'w')
MARK
def test_waits(torn):
    open(FOLDER + '/begun-NAME', 'w')
    time.sleep(600)
def test_next(): pass
"""
    waits = waits.replace("FOLDER", repr(str(tmp_path)))
    small = Small(
        tmp_path,
        {
            "test_a.py": waits.replace("NAME", "lab").replace("MARK", "@pytest.mark.lab"),
            "test_b.py": waits.replace("NAME", "units").replace("MARK", ""),
        },
    )
    process = small.start()
    names = ("lab", "units") if AT_ONCE_IS_SAFE else ("lab",)
    until = time.monotonic() + 300
    while not all((tmp_path / f"begun-{name}").exists() for name in names):
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(number)
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 2, text
    assert CLOSING.fullmatch(text.splitlines()[-1]), text
    assert all((tmp_path / f"torn-down-{name}").exists() for name in names)
    assert "KeyboardInterrupt" in text


@pytest.mark.parametrize(
    ("path", "marks", "lane"),
    [
        ("tests/core/test_ere.py", [], "units"),
        ("tests/shims/test_pidof.py", ["parametrize"], "shims"),
        ("tests/shims/test_pidof.py", ["machine"], "lab"),
        ("tests/lab/test_shims.py", ["lab"], "lab"),
        ("tests/lab/test_verify_snapshot.py", ["lab"], "nodes"),
        ("tests/lab/test_puppet_fact.py", ["lab"], "nodes"),
        ("tests/lab/test_puppet_node.py", ["lab"], "puppet"),
        ("tests/lab/test_shims.py", ["lab", "quiet"], "quiet"),
    ],
)
def test_lane_of_a_test(path: str, marks: list[str], lane: str) -> None:
    assert lane_of(Path(path), marks) == lane


@pytest.mark.parametrize(
    ("found", "whole"),
    [
        ({"3.9", "3.10", "3.12", "3.13"}, ["3.9", "3.13"]),
        ({"3.13", "3.12"}, ["3.12", "3.13"]),
        ({"3.10"}, ["3.10"]),
        (set(), []),
    ],
)
def test_lowest_and_highest_python_are_tried_whole(found: set[str], whole: list[str]) -> None:
    assert ends(found) == whole


def test_a_python_that_is_not_there_is_named() -> None:
    used = "{}.{}".format(*sys.version_info[:2])
    others = [version for version in VERSIONS if version != used]
    assert missing(others) == ""
    assert missing(others[1:]) == f"Python {others[0]}: not found, not tested here\n"


def test_counts_are_worded_as_pytest_does() -> None:
    counts = {"error": 2, "passed": 11, "warnings": 1, "failed": 1, "skipped": 0}
    assert worded(counts) == "1 failed, 11 passed, 1 warning, 2 errors"
    assert worded({"error": 1, "warnings": 3}) == "3 warnings, 1 error"
    assert worded({}) == "no tests ran"
