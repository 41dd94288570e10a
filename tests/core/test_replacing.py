"""Files that are replaced at once or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ct0.replacing import replace_file, replacing


def test_the_new_content_is_there_only_when_all_of_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ct0.prom"
    path.write_text("old")
    with replacing(str(path)) as stream:
        stream.write(b"new")
        stream.flush()
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["ct0.prom"]


def test_what_was_there_stays_when_it_goes_wrong(tmp_path: Path) -> None:
    path = tmp_path / "ct0.prom"
    path.write_text("old")

    def interrupted() -> None:
        with replacing(str(path)) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["ct0.prom"]


def test_node_exporter_may_read_it_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        replace_file(str(tmp_path / "shared"), b"")
        with replacing(str(tmp_path / "own")) as stream:
            stream.write(b"")
    finally:
        os.umask(before)
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o644
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o600


def test_errors_are_about_the_path_that_was_given(tmp_path: Path) -> None:
    for path in (str(tmp_path / "none" / "x"), str(tmp_path)):
        with pytest.raises(OSError, match=r".") as caught:
            replace_file(path, b"x")
        assert caught.value.filename == path
    assert os.listdir(tmp_path) == []


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder/target")
    replace_file(str(tmp_path / "link"), b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "folder/target").read_bytes() == b"new"


def test_what_is_no_file_is_written_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        replace_file(str(pipe), b"new")
        assert os.read(reading, 10) == b"new"
    finally:
        os.close(reading)
    assert pipe.is_fifo()
