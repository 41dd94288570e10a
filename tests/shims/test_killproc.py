from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planted
from ct0_shims.killproc import signal_table, take_signal
from daemons import Daemons, daemons, run_on_terminal, wait_until

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="makes PID namespaces: needs root")
DEAF = "trap '' TERM; echo >{ready}; while :; do sleep 0.05; done"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Daemons]:
    yield from daemons(tmp_path)


# Exit statuses, killproc(8): (what there is, options, without a signal, with -HUP)
STATUSES = [
    pytest.param("running", [], 0, 0, id="runs"),
    pytest.param("", [], 0, 7, id="does not run"),
    pytest.param("", ["-q"], 7, 7, id="does not run, -q"),
    pytest.param("gone", [], 5, 5, id="not installed"),
    pytest.param("running", ["-p", "{dir}/none.pid"], 0, 7, id="pid file named and missing"),
    pytest.param("running", ["-p", "{dir}/empty.pid"], 0, 7, id="pid file named and empty"),
    pytest.param("running", ["-p", "{dir}/other.pid"], 0, 7, id="pid file of another program"),
    pytest.param("running", ["-p", "{dir}/words.pid"], 1, 1, id="pid file without a number"),
    pytest.param("running", ["-Z"], 2, 2, id="option there is not"),
    pytest.param("running", ["-g", "-G"], 2, 2, id="group and session"),
    pytest.param("running", ["-t0"], 2, 2, id="no time to wait"),
    pytest.param("running", ["-p", "a", "-p", "b"], 2, 2, id="two pid files"),
]


@pytest.mark.parametrize(("scene", "options", "plain", "signalled"), STATUSES)
def test_exit_status(
    stage: Daemons, scene: str, options: list[str], plain: int, signalled: int
) -> None:
    program, other = stage.program("ct0foo"), stage.start(stage.program("ct0bar"))
    if scene == "gone":
        program.unlink()
    for name, text in (("empty", ""), ("other", f"{other}\n"), ("words", "oops\n")):
        (stage.folder / f"{name}.pid").write_text(text)
    words = [word.format(dir=stage.folder) for word in options]
    for before, expected, number in (((), plain, 15), (("-HUP",), signalled, 1)):
        pid = stage.start(program) if scene == "running" else 0
        assert stage.run("killproc", *before, *words, program) == (expected, "", "") or (
            expected == 2
        )
        if pid and expected == 0 and not words:
            assert stage.died_of(pid) == number
        elif pid:
            assert stage.alive(pid)
    assert stage.alive(other)


def test_no_operand_is_2(stage: Daemons) -> None:
    got = stage.run("killproc")
    assert (got.status, got.out) == (2, "")
    assert got.err.startswith("Usage:\n    killproc ")


@root_only
@pytest.mark.parametrize("operand", ["path", "name"])
@pytest.mark.parametrize("words", [[], ["-TERM"], ["-9"], ["-G"], ["-g", "-HUP"]], ids=str)
def test_containers_process_survives(stage: Daemons, operand: str, words: list[str]) -> None:
    program = stage.program("ct0foo")
    inside = stage.start_contained(program)
    pid = stage.start(program, start_new_session=True)
    word = program if operand == "path" else program.name
    assert stage.run("killproc", *words, word).status == 0
    assert stage.died_of(pid) > 0
    assert stage.alive(inside)


@root_only
def test_containers_pid_in_a_pid_file(stage: Daemons) -> None:
    # No engine's mark: a sandbox, whose services must stay stoppable by their PID file. A
    # container's is refused: test_recorded_container_is_refused_though_its_pid_is_given.
    program = stage.program("ct0foo")
    inside = stage.start_contained(program)
    (stage.folder / "pid").write_text(f"{inside}\n")
    assert stage.run("killproc", "-p", stage.folder / "pid", program).status == 0
    assert not stage.alive(inside)


@pytest.mark.parametrize("words", [["-p", "{pid}"], ["-p", "/run/foo.pid"], []], ids=str)
def test_recorded_container_is_refused_though_its_pid_is_given(
    stage: Daemons, words: list[str]
) -> None:
    root = stage.folder / "host"
    for pid, group in (
        (1, "0::/init.scope\n"),
        (50, "0::/x.service\n"),
        (70, "0::/lxc.payload.web1\n"),
    ):
        planted.process(
            root,
            pid,
            comm="foo",
            exe="/usr/sbin/foo",
            cgroup=group,
            nspid=f"{pid}" if pid < 70 else "70 5",
            namespace=f"pid:[{1 if pid < 70 else 2}]",
        )
    (root / "usr/sbin").mkdir(parents=True)
    (root / "usr/sbin/foo").write_text("\x7fELF")
    (root / "run").mkdir()
    (root / "run/foo.pid").write_text("70\n")
    arguments = [word.format(pid=70) for word in words]
    got = stage.run("killproc", *arguments, "/usr/sbin/foo", env={"CT0_ROOT": str(root)})
    expected = "" if words else "would send signal 15 to 50 (foo)\n"
    assert got == (0, expected, "")
    arguments = [word.format(pid=50) for word in words]
    (root / "run/foo.pid").write_text("50\n")
    got = stage.run("killproc", *arguments, "/usr/sbin/foo", env={"CT0_ROOT": str(root)})
    assert got == (0, "would send signal 15 to 50 (foo)\n", "")


def test_dry_run_says_whom_and_signals_nobody(stage: Daemons) -> None:
    program = stage.program("ct0foo")
    pid = stage.start(program)
    got = stage.run("killproc", program, env={"CT0_DRY_RUN": "1"})
    assert got == (0, f"would send signal 15 to {pid} (ct0foo)\n", "")
    assert stage.alive(pid)


class TestSignals:
    @pytest.mark.parametrize(
        ("words", "number"),
        [
            (["-HUP", "P"], 1),
            (["-SIGUSR1", "P"], 10),
            (["-usr2", "P"], 12),
            (["-1", "P"], 1),
            (["P", "-HUP"], 1),
            (["P", "-2"], 2),
            (["-v", "P", "-RTMIN+1"], 35),
            (["-TERM", "P"], 15),
            (["-KILL", "P"], 9),
            (["P"], 15),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else None,
    )
    def test_stands_anywhere(self, stage: Daemons, words: list[str], number: int) -> None:
        program = stage.program("ct0foo")
        pid = stage.start(program)
        words = [str(program) if word == "P" else word for word in words]
        assert stage.run("killproc", *words).status == 0
        assert stage.died_of(pid) == number

    def test_of_two_the_first_is_an_option_there_is_not(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        pid = stage.start(program)
        assert stage.run("killproc", "-HUP", "-TERM", program).status == 2
        assert stage.alive(pid)

    def test_verbose_names_what_was_sent(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        pids = sorted(stage.start(program) for _ in range(2))
        said = " ".join(f"SIGHUP ct0foo({pid})" for pid in pids) + "\n"
        assert stage.run("killproc", "-v", "-HUP", program) == (0, said, "")

    def test_list(self, stage: Daemons) -> None:
        got = stage.run("killproc", "-l")
        assert got == (0, signal_table(), "")
        lines = got.out.split("\n")
        assert lines[0] == " 1) SIGHUP       2) SIGINT       3) SIGQUIT      4) SIGILL      "
        assert lines[-2] == "63) SIGRTMAX-1  64) SIGRTMAX    "

    @pytest.mark.parametrize(
        ("arguments", "number", "rest"),
        [
            (["-HUP", "x"], 1, ["x"]),
            (["x", "-15"], 15, ["x"]),
            (["-v", "x"], None, ["-v", "x"]),
            (["-t5", "x"], None, ["-t5", "x"]),
            (["-0", "x"], None, ["-0", "x"]),
            (["-65", "x"], None, ["-65", "x"]),
            (["-"], None, ["-"]),
            ([], None, []),
        ],
    )
    def test_taken_from_the_command_line(
        self, arguments: list[str], number: int | None, rest: list[str]
    ) -> None:
        assert take_signal(arguments) == (number, rest)

    @given(st.lists(st.text(alphabet="-019HUPx ", max_size=4)))
    def test_taking_keeps_all_other_words(self, arguments: list[str]) -> None:
        number, rest = take_signal(arguments)
        assert len(rest) == len(arguments) - (number is not None)


class TestWaiting:
    def test_kill_follows_when_term_did_not_do(self, stage: Daemons) -> None:
        script, pid = deaf(stage)
        began = time.monotonic()
        assert stage.run("killproc", "-t1", script) == (0, "", "")
        assert 1.0 <= time.monotonic() - began < 5  # without -t it waits so long
        assert stage.died_of(pid) == signal.SIGKILL

    def test_explicit_term_is_not_followed_and_fails(self, stage: Daemons) -> None:
        script, pid = deaf(stage)
        assert stage.run("killproc", "-t1", "-TERM", script).status == 1
        assert stage.alive(pid)

    def test_other_signal_is_not_waited_for(self, stage: Daemons) -> None:
        script, pid = deaf(stage)
        began = time.monotonic()
        assert stage.run("killproc", "-CONT", script).status == 0
        assert time.monotonic() - began < 5
        assert stage.alive(pid)

    def test_zombie_whose_parent_sleeps_is_ended(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        pid = stage.start(program)  # nobody waits for it while killproc looks
        began = time.monotonic()
        assert stage.run("killproc", program).status == 0
        assert time.monotonic() - began < 5
        assert stage.died_of(pid) == signal.SIGTERM


class TestPidFile:
    def test_it_alone_decides(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        first, second = stage.start(program), stage.start(program)
        (stage.folder / "pid").write_text(f"{second}\n")
        assert stage.run("killproc", "-p", stage.folder / "pid", program).status == 0
        assert stage.died_of(second) == signal.SIGTERM
        assert stage.alive(first)

    def test_removed_after_term(self, stage: Daemons) -> None:
        assert not self.left_by(stage)

    def test_kept_after_another_signal(self, stage: Daemons) -> None:
        assert self.left_by(stage, "-HUP")

    @staticmethod
    def left_by(stage: Daemons, *words: str) -> bool:
        program = stage.program("ct0foo")
        (stage.folder / "pid").write_text(f"{stage.start(program)}\n")
        assert stage.run("killproc", "-p", stage.folder / "pid", *words, program).status == 0
        return (stage.folder / "pid").exists()

    def test_kept_when_a_new_daemon_has_written_its_own(self, stage: Daemons) -> None:
        pid_file = stage.folder / "pid"
        script = stage.script(
            "ct0script", f"#!/bin/sh\ntrap 'echo 1 >{pid_file}; exit' TERM\necho $$ >{pid_file}\n"
            "while :; do sleep 0.02; done\n"
        )  # fmt: skip
        stage.start(script, "x")
        wait_until(lambda: pid_file.exists() and pid_file.read_text())
        assert stage.run("killproc", "-p", pid_file, script).status == 0
        assert pid_file.read_text() == "1\n"

    def test_stale_file_is_the_last_word(self, stage: Daemons) -> None:
        program = stage.program("ct0foo")
        pid, other = stage.start(program), stage.start(stage.program("ct0bar"))
        (stage.folder / "pid").write_text(f"{other}\n")
        assert stage.run("killproc", "-p", stage.folder / "pid", program).status == 0
        assert stage.alive(pid)
        assert stage.alive(other)

    @pytest.mark.parametrize("literal", ["{0}", "{0} {1}"])
    def test_pids_may_stand_for_a_file(self, stage: Daemons, literal: str) -> None:
        program = stage.program("ct0foo")
        pids = [stage.start(program) for _ in range(3)]
        assert stage.run("killproc", "-p", literal.format(*pids), program).status == 0
        count = len(literal.split())
        assert [stage.died_of(pid) for pid in pids[:count]] == [signal.SIGTERM] * count
        assert all(stage.alive(pid) for pid in pids[count:])

    def test_complaints(self, stage: Daemons) -> None:
        program, pid_file = stage.program("ct0foo"), stage.folder / "pid"
        words = [str(stage.shims / "killproc"), "-p", str(pid_file), str(program)]
        pid_file.write_text("oops\n")
        text = f"killproc: Can not handle pid file {pid_file} with pid `oops'\n"
        assert run_on_terminal(words) == (1, text)
        pid_file.write_text("")
        assert run_on_terminal(words) == (0, f"killproc: Empty pid file {pid_file} for {program}\n")


class TestKin:
    def test_caller_and_its_parent_are_never_touched(self, stage: Daemons) -> None:
        # Two shells of one name call it: neither may die of `killproc NAME`.
        shell = stage.folder / "ct0shell"
        shell.write_bytes(Path("/bin/dash").read_bytes())
        shell.chmod(0o755)
        inner = f"'{shell}' -c '{stage.shims}/killproc {{0}}; echo $?; true'; echo outer"
        for operand in (shell, shell.name):
            got = subprocess.run(
                [shell, "-c", inner.format(operand)], capture_output=True, text=True, timeout=60
            )
            assert got.stdout == "0\nouter\n"

    def test_group_of_the_caller_survives_g(self, stage: Daemons) -> None:
        # The daemon is in the script's own process group.
        program = stage.program("ct0foo")
        script = f"{program} 1000 & {stage.shims}/killproc -g {program}; echo $?; wait; echo end"
        got = subprocess.run(
            ["sh", "-c", script], capture_output=True, text=True, start_new_session=True, timeout=60
        )
        assert got.stdout == "0\nend\n"


class TestGroups:
    def pair(self, stage: Daemons) -> tuple[Path, int, int]:
        """A daemon that leads a group in which a process of another program is."""
        program, helper = stage.program("ct0foo"), stage.program("ct0helper")
        leader = stage.start(
            "sh", "-c", f"{helper} 1000 & exec {program} 1000", start_new_session=True
        )
        found: list[int] = []

        def seen() -> bool:
            got = stage.run("pidofproc", helper).out.split()
            found[:] = [int(word) for word in got]
            return bool(found) and stage.run("checkproc", program).status == 0

        wait_until(seen)
        return program, leader, found[0]

    @pytest.mark.parametrize("option", ["-g", "-G"])
    def test_members_are_signalled_too(self, stage: Daemons, option: str) -> None:
        program, leader, member = self.pair(stage)
        assert stage.run("killproc", option, program).status == 0
        assert stage.died_of(leader) == signal.SIGTERM
        wait_until(lambda: not stage.alive(member))

    def test_without_them_members_live(self, stage: Daemons) -> None:
        program, leader, member = self.pair(stage)
        try:
            assert stage.run("killproc", program).status == 0
            assert stage.died_of(leader) == signal.SIGTERM
            assert stage.alive(member)
        finally:
            os.kill(member, 9)

    def test_group_of_init_is_not_expanded(self, stage: Daemons) -> None:
        root = stage.folder / "host"
        for pid, comm in ((1, "init"), (50, "foo"), (60, "bar")):
            planted.process(root, pid, comm=comm, pgrp=1, exe=f"/usr/sbin/{comm}")
        got = stage.run("killproc", "-g", "-HUP", "foo", env={"CT0_ROOT": str(root)})
        assert got == (0, "would send signal 1 to 50 (foo)\n", "")

    @root_only
    @pytest.mark.parametrize("option", ["-g", "-G"])
    def test_containers_member_lives(self, stage: Daemons, option: str) -> None:
        # unshare without setsid leaves the container's processes in the daemon's group.
        program, inside = stage.program("ct0foo"), stage.program("ct0inside")
        leader = stage.start(
            "sh",
            "-c",
            f"unshare --pid --fork --mount-proc sh -c '{inside} 1000 & sleep 1000' & "
            f"exec {program} 1000",
            start_new_session=True,
        )
        member: list[int] = []

        def seen() -> bool:
            got = stage.run("pidofproc", inside, env={"CT0_SCOPE": "all"}).out.split()
            member[:] = [int(word) for word in got]
            return bool(member) and stage.run("checkproc", program).status == 0

        wait_until(seen)
        try:
            assert os.getpgid(member[0]) == leader
            assert stage.run("killproc", option, "-KILL", program).status == 0
            assert stage.died_of(leader) == signal.SIGKILL
            assert stage.alive(member[0])
        finally:
            kill_tree(member[0])


def test_many_processes_of_one_daemon(stage: Daemons) -> None:
    # More than the descriptors the shim may open to begin with.
    program = stage.program("ct0foo")
    pids = [stage.start(program) for _ in range(40)]
    script = f"ulimit -Sn 20; exec {stage.shims}/killproc {program}"
    assert subprocess.run(["sh", "-c", script], check=False).returncode == 0
    assert [stage.died_of(pid) for pid in pids] == [signal.SIGTERM] * 40


@root_only
def test_daemon_of_another_user_is_4(stage: Daemons) -> None:
    # By name it is found; the kernel does not let nobody signal it.
    pid = stage.start(stage.program("ct0foo"))
    assert stage.run("killproc", "ct0foo", user=65534).status == 4
    assert stage.alive(pid)


def deaf(stage: Daemons) -> tuple[Path, int]:
    """A daemon that does not hear TERM; it is a script, for sleep hears it."""
    ready = stage.folder / "ready"
    script = stage.script("ct0deaf", "#!/bin/sh\n" + DEAF.format(ready=ready) + "\n")
    pid = stage.start(script, "x")
    wait_until(ready.exists)
    return script, pid


def kill_tree(member: int) -> None:
    """End the container of `member` by killing its init, its parent."""
    parent = int(Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(parent, signal.SIGKILL)


class TestOpenvz6:
    """The recorded node: crond is 350 on CT0, 177 in CT 101, 286 in CT 102."""

    @pytest.mark.parametrize(
        ("words", "status", "out"),
        [
            (["-HUP", "crond"], 0, "would send signal 1 to 350 (crond)\n"),
            (["-p", "350", "crond"], 0, "would send signal 15 to 350 (crond)\n"),
            (["-p", "177", "-HUP", "crond"], 7, ""),
            (["-p", "177 286 350", "-HUP", "crond"], 0, "would send signal 1 to 350 (crond)\n"),
            (["-HUP", "-n", "kthreadd"], 0, "would send signal 1 to 2 (kthreadd)\n"),
            (["-HUP", "-n", "kthreadd/101"], 7, ""),
            (["-HUP", "kthreadd"], 7, ""),
            (["-HUP", "init"], 7, ""),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else None,
    )
    def test_signals_ct0s_own_only(
        self,
        stage: Daemons,
        host: Callable[[str], Path],
        words: list[str],
        status: int,
        out: str,
    ) -> None:
        got = stage.run("killproc", *words, env={"CT0_ROOT": str(host("openvz6"))})
        assert got == (status, out, "")
