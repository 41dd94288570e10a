"""Archives written below a folder: what hostile ones cannot do."""

from __future__ import annotations

import errno
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_suites.resources.copying.unpacking import (
    Led,
    confined,
    normal,
    placeholders,
    resolved,
    unpack,
)
from suites.test_tar import entry, made

HOSTILE = [
    (entry("../up"), b"x"),
    (entry("/etc/../../up"), b"x"),
    (entry("etc/ok"), b"ok"),
    (entry("etc/away", tarfile.SYMTYPE, "/tmp"), b""),
    (entry("etc/away/file"), b"x"),
    (entry("out", tarfile.SYMTYPE, "../../../../../../etc"), b""),
    (entry("out/passwd2"), b"x"),
    (entry("later", tarfile.SYMTYPE, "etc"), b""),
    (entry("etc/hard", tarfile.LNKTYPE, "/etc/passwd"), b""),
    (entry("etc/hard2", tarfile.LNKTYPE, "../../../../../etc/passwd"), b""),
    (entry("etc/hard3", tarfile.LNKTYPE, "etc/ok"), b""),
    (entry("dev/sda", tarfile.BLKTYPE), b""),
    (entry("dev/file"), b"x"),
    (entry("proc/1/status"), b"x"),
    (entry("etc/pipe", tarfile.FIFOTYPE), b""),
    (entry("etc/ok"), b"again"),
    (entry("etc/ok/below"), b"x"),
    (entry("etc"), b"a file in a folder's place"),
    (entry("n" * 300), b"x"),
    (entry("."), b"x"),
    (entry("etc/long", tarfile.SYMTYPE, "g" * 5000), b""),
]


def test_hostile_archive_writes_below_its_folder_only(tmp_path: Path) -> None:
    root = tmp_path / "a" / "root"
    root.mkdir(parents=True)
    unpack(str(root), made(*HOSTILE), Led(set(), set()))
    everything = list(tmp_path.rglob("*"))
    assert [p for p in everything if not str(p).startswith(str(root)) and p != root.parent] == []
    assert (root / "etc/ok").read_text() == "ok"
    assert (root / "etc/hard3").read_text() == "ok"
    assert not (root / "etc/hard").exists()
    assert not (root / "dev").exists()
    assert not (root / "proc").exists()
    assert (root / "etc/away/file").read_text() == "x"  # a folder, and no link of that name
    assert not (root / "etc/away").is_symlink()
    for place in everything:
        assert place.resolve().is_relative_to(root) or place == root.parent


@pytest.mark.parametrize("call", ["open", "mkdir", "symlink"])
def test_want_of_room_is_no_missing_file(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left"):
        unpack(str(tmp_path), made(*HOSTILE[2:4]), Led(set(), set()))


def test_link_that_is_there_is_not_written_through(tmp_path: Path) -> None:
    root, away = tmp_path / "root", tmp_path / "away"
    root.mkdir()
    away.mkdir()
    (root / "etc").symlink_to(away)
    unpack(str(root), made((entry("etc/x"), b"x"), (entry("etc/l", tarfile.SYMTYPE, "x"), b"")),
           Led(set(), set()))  # fmt: skip
    placeholders(str(root), "./etc/y\n../z\n")
    assert list(away.iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["away", "root"]


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["a", "b", "..", ".", "", "etc"]), max_size=4).map("/".join),
            st.sampled_from([tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE]),
            st.lists(st.sampled_from(["a", "b", "..", "", "/"]), max_size=5).map("/".join),
        ),
        max_size=8,
    )
)
def test_no_archive_leads_out(tmp_path_factory: pytest.TempPathFactory, given: list[Any]) -> None:
    above = tmp_path_factory.mktemp("x")
    root = above / "deep" / "root"
    root.mkdir(parents=True)
    for half in (given[::2], given[1::2]):
        data = made(*((entry(n, kind, goal), b"") for n, kind, goal in half if n.strip("/")))
        unpack(str(root), data, Led(set(), set()))
    assert [p.name for p in above.rglob("*") if root not in (p, *p.parents)] == ["deep"]
    for place in root.rglob("*"):
        if place.is_symlink():
            goal = Path(os.path.normpath(place.parent.resolve() / place.readlink()))
            assert goal.is_relative_to(root), (place, place.readlink())
            missing = resolved(str(root), "/" + str(place.relative_to(root)))
            assert missing is None or ".." not in missing


@pytest.mark.parametrize(
    ("path", "goal", "text"),
    [
        ("/etc/a", "/usr/bin/x", "../usr/bin/x"),
        ("/etc/a", "b", "../etc/b"),
        ("/a", "b/../../c", "c"),
        ("/a", "/", "."),
        ("/x/y/a", "../../../../etc", "../../etc"),
        ("/x/a", "/dev/null", "/dev/null"),
    ],
)
def test_goals_of_links(path: str, goal: str, text: str) -> None:
    assert confined(path, goal)[0] == text


def test_names_that_are_nobodys() -> None:
    assert normal("./etc//x/.") == "/etc/x"
    for name in ("", ".", "/", "..", "a/../b", "proc/1", "./dev/sda", "sys", "a\0b"):
        assert normal(name) is None
