from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_shims.pidfile import LARGEST, all_pids, first_pid, line_pids, pid_of
from ct0_shims.suse_find import on_network
from ct0_shims.suse_match import bare, first_line_interpreter, named_script
from ct0_shims.suse_options import leading_number
from daemons import Daemons, daemons, run_on_terminal, wait_until

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="makes PID namespaces: needs root")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Daemons]:
    yield from daemons(tmp_path)


# Exit statuses, checkproc(8): (what there is, options, without -k, with -k)
STATUSES = [
    pytest.param("running", [], 0, 0, id="runs"),
    pytest.param("", [], 3, 7, id="does not run and no pid file"),
    pytest.param("running", ["-p", "{dir}/none.pid"], 3, 7, id="pid file named and missing"),
    pytest.param("running", ["-p", "{dir}/empty.pid"], 3, 7, id="pid file named and empty"),
    pytest.param("running", ["-p", "{dir}/stale.pid"], 1, 7, id="pid file named and stale"),
    pytest.param("running", ["-p", "{dir}/other.pid"], 1, 7, id="pid file of another program"),
    pytest.param("running", ["-p", "{dir}/words.pid"], 1, 7, id="pid file without a number"),
    pytest.param("running", ["-p", "{dir}/right.pid"], 0, 0, id="pid file right"),
    pytest.param("running", ["-p", "{pid}"], 0, 0, id="pid in place of a file"),
    pytest.param("running", ["-p", "{other}"], 3, 7, id="pid of another program for a file"),
    pytest.param("gone", [], 4, 5, id="not installed"),
    pytest.param("running", ["-Z"], 102, 102, id="option there is not"),
    pytest.param("running", ["-c", "-x"], 2, 2, id="root directory that is an option"),
    pytest.param("running", ["-p", "a", "-p", "b"], 102, 102, id="two pid files"),
]


@pytest.mark.parametrize("command", ["checkproc", "pidofproc"])
@pytest.mark.parametrize(("scene", "options", "plain", "like_killproc"), STATUSES)
def test_exit_status(
    stage: Daemons, command: str, scene: str, options: list[str], plain: int, like_killproc: int
) -> None:
    program, other = stage.program("ct0foo"), stage.start(stage.program("ct0bar"))
    pid = stage.start(program) if scene == "running" else 0
    if scene == "gone":
        program.unlink()
    dead = subprocess.Popen(["true"])
    dead.wait()
    for name, text in (
        ("empty", ""),
        ("stale", f"{dead.pid}\n"),
        ("other", f"{other}\n"),
        ("words", "oops\n"),
        ("right", f"{pid}\n"),
    ):
        (stage.folder / f"{name}.pid").write_text(text)
    words = [word.format(dir=stage.folder, pid=pid, other=other) for word in options]

    got = stage.run(command, *words, program)
    assert got.status == plain
    expected = f"{pid}\n" if command == "pidofproc" and plain == 0 else ""
    assert got.out == expected
    assert stage.run(command, "-k", *words, program).status == like_killproc


@pytest.mark.parametrize("command", ["checkproc", "pidofproc"])
def test_no_operand_is_102(stage: Daemons, command: str) -> None:
    got = stage.run(command)
    assert (got.status, got.out) == (102, "")
    assert got.err.startswith("Usage:\n")


def test_help_is_the_whole_text(stage: Daemons) -> None:
    got = stage.run("checkproc", "--help")
    assert (got.status, got.err) == (0, "")
    assert "$ checkproc -v /usr/sbin/sshd" in got.out


def test_complaint_goes_to_a_terminal_and_else_to_syslog(stage: Daemons) -> None:
    missing = stage.folder / "ct0missing"
    words = [str(stage.shims / "checkproc"), str(missing)]
    text = f"checkproc: cannot stat {missing}: No such file or directory\n"
    assert run_on_terminal(words) == (4, text)
    assert stage.run("checkproc", missing) == (4, "", "")


def test_pids_ascend_with_one_blank_between(stage: Daemons) -> None:
    program = stage.program("ct0foo")
    pids = sorted(stage.start(program) for _ in range(3))
    line = " ".join(map(str, pids)) + "\n"
    assert stage.run("pidofproc", program) == (0, line, "")
    assert stage.run("checkproc", "-v", "ct0foo") == (0, line, "")


@root_only
@pytest.mark.parametrize("operand", ["path", "name"])
def test_containers_process_is_not_seen(stage: Daemons, operand: str) -> None:
    program = stage.program("ct0foo")
    inside = stage.start_contained(program)
    word = str(program) if operand == "path" else program.name
    assert stage.run("pidofproc", word) == (3, "", "")
    pid = stage.start(program)
    assert stage.run("pidofproc", word) == (0, f"{pid}\n", "")
    assert stage.run("pidofproc", word, env={"CT0_SCOPE": "all"}).out == (
        " ".join(map(str, sorted([pid, inside]))) + "\n"
    )


class TestMatching:
    def test_other_file_of_the_same_name_is_another_program(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        (stage.folder / "else").mkdir()
        pid = stage.start(stage.program("else/ct0foo"))
        assert stage.run("checkproc", program).status == 3
        assert stage.run("pidofproc", "ct0foo").out == f"{pid}\n"  # a bare name: both

    def test_program_replaced_by_an_upgrade_still_runs(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        pid = stage.start(program)
        program.unlink()
        stage.program("ct0foo")
        assert stage.run("pidofproc", program).out == f"{pid}\n"

    def test_hard_link_counts_under_its_own_path_only(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        link = stage.folder / "ct0link"
        link.hardlink_to(program) if hasattr(link, "hardlink_to") else os.link(program, link)
        pid = stage.start(link)
        assert stage.run("checkproc", program).status == 3
        assert stage.run("pidofproc", link).out == f"{pid}\n"

    def test_symbolic_link_leads_to_the_program(self, stage: Daemons) -> None:
        program, link = stage.program("ct0foo"), stage.folder / "ct0link"
        link.symlink_to(program)
        pid = stage.start(program)
        assert stage.run("pidofproc", link).out == f"{pid}\n"
        assert stage.run("pidofproc", "-L", link).out == f"{pid}\n"

    def test_followed_link_takes_the_pid_file_of_its_goal(self, stage: Daemons) -> None:
        program, link = stage.program("ct0foo"), stage.folder / "ct0link"
        link.symlink_to(program)
        one, two = stage.start(program), stage.start(program)
        folder = stage.folder / "var/run"
        folder.mkdir(parents=True)
        (folder / "ct0foo.pid").write_text(f"{two}\n")
        # -c puts both the program and the PID file below a root directory
        words = ["-c", stage.folder, "/ct0link"]
        assert stage.run("pidofproc", *words).out == f"{min(one, two)} {max(one, two)}\n"
        assert stage.run("pidofproc", "-L", *words).out == f"{two}\n"

    def test_long_name_is_compared_by_its_first_15_characters(self, stage: Daemons) -> None:
        name = "ct0-name-that-is-longer"
        pid = stage.start(stage.program(name))
        assert stage.run("pidofproc", name).out == f"{pid}\n"
        assert stage.run("checkproc", name[:14]).status == 3

    def test_script_is_found_by_its_path(self, stage: Daemons) -> None:
        script = stage.script("ct0script", "#!/bin/sh -e\nsleep 1000 &\nwait\n")
        sleeper = f"kill $(ps -o pid= --ppid {stage.start(script)})"
        pid = stage.started[-1].pid
        try:
            assert stage.run("pidofproc", script).out == f"{pid}\n"
            assert stage.run("checkproc", stage.script("ct0else", "#!/bin/sh\n")).status == 3
        finally:
            subprocess.run(["sh", "-c", sleeper], check=False)

    def test_script_that_hides_its_path_is_found_by_name_with_x(self, stage: Daemons) -> None:
        script = stage.script("ct0script", "#!/bin/sh\nread line\n")
        reading, writing = os.pipe()
        process = subprocess.Popen(["./ct0script"], cwd=stage.folder, stdin=reading)
        stage.started.append(process)
        wait_until(lambda: Path(f"/proc/{process.pid}/comm").read_text() == "ct0script\n")
        try:
            assert stage.run("checkproc", script).status == 3
            assert stage.run("pidofproc", "-x", script).out == f"{process.pid}\n"
        finally:
            os.close(writing)
            os.close(reading)

    def test_zombie_counts_with_z_only(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        pid = stage.start(program, "0.01")
        wait_until(lambda: ") Z " in Path(f"/proc/{pid}/stat").read_text())
        assert stage.run("checkproc", program).status == 3
        assert stage.run("checkproc", "ct0foo").status == 3
        assert stage.run("pidofproc", "-z", program).out == f"{pid}\n"
        assert stage.run("pidofproc", "-z", "ct0foo").out == f"{pid}\n"

    @pytest.mark.machine
    def test_kernel_thread_is_seen_with_n_only(self, stage: Daemons) -> None:
        if not Path("/proc/2/comm").exists() or Path("/proc/2/comm").read_text() != "kthreadd\n":
            pytest.skip("no kernel threads in this PID namespace")
        assert stage.run("checkproc", "-n", "kthreadd").status == 0
        assert stage.run("checkproc", "kthreadd").status == 3

    def test_program_is_no_kernel_thread(self, stage: Daemons) -> None:
        stage.start(stage.program("ct0foo"))
        assert stage.run("checkproc", "-n", "ct0foo").status == 3

    def test_ignored_session_is_left_out(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        leader = stage.start(
            "sh", "-c", f"{program} 1000 & exec {program} 1001", start_new_session=True
        )
        wait_until(lambda: len(stage.run("pidofproc", program).out.split()) == 2)
        follower = next(
            int(word) for word in stage.run("pidofproc", program).out.split() if int(word) != leader
        )
        other = stage.start(program)
        (stage.folder / "ignore.pid").write_text(f"{leader}\n")
        try:
            got = stage.run("pidofproc", "-i", stage.folder / "ignore.pid", program)
            assert got.out == f"{other}\n"
        finally:
            os.kill(follower, 9)

    @root_only
    def test_chroot_is_given_with_c(self, stage: Daemons) -> None:
        root = stage.folder / "jail"
        (root / "sbin").mkdir(parents=True)
        busybox = Path("/bin/busybox")
        if not busybox.exists():
            pytest.skip("needs a static program")
        program = root / "sbin/busybox"
        program.write_bytes(busybox.read_bytes())
        program.chmod(0o755)
        pid = stage.start("chroot", root, "/sbin/busybox", "sleep", "1000")
        assert stage.run("pidofproc", "-c", root, "/sbin/busybox").out == f"{pid}\n"

    @root_only
    def test_daemon_of_another_user_is_hidden_from_nobody(self, stage: Daemons) -> None:
        # Its executable may not be read: whose program it is cannot be told, so it is not listed.
        program = stage.program("ct0foo")
        stage.start(program)
        assert stage.run("checkproc", program, user=65534).status == 3
        assert stage.run("checkproc", "ct0foo", user=65534).status == 0  # names are no secret


def test_stale_default_pid_file_is_no_proof_but_k_believes_it(stage: Daemons) -> None:
    stage.program("ct0foo")
    folder = stage.folder / "var/run"
    folder.mkdir(parents=True)
    (folder / "ct0foo.pid").write_text("1\n")
    words = ["-c", stage.folder, "/ct0foo"]
    assert stage.run("checkproc", *words).status == 1
    pid = stage.start(stage.folder / "ct0foo")
    assert stage.run("pidofproc", *words) == (0, f"{pid}\n", "")
    assert stage.run("pidofproc", "-k", *words) == (7, "", "")


def test_pid_file_that_is_a_fifo_does_not_hang(stage: Daemons) -> None:
    program, fifo = stage.program("ct0foo"), stage.folder / "fifo"
    os.mkfifo(fifo)
    assert stage.run("checkproc", "-p", fifo, program).status == 3


@pytest.mark.parametrize(
    ("words", "interpreter", "executable", "found"),
    [
        (["/bin/sh", "-e", "/opt/d", "start"], "/bin/sh", "/usr/bin/dash", "/opt/d"),
        (["/usr/bin/perl", "-T", "/opt/d"], "/usr/bin/perl", "/usr/bin/perl", "/opt/d"),
        (["sh", "/opt/d"], "/bin/sh", "/usr/bin/dash", "/opt/d"),
        (["/opt/d", "start"], "/bin/sh", "/usr/bin/dash", "/opt/d"),
        (["sh", "d"], "/bin/sh", "/usr/bin/dash", None),
        (["mydaemon: worker"], "/bin/sh", "/usr/bin/dash", None),
        ([], "/bin/sh", "/usr/bin/dash", None),
    ],
)
def test_script_of_a_command_line(
    words: list[str], interpreter: str, executable: str, found: str | None
) -> None:
    assert named_script(words, interpreter, executable) == found


@pytest.mark.parametrize(
    ("head", "interpreter"),
    [
        ("#!/bin/sh\n", "/bin/sh"),
        ("#! /usr/bin/perl -w\n", "/usr/bin/perl"),
        ("#!/bin/sh", "/bin/sh"),
        ("#!\n", None),
        ("\x7fELF", None),
        ("", None),
    ],
)
def test_interpreter_of_a_first_line(tmp_path: Path, head: str, interpreter: str | None) -> None:
    (tmp_path / "file").write_text(head)
    assert first_line_interpreter(str(tmp_path / "file")) == interpreter


@pytest.mark.parametrize(
    ("link", "path"),
    [
        ("/usr/sbin/foo", "/usr/sbin/foo"),
        ("/usr/sbin/foo (deleted)", "/usr/sbin/foo"),
        (" (deleted)/usr/sbin/foo", "/usr/sbin/foo"),
        ("/usr/sbin/foo-RPMDELETE", "/usr/sbin/foo"),
        ("/srv/a (deleted) b/foo", "/srv/a (deleted) b/foo"),
    ],
)
def test_exe_link_of_a_replaced_file(link: str, path: str) -> None:
    assert bare(link) == path


@pytest.mark.parametrize(
    ("path", "network"),
    [("/home/bin/x", True), ("/home2/x", False), ("/home/local/x", False), ("/bin/x", False)],
)
def test_program_on_a_network_file_system(tmp_path: Path, path: str, network: bool) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\nsrv:/home /home nfs4 rw 0 0\n/dev/sdb /home/local xfs rw 0 0\n"
    )
    assert on_network(str(mounts), path) is network


@pytest.mark.parametrize(
    ("text", "first", "line", "every"),
    [
        ("1234\n", 1234, [1234], [1234]),
        ("1234", 1234, [1234], [1234]),
        (" 12 34\n56\n\n78\n", 12, [12, 34], [12, 34, 56]),
        ("\n1234\n", 1234, [], []),
        ("", None, [], []),
        ("sshd 12\n", None, [12], [12]),
        ("-1\n", None, [], []),
        ("0\n", None, [], []),
        ("12\0", None, [], []),
        ("99999999999\n", None, [], []),
        ("١٢\n", None, [], []),
    ],
)
def test_pid_file(text: str, first: int | None, line: list[int], every: list[int]) -> None:
    assert (first_pid(text), line_pids(text), all_pids(text)) == (first, line, every)


@given(st.text())
def test_any_text_gives_pids_or_none(text: str) -> None:
    for pid in [*all_pids(text), *line_pids(text)] + [pid for pid in [first_pid(text)] if pid]:
        assert 0 < pid <= LARGEST


@given(st.integers())
def test_pid_of_a_number(number: int) -> None:
    assert pid_of(str(number)) == (number if 0 < number <= LARGEST else None)


@pytest.mark.parametrize(
    ("text", "number"), [("15s", 15), ("s", 0), ("-3", -3), (" 7", 7), ("", 0), ("+2", 2)]
)
def test_leading_number(text: str, number: int) -> None:
    assert leading_number(text) == number
