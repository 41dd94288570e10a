from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ct0_shims.startproc import io_level, nice_level, seconds
from ct0_shims.suse_options import Refused
from ct0_shims.suse_start import run_levels
from daemons import Daemons, Ran, daemons, run_on_terminal, wait_until

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Daemons]:
    for stage in daemons(tmp_path):
        # Half a second for each of these tests would be too long.
        stage.patch("startproc", "import ct0_shims.suse_start as start", "start.SETTLE = 0.15")
        yield stage
    # What startproc starts is nobody's child here: found by its file in this test's own folder.
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and below(entry, tmp_path):
            os.kill(int(entry.name), 9)


def below(entry: Path, folder: Path) -> bool:
    try:
        return os.readlink(entry / "exe").startswith(f"{folder}/")
    except OSError:
        return False


def pids(stage: Daemons, program: Path) -> list[int]:
    return [int(word) for word in stage.run("pidofproc", program).out.split()]


def fields(pid: int, name: str) -> list[str]:
    for line in Path(f"/proc/{pid}/status").read_text().split("\n"):
        if line.startswith(f"{name}:"):
            return line.split()[1:]
    raise AssertionError(name)


def stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def environment(pid: int) -> dict[str, str]:
    text = Path(f"/proc/{pid}/environ").read_text()
    return dict(entry.partition("=")[::2] for entry in text.split("\0") if entry)


def started(stage: Daemons, *words: object, program: str = "ct0foo", **options: object) -> int:
    path = stage.program(program)
    assert stage.run("startproc", *words, path, "1000", **options) == (0, "", "")
    found = pids(stage, path)
    assert len(found) == 1
    return found[0]


class TestStatus:
    def test_starts_what_does_not_run(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        got = stage.run("startproc", "-q", "-v", program, "1000")
        assert got == (0, f"{pids(stage, program)[0]}\n", "")

    def test_running_already_is_0_and_starts_nothing(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        pid = stage.start(program)
        assert stage.run("startproc", program, "1000") == (0, "", "")
        assert pids(stage, program) == [pid]

    @root_only
    def test_containers_process_does_not_count(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        inside = stage.start_contained(program)
        assert stage.run("startproc", "-q", program, "1000").status == 0
        assert len(pids(stage, program)) == 1
        assert stage.alive(inside)

    def test_not_installed_is_5(self, stage: Daemons) -> None:
        missing = stage.folder / "ct0missing"
        text = f"startproc: cannot stat {missing}: No such file or directory\n"
        assert run_on_terminal([str(stage.shims / "startproc"), str(missing)]) == (5, text)
        assert stage.run("startproc", "-f", missing).status == 5

    def test_not_executable_is_4(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        program.chmod(0o644)
        text = f"startproc:  cannot execute {program}: Permission denied\n"
        assert run_on_terminal([str(stage.shims / "startproc"), str(program)]) == (4, text)

    def test_no_executable_format_is_7(self, stage: Daemons) -> None:
        assert stage.run("startproc", stage.script("ct0foo", "\0\0\0")).status == 7

    @pytest.mark.parametrize("word", ["bogus", "0.05"])
    def test_ending_at_once_is_7(self, stage: Daemons, word: str) -> None:
        program = stage.program("ct0foo")
        assert stage.run("startproc", program, word).status == 7

    def test_failing_first_process_is_named(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        words = [str(stage.shims / "startproc"), "-q", str(program), "bogus"]
        text = f"startproc:  exit status of parent of {program}: 1\n"
        assert run_on_terminal(words) == (7, text)

    @pytest.mark.parametrize(
        "words",
        [
            [],
            ["-Z", "/bin/true"],
            ["-u", "no-such-user", "/bin/true"],
            ["-g", "no-such-group", "/bin/true"],
            ["-n", "x", "/bin/true"],
            ["-t", "x", "/bin/true"],
            ["-o", "c9", "/bin/true"],
            ["-l", "-x", "/bin/true"],
            ["-p", "a", "-p", "b", "/bin/true"],
        ],
        ids=" ".join,
    )
    def test_wrong_command_line_is_2(self, stage: Daemons, words: list[str]) -> None:
        assert stage.run("startproc", *words).status == 2

    @root_only
    def test_user_who_may_not_become_another_is_4(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        assert stage.run("startproc", "-u", "root", program, "1", user=65534).status == 4

    def test_unreachable_log_is_1(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        assert stage.run("startproc", "-l", "/nonexistent/log", program, "1").status == 1

    def test_dry_run_starts_nothing(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        got = stage.run("startproc", program, "1000", env={"CT0_DRY_RUN": "1"})
        assert got == (0, f"would start {program} 1000\n", "")
        assert pids(stage, program) == []


class TestPidFile:
    def test_named_and_right_it_runs(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        pid = stage.start(program)
        (stage.folder / "pid").write_text(f"{pid}\n")
        assert stage.run("startproc", "-q", "-p", stage.folder / "pid", program, "1000").status == 0
        assert pids(stage, program) == [pid]

    @pytest.mark.parametrize("text", ["", "{other}\n", None])
    def test_named_and_stale_a_second_is_started(self, stage: Daemons, text: str | None) -> None:
        program = stage.program("ct0foo")
        stage.start(program)
        other = stage.start(stage.program("ct0bar"))
        if text is not None:
            (stage.folder / "pid").write_text(text.format(other=other))
        assert stage.run("startproc", "-q", "-p", stage.folder / "pid", program, "1000").status == 0
        assert len(pids(stage, program)) == 2

    def test_force_starts_a_second(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        stage.start(program)
        assert stage.run("startproc", "-q", "-f", program, "1000").status == 0
        assert len(pids(stage, program)) == 2

    def test_ignored_session_does_not_count(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        (stage.folder / "pid").write_text(f"{stage.start(program)}\n")
        words = ["-q", "-i", stage.folder / "pid", program, "1000"]
        assert stage.run("startproc", *words).status == 0
        assert len(pids(stage, program)) == 2
        assert stage.run("startproc", *words).status == 0  # the second does count
        assert len(pids(stage, program)) == 2


class TestHow:
    def test_streams_descriptors_and_folder(self, stage: Daemons) -> None:
        reading, writing = os.pipe()
        try:
            pid = started(stage, "-q", pass_fds=[writing])
        finally:
            os.close(reading)
            os.close(writing)
        links = {int(e.name): os.readlink(e) for e in Path(f"/proc/{pid}/fd").iterdir()}
        assert links == {0: "/dev/null", 1: "/dev/null", 2: "/dev/null"}
        assert os.readlink(f"/proc/{pid}/cwd") == "/"

    def test_log_is_appended_to(self, stage: Daemons) -> None:
        log = stage.folder / "log"
        log.write_text("before\n")
        script = stage.script("ct0script", "#!/bin/sh\necho out\necho err >&2\n")
        assert stage.run("startproc", "-l", log, script) == (7, "", "")
        assert log.read_text() == "before\nout\nerr\n"

    def test_arguments_and_name_are_passed_on(self, stage: Daemons) -> None:
        script = stage.script(
            "ct0script", f'#!/bin/sh\necho "$#,$1,$2,$DAEMON" >{stage.folder}/said\n'
        )
        stage.run("startproc", script, "-v", "two words")
        assert (stage.folder / "said").read_text() == f"2,-v,two words,{script}\n"

    def test_signals_are_as_a_program_expects_them(self, stage: Daemons) -> None:
        pid = started(stage, "-q")
        # 32 and 33 are the C library's own, out of anybody's reach; make leaves them ignored.
        assert int(fields(pid, "SigIgn")[0], 16) & ~(1 << 31 | 1 << 32) == 0
        assert int(fields(pid, "SigBlk")[0], 16) == 0

    def test_session_of_its_own(self, stage: Daemons) -> None:
        pid = started(stage, "-s", "-q")
        assert stat(pid)[2:4] == [str(pid), str(pid)]
        assert stat(started(stage, "-q", program="ct0bar"))[3] == str(os.getsid(0))

    @root_only
    def test_user_and_group(self, stage: Daemons) -> None:
        pid = started(stage, "-q", "-u", "nobody", "-g", "daemon")
        assert fields(pid, "Uid") == ["65534"] * 4
        assert fields(pid, "Gid") == ["1"] * 4
        pid = started(stage, "-q", "-u", "65534", program="ct0bar")
        assert fields(pid, "Gid") == ["65534"] * 4

    @pytest.mark.parametrize("words", [["-n", "5"], ["+5"], ["-n", "+5"]], ids=" ".join)
    def test_nice_level(self, stage: Daemons, words: list[str]) -> None:
        before = os.getpriority(os.PRIO_PROCESS, 0)
        pid = started(stage, *words, "-q")
        assert os.getpriority(os.PRIO_PROCESS, pid) == 5 or before > 5

    def test_io_class(self, stage: Daemons) -> None:
        pid = started(stage, "-q", "-o", "c3")
        got = subprocess.run(["ionice", "-p", str(pid)], capture_output=True, text=True)
        assert got.stdout == "idle\n"

    def test_minimal_environment(self, stage: Daemons) -> None:
        given = {"PATH": "/usr/bin:/bin", "SECRET": "x", "RUNLEVEL": "3", "PREVLEVEL": "N"}
        pid = started(stage, "-e", "-q", env=given)
        assert environment(pid) == {
            "DAEMON": str(stage.folder / "ct0foo"),
            "HOME": "/",
            "PATH": "/usr/bin:/bin",
            "PREVLEVEL": "N",
            "RUNLEVEL": "3",
            "SHELL": "/bin/sh",
        }
        pid = started(stage, "-q", program="ct0bar", env=given)
        assert environment(pid)["SECRET"] == "x"

    @root_only
    def test_root_directory(self, stage: Daemons) -> None:
        busybox = Path("/bin/busybox")
        if not busybox.exists():
            pytest.skip("needs a static program")
        root = stage.folder / "jail"
        (root / "sbin").mkdir(parents=True)
        (root / "sbin/busybox").write_bytes(busybox.read_bytes())
        (root / "sbin/busybox").chmod(0o755)
        words = ["-q", "-v", "-c", root, "/sbin/busybox", "sleep", "1000"]
        got = stage.run("startproc", *words)
        assert got.status == 0
        assert os.readlink(f"/proc/{int(got.out)}/root") == str(root)


class TestWaiting:
    def test_program_that_goes_into_the_background_is_not_waited_for(self, stage: Daemons) -> None:
        stage.patch("startproc", "import ct0_shims.suse_start as start", "start.SETTLE = 5")
        got, taken = timed(stage, "-q", double(stage))
        assert (got.status, len(pids(stage, stage.folder / "ct0foo"))) == (7, 1)
        assert taken < 4  # the time to settle is for programs that stay

    def test_end_within_the_time_is_7(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        assert stage.run("startproc", "-t", "2s", program, "0.8").status == 7

    def test_first_process_may_be_waited_for(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        got, taken = timed(stage, "-w", program, "0.4")
        assert got.status == 7
        assert taken >= 0.4

    def test_files_may_be_waited_for(self, stage: Daemons) -> None:
        ready = stage.folder / "ready"
        program = stage.program("ct0foo")
        waker = subprocess.Popen(["sh", "-c", f"sleep 0.5; echo >{ready}"])
        got = stage.run("startproc", "-q", "-W", f"{ready}:/", program, "1000")
        assert ready.exists()
        waker.wait()
        assert got.status == 0


def timed(stage: Daemons, *words: object) -> tuple[Ran, float]:
    began = time.monotonic()
    got = stage.run("startproc", *words)
    return got, time.monotonic() - began


def double(stage: Daemons) -> Path:
    program = stage.program("ct0foo")
    # Until the child has become the program it is another ct0double, which is found as one.
    wait = 'until read -r comm </proc/$!/comm && [ "$comm" = ct0foo ]; do :; done'
    return stage.script("ct0double", f"#!/bin/sh\n{program} 1000 &\n{wait}\n")


@pytest.mark.parametrize(
    ("text", "value"), [("5", 5), ("5s", 5), ("2m", 120), ("1h", 3600), ("", None), ("5x", None)]
)
def test_seconds(text: str, value: int | None) -> None:
    if value is None:
        with pytest.raises(Refused):
            seconds(text)
    else:
        assert seconds(text) == value


@pytest.mark.parametrize(("text", "value"), [("-5", -5), ("+5", 5), ("99", 19), ("-99", -20)])
def test_nice_levels(text: str, value: int) -> None:
    assert nice_level(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("c2,n4", (2, 4)), ("2,7", (2, 7)), ("c3", (3, 4)), ("n7", (2, 7)), ("1", (1, 4))],
)
def test_io_levels(text: str, value: tuple[int, int]) -> None:
    assert io_level(text) == value


def test_run_levels_of_utmp(tmp_path: Path) -> None:
    boot = (2).to_bytes(2, "little") + bytes(382)
    level = b"\1\0\0\0" + (ord("N") << 8 | ord("3")).to_bytes(4, "little") + bytes(376)
    (tmp_path / "utmp").write_bytes(boot + level)
    assert run_levels(str(tmp_path / "utmp")) == ("N", "3")
    (tmp_path / "utmp").write_bytes(level[:100])
    assert run_levels(str(tmp_path / "utmp")) == ("N", "?")
    assert run_levels(str(tmp_path / "missing")) == ("N", "?")


def test_wait_until_is_no_tautology() -> None:
    with pytest.raises(AssertionError):
        wait_until(lambda: False, 0.01)
