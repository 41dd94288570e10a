"""Nobody's command line keeps a shim from its work: an endless search is broken off."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import planted
from ct0_shims import killall, pgrep, pkill
from ct0_shims.patience import SHORT, Endless, Patience

HOSTILE = "javatomcat" * 12000
EXPRESSION = "java.*tomcat.*start"  # some hours
PAYLOAD = "0::/lxc.payload.web1\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CT0's 10 and 12 are Tomcats; the CT's 11 and 13 have names that take hours to search."""
    planted.process(tmp_path, 1, "init")
    good = b"/usr/bin/java\0org.apache.tomcat\0start\0"
    for pid in (10, 12):
        planted.process(tmp_path, pid, "java", cmdline=good)
    for pid in (11, 13):
        planted.process(tmp_path, pid, HOSTILE[:15], cmdline=HOSTILE.encode(), cgroup=PAYLOAD)
    monkeypatch.setenv("CT0_ROOT", str(tmp_path))
    return tmp_path


def test_an_endless_search_ends() -> None:
    search = Patience(re.compile(EXPRESSION))
    assert not search.tired
    with pytest.raises(Endless):
        search(HOSTILE)
    assert search.tired


@pytest.mark.parametrize("length", [1, SHORT, SHORT + 1, 100_000])
def test_other_searches_are_what_they_were(length: int) -> None:
    search = Patience(re.compile("ab*c"))
    assert search("x" * (length - 1) + "ac")
    assert not search("x" * length + "b")
    assert not search.tired


@pytest.mark.parametrize("inverse", [False, True])
def test_a_ct_s_endless_command_line_is_left_alone_in_silence(
    inverse: bool, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["-v"] if inverse else []
    assert pgrep.main([*arguments, "-f", EXPRESSION]) == 0
    assert capfd.readouterr() == ("1\n" if inverse else "10\n12\n", "")


def test_ct0_s_own_is_left_alone_and_named(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What cannot be told to be meant is not signalled."""
    (root / "proc/11/cgroup").write_text("0::/system.slice/x.service\n")
    assert pkill.main(["-f", EXPRESSION]) == 0
    out, complaint = capfd.readouterr()
    assert [line.split()[5] for line in out.splitlines()] == ["10", "12"]
    assert complaint == "ct0: 11: the pattern takes too long to match: left alone\n"


def test_killall_r_and_a_ct_s_endless_name(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Of a name of 15 characters the whole is looked up in the command line."""
    assert killall.main(["-r", f"{EXPRESSION}|^java$"]) == 0
    out, complaint = capfd.readouterr()
    assert [line.split()[5] for line in out.splitlines()] == ["10", "12"]
    assert complaint == ""
