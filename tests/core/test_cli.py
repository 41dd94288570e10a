"""The `ct0` command as people type it, wrong words included."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

import planted

PARTS = Path(__file__).parent.parent.parent


def ct0(*words: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(PARTS / part) for part in ("core", "shims"))
    return subprocess.run(
        [sys.executable, "-S", "-m", "ct0.cli", *words],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def openvz6(host: Callable[[str], Path]) -> tuple[str, str]:
    return "--root", str(host("openvz6"))


def test_list(openvz6: tuple[str, str], golden: Callable[[str, str], None]) -> None:
    shown = ct0(*openvz6, "list")
    assert (shown.returncode, shown.stderr) == (0, "")
    # UP counts to now: everything else is the record's.
    lines = [line.split() for line in shown.stdout.splitlines()]
    golden("openvz6-list.txt", "".join(" ".join([*w[:6], *w[7:]]) + "\n" for w in lines))


def test_list_as_json_says_null_for_what_is_not_known(openvz6: tuple[str, str]) -> None:
    records = json.loads(ct0(*openvz6, "list", "--json").stdout)
    assert [record["ctid"] for record in records] == ["101", "102", "103", "104"]
    assert records[3]["init_pid"] is None
    assert records[3]["started"] is None
    assert records[0]["cgroups"]["memory"] == "/101"


def test_list_names_an_engines_folder_that_cannot_be_listed(tmp_path: Path) -> None:
    root = planted.plant("openvz6", tmp_path / "host")
    (root / "etc/pve").mkdir(parents=True)
    (root / "etc/pve/lxc").symlink_to("lxc")
    run = ct0("--root", str(root), "list", "-q")
    assert run.stdout.split() == ["101", "102", "103", "104"]
    why = "Too many levels of symbolic links: containers that do not run may be missing"
    assert run.stderr == f"ct0 list: /etc/pve/lxc: {why}\n"


def test_list_narrowed(openvz6: tuple[str, str]) -> None:
    assert ct0(*openvz6, "list", "-q", "--state", "stopped").stdout == "104\n"
    assert ct0(*openvz6, "list", "-q", "--engine", "lxc").stdout == ""


def test_owner(openvz6: tuple[str, str], golden: Callable[[str, str], None]) -> None:
    shown = ct0(*openvz6, "owner", "349", "170", "176", "366", "92")
    assert shown.returncode == 1
    assert shown.stderr == "ct0 owner: 170: no such process\n"
    golden("openvz6-owner.txt", shown.stdout)


def test_ps_shows_ct0_s_own(openvz6: tuple[str, str], golden: Callable[[str, str], None]) -> None:
    shown = ct0(*openvz6, "ps", "--no-kernel")
    assert shown.returncode == 0
    golden("openvz6-ps.txt", shown.stdout)


def test_ps_of_one_ct_by_name_and_by_ctid(openvz6: tuple[str, str]) -> None:
    by_name = ct0(*openvz6, "ps", "--ct", "web1")
    assert by_name.stdout == ct0(*openvz6, "ps", "--ct", "101").stdout
    assert [line.split()[1] for line in by_name.stdout.splitlines()[1:]] == [
        "92", "93", "94", "176", "177", "178",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "ct0: which command?"),
        (["frobnicate"], 2, "ct0: frobnicate: no such command"),
        (["--roof", "/"], 2, "ct0: --roof: no such option"),
        (["--root", "/nowhere/at/all", "list"], 2, "ct0: --root /nowhere/at/all: not a folder"),
        (
            ["--root", "/etc", "list"],
            1,
            "ct0 list: /etc/proc/1: No such file or directory: no proc",
        ),
        (["list", "--wrong"], 2, "error: unrecognized arguments: --wrong"),
        (["owner"], 2, "error: the following arguments are required: PID"),
        (["owner", "-1"], 2, "error: "),
        (["owner", "x"], 2, "'x' is not a PID"),
        (["owner", "\u0663"], 2, "is not a PID"),
        (["ps", "--ct", "no\x1b[31mbody"], 1, "no?[31mbody: no such container; `ct0 list` shows"),
    ],
)
def test_wrong_words(words: list[str], status: int, message: str) -> None:
    shown = ct0(*words)
    assert shown.returncode == status
    assert message in shown.stderr
    assert "Traceback" not in shown.stderr
    assert shown.stdout == ""


def test_help_and_version() -> None:
    assert ct0("--help").stdout.startswith("usage: ct0 ")
    assert ct0("--version").stdout.startswith("ct0 0.")


def test_the_reader_left(openvz6: tuple[str, str]) -> None:
    """`ct0 ps | head -1` ends as any command in a pipe, without a word."""
    program = f"'{sys.executable}' -S -m ct0.cli --root '{openvz6[1]}' ps | head -1"
    paths = os.pathsep.join(str(PARTS / part) for part in ("core", "shims"))
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": paths}
    shown = subprocess.run(["sh", "-c", program], env=env, capture_output=True, check=False)
    assert shown.stderr == b""


def test_hostile_names_do_not_reach_the_terminal(tmp_path: Path) -> None:
    planted.process(tmp_path, 1, "init", cgroup="0::/\n", nspid="1")
    planted.process(
        tmp_path, 9, "a\x1b]0;b\x07\nc", cmdline=b"x\x1b[2J\xff\0y\0", cgroup="0::/x\n", nspid="9"
    )
    for words in (["ps"], ["owner", "9"], ["ps", "--json"]):
        shown = ct0("--root", str(tmp_path), *words)
        assert shown.returncode == 0
        assert "\x1b" not in shown.stdout
        assert "\x07" not in shown.stdout


def test_own_process_is_ct0_s() -> None:
    shown = ct0("owner", "--json", str(os.getpid()))
    assert json.loads(shown.stdout)[0]["owner"] == "ct0"
