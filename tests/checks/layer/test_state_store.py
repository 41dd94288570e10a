"""The state directory: this user's alone, each file whole, and nobody led elsewhere by it."""

from __future__ import annotations

import json
import os
import resource
import signal
import stat
import threading
import time
from pathlib import Path

import pytest

from ct0_checks.layer.deadline import within
from ct0_checks.layer.state_store import LIMIT, VERSION, Store, StoreError


def keep(folder: Path, **values: object) -> None:
    with Store(str(folder), "ct_x") as store:
        store.document.update(values)
        store.save()


def kept(folder: Path) -> dict[str, object]:
    with Store(str(folder), "ct_x") as store:
        return store.document


def test_what_is_saved_is_there_the_next_time(tmp_path: Path) -> None:
    folder = tmp_path / "a/b"
    assert kept(folder) == {}
    keep(folder, x=1)
    assert kept(folder) == {"x": 1, "version": VERSION}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir()} == {"ct_x.json", "ct_x.lock"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_what_is_not_saved_is_not(tmp_path: Path) -> None:
    with Store(str(tmp_path / "kept"), "ct_x") as store:
        store.document["x"] = 1
    assert kept(tmp_path / "kept") == {}


def test_a_directory_that_is_a_link(tmp_path: Path) -> None:
    goal = tmp_path / "goal"
    goal.mkdir(0o700)
    (tmp_path / "kept").symlink_to(goal)
    with pytest.raises(StoreError, match="is no directory, or a link"):
        keep(tmp_path / "kept", x=1)
    assert list(goal.iterdir()) == []


def test_a_dangling_link_is_not_made_a_directory(tmp_path: Path) -> None:
    (tmp_path / "kept").symlink_to(tmp_path / "goal")
    with pytest.raises(StoreError, match="is no directory, or a link"):
        keep(tmp_path / "kept", x=1)
    assert not (tmp_path / "goal").exists()


def test_a_directory_of_somebody_elses(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir(0o700)
    if os.geteuid() == 0:
        os.chown(folder, 12345, 12345)
    else:
        folder = Path("/usr/share")
    with pytest.raises(StoreError, match=r"belongs to uid .* --state-dir"):
        keep(folder, x=1)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o1777, 0o722])
def test_a_directory_others_may_write(mode: int, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(StoreError, match=f"writable for others .mode {mode:04o}"):
        keep(folder, x=1)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["ct_x.json", "ct_x.lock"])
def test_a_file_that_is_a_link(name: str, tmp_path: Path) -> None:
    folder, goal = tmp_path / "kept", tmp_path / "goal"
    folder.mkdir(0o700)
    goal.write_text(json.dumps({"version": VERSION, "stolen": 1}))
    (folder / name).symlink_to(goal)
    before = goal.read_text()
    with pytest.raises(StoreError, match=f"{name} is a link: remove it"):
        keep(folder, x=1)
    assert goal.read_text() == before


def test_the_temporary_file_is_never_followed(tmp_path: Path) -> None:
    folder, goal = tmp_path / "kept", tmp_path / "goal"
    folder.mkdir(0o700)
    goal.write_text("untouched")
    (folder / ".ct_x.tmp").symlink_to(goal)
    keep(folder, x=1)
    assert goal.read_text() == "untouched"
    assert kept(folder)["x"] == 1
    assert not (folder / "ct_x.json").is_symlink()


def test_a_pipe_in_place_of_a_file_holds_nobody_up(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir(0o700)
    os.mkfifo(folder / "ct_x.json")

    def work() -> int:
        try:
            keep(folder, x=1)
        except StoreError as error:
            print(error, end="")
        return 0

    status, said = within(30, work)
    assert (status, said.decode()) == (
        0,
        f"{folder}/ct_x.json is no regular file of this user: remove it",
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        '{"version": 1, "x": ',
        "[]",
        "null",
        '{"x": 1}',
        '{"version": 2}',
        "\0\xff",
        "[" * 100_000,
        '{"version": ' + "9" * 5000 + "}",
    ],
)
def test_what_does_not_read_begins_anew_and_is_said(text: str, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    keep(folder, x=1)
    (folder / "ct_x.json").write_text(text, encoding="latin-1")
    with Store(str(folder), "ct_x") as store:
        assert store.document == {}
        assert "does not read as this plugin wrote it" in store.lost
        store.document["y"] = 2
        store.save()
    assert kept(folder) == {"y": 2, "version": VERSION}


def test_too_large_a_file_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    keep(folder, x=1)
    with open(folder / "ct_x.json", "r+b") as file:
        file.truncate(LIMIT + 1)
    with Store(str(folder), "ct_x") as store:
        assert (store.document, bool(store.lost)) == ({}, True)


def test_who_does_not_get_a_turn_reads_and_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    keep(folder, x=1)
    with Store(str(folder), "ct_x") as first, Store(str(folder), "ct_x", turn=0.05) as second:
        assert (first.mine, second.mine) == (True, False)
        assert second.document["x"] == 1
        second.document["x"] = 2
        second.save()
    assert kept(folder)["x"] == 1


def test_callers_at_once_lose_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "kept"

    def count() -> None:
        for _ in range(20):
            with Store(str(folder), "ct_x", turn=60) as store:
                store.document["n"] = store.document.get("n", 0) + 1
                store.save()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept(folder)["n"] == 80


def test_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    keep(folder, x="a" * 100_000)
    for delay in (0.0, 0.002, 0.01):
        child = os.fork()
        if child == 0:
            while True:
                keep(folder, x="b" * 100_000)
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        document = kept(folder)
        assert document["x"] in ("a" * 100_000, "b" * 100_000)


def test_no_room_is_said_and_the_old_file_stays(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    keep(folder, x=1)

    def work() -> int:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
        try:
            keep(folder, x="a" * 100_000)
        except StoreError:
            return 7
        return 0

    assert within(30, work)[0] == 7
    assert kept(folder)["x"] == 1
    keep(folder, x=2)
    assert kept(folder)["x"] == 2


def test_a_directory_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--state-dir"):
        keep(tmp_path / "file/kept", x=1)
    with pytest.raises(StoreError, match="--state-dir"):
        keep(Path("/proc/1/kept"), x=1)
