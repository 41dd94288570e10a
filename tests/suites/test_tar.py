"""Archives of tar(1), read strictly: what real ones hold, and what hostile ones try."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed
from ct0_suites.resources.copying.tar import FILE, HARD_LINK, LINK, OTHER, Member, parse_tar

LONG = "n" * 90 + "/" + "é" * 60 + "/" + "x" * 50


def made(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, goal: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, goal
    return info


def read(data: bytes) -> list[Member]:
    return list(parse_tar(data, "here"))


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_each_format(form: int) -> None:
    name = "a" * 60 + "/" + "b" * 80 if form == tarfile.USTAR_FORMAT else LONG
    data = made(
        (entry(name), b"x" * 700),
        (entry("l", tarfile.SYMTYPE, "../" + "g" * 90), b""),
        (entry("h", tarfile.LNKTYPE, name[:90]), b""),
        (entry("d", tarfile.DIRTYPE), b""),
        (entry("c", tarfile.CHRTYPE), b""),
        (entry("p", tarfile.FIFOTYPE), b""),
        (entry("empty"), b""),
        form=form,
    )
    assert read(data) == [
        Member(name, FILE, b"x" * 700),
        Member("l", LINK, b"", "../" + "g" * 90),
        Member("h", HARD_LINK, b"", name[:90]),
        *(Member(name, OTHER) for name in ("d/", "c", "p")),
        Member("empty", FILE),
    ]


def test_what_tar_itself_makes(tmp_path: Path) -> None:
    (tmp_path / "a b\\x2d").write_text("one\n")
    os.link(tmp_path / "a b\\x2d", tmp_path / "second")
    (tmp_path / "link").symlink_to("/etc/" + "y" * 150)
    (tmp_path / ("z" * 200)).write_bytes(b"\0" * 1000)
    command = 'cd "$1" && find . ! -type d -print0 | sort -z | xargs -0 -n 2 tar -cf - --'
    done = subprocess.run(["sh", "-c", command, "sh", tmp_path], stdout=subprocess.PIPE, check=True)
    # Two archives, one after the other.
    assert read(done.stdout) == [
        Member("./a b\\x2d", FILE, b"one\n"),
        Member("./link", LINK, b"", "/etc/" + "y" * 150),
        Member("./second", FILE, b"one\n"),
        Member("./" + "z" * 200, FILE, b"\0" * 1000),
    ]


def test_sparse_file_is_nobodys(tmp_path: Path) -> None:
    with open(tmp_path / "bomb", "wb") as file:
        file.truncate(1 << 30)
        file.seek(1 << 29)
        file.write(b"x")
    for form in ("gnu", "pax"):
        command = ["tar", "-C", str(tmp_path), f"--format={form}", "-Scf", "-", "bomb"]
        data = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        assert len(data) < 1 << 16
        (found,) = read(data)
        assert (found.kind, found.content) == (OTHER, b"")


GOOD = made((entry("a"), b"x" * 600), (entry("b"), b"y"))


@pytest.mark.parametrize("cut", [100, 512, 600, 1100, 1536, 1600, 2048, 2500, 2560])
def test_archive_that_breaks_off_is_refused(cut: int) -> None:
    with pytest.raises(Malformed, match=r"breaks off|no end"):
        read(GOOD[:cut])


@pytest.mark.parametrize(
    "data",
    [
        b"garbage" * 200,
        b"\x7fELF" + bytes(2000),
        GOOD[:10] + b"!" + GOOD[11:],  # a checksum that does not fit
        GOOD[:124] + b"\xff" * 12 + GOOD[136:],  # a size of 2**88
        GOOD[:124] + b"-0000000001\0" + GOOD[136:],
        GOOD[:1536] + b"rubbish" * 80 + GOOD[1536:],
    ],
)
def test_archive_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        read(data)


@pytest.mark.parametrize(
    "record", [b"4 a=\n", b"999 path=x\n", b"12 path=xxxx", b"0 path=x\n", b"path=x\n", b"\xff"]
)
def test_extended_header_that_is_none_is_refused(record: bytes) -> None:
    data = made(
        (entry("x", tarfile.XHDTYPE), record), (entry("a"), b"x"), form=tarfile.USTAR_FORMAT
    )
    with pytest.raises(Malformed):
        read(data)


@pytest.mark.parametrize("size", [b"-1", b"99999999999999999", b"x", b""])
def test_size_of_an_extended_header(size: bytes) -> None:
    text = b"size=" + size + b"\n"
    record = b"%d %s" % (len(text) + 3, text)
    data = made(
        (entry("x", tarfile.XHDTYPE), record), (entry("a"), b"x"), form=tarfile.USTAR_FORMAT
    )
    with pytest.raises(Malformed):
        read(data)


def test_nothing_is_an_archive_of_nothing() -> None:
    assert read(b"") == []
    assert read(bytes(10240)) == []


@given(st.binary(max_size=3000))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read(data)
    except Malformed:
        pass


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=30))
def test_any_damage_is_read_or_refused(place: int, damage: bytes) -> None:
    try:
        found = read(GOOD[:place] + damage + GOOD[place + len(damage) :])
    except Malformed:
        return
    assert len(found) <= 3
