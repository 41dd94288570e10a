"""functions/lsb.sh against Debian's own /lib/lsb/init-functions, and where it must differ."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from daemons import CHECKOUT, Daemons, daemons, wait_until

FUNCTIONS = CHECKOUT / "shims/ct0_shims/functions"
DEBIAN = Path("/lib/lsb/init-functions")
SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)]
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="makes PID namespaces: needs root")
debian_only = pytest.mark.skipif(not DEBIAN.exists(), reason="no LSB functions of Debian's here")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Daemons]:
    yield from daemons(tmp_path)


class Shell(NamedTuple):
    status: int
    out: str
    err: str


def call(
    stage: Daemons,
    text: str,
    shell: str = "dash",
    *,
    ours: bool = True,
    debian: bool = True,
    options: str = "-eu",
    environment: dict[str, str] | None = None,
) -> Shell:
    """Source Debian's functions, then ours, and run `text`; as an init script, with `env -i`."""
    script = f". {DEBIAN}\n" if debian and DEBIAN.exists() else ""
    if ours:
        script += f"set {options}\n" * bool(options) + f". {FUNCTIONS}/lsb.sh\n"
    given = {"CT0_SHIMS": str(stage.shims)}
    given.update(PLAIN if environment is None else environment)
    done = subprocess.run(
        [f"/bin/{shell}", "-c", script + text, "/etc/init.d/foo"],
        capture_output=True,
        text=True,
        env=given,
        timeout=60,
    )
    return Shell(done.returncode, done.stdout, done.stderr)


class Case(NamedTuple):
    """A call, and what is there: PID file text ({pid} the daemon's, {dead}, {other}), or None."""

    line: str
    text: str | None
    running: bool = True


P = "-p {dir}/pid {prog}"
CASES = [
    pytest.param(Case(f"pidofproc {P}", "{pid}\n"), 0, id="pidofproc runs"),
    pytest.param(Case(f"pidofproc {P}", "{pid}"), 0, id="pidofproc no newline"),
    pytest.param(Case(f"pidofproc {P}", "{dead}\n"), 1, id="pidofproc stale"),
    pytest.param(Case(f"pidofproc {P}", "oops\n"), 1, id="pidofproc no number"),
    pytest.param(Case(f"pidofproc {P}", ""), 3, id="pidofproc empty file"),
    pytest.param(Case(f"pidofproc {P}", None), 3, id="pidofproc file missing though it runs"),
    pytest.param(Case("pidofproc -p '' {prog}", None), 3, id="pidofproc -p without a name"),
    pytest.param(Case("pidofproc {prog}", None), 0, id="pidofproc by its path"),
    pytest.param(Case("pidofproc ct0foo", None), 0, id="pidofproc by its name"),
    pytest.param(Case("pidofproc {prog}", None, False), 3, id="pidofproc does not run"),
    pytest.param(Case("pidofproc", None), 4, id="pidofproc no argument"),
    pytest.param(Case("pidofproc a b", None), 4, id="pidofproc two arguments"),
    pytest.param(Case(f"status_of_proc {P} foo", "{pid}\n"), 0, id="status runs"),
    pytest.param(Case(f"status_of_proc {P} foo", "{dead}\n"), 1, id="status stale"),
    pytest.param(Case(f"status_of_proc {P} foo", None), 3, id="status not running"),
    pytest.param(Case("status_of_proc {prog} foo", None), 0, id="status by its path"),
    pytest.param(Case("status_of_proc {prog} foo", None, False), 3, id="status no file"),
    pytest.param(Case(f"killproc {P}", "{pid}\n"), 0, id="killproc"),
    pytest.param(Case(f"killproc {P}", "{dead}\n"), 0, id="killproc stale"),
    pytest.param(Case(f"killproc {P}", "{other}\n"), 0, id="killproc another's pid"),
    pytest.param(Case(f"killproc {P}", None), 0, id="killproc file missing"),
    pytest.param(Case("killproc {prog}", None), 0, id="killproc never scans"),
    pytest.param(Case(f"killproc {P} -HUP", "{pid}\n"), 0, id="killproc -HUP"),
    pytest.param(Case(f"killproc {P} 1", "{pid}\n"), 0, id="killproc 1"),
    pytest.param(Case(f"killproc {P} -SIGHUP", "{pid}\n"), 0, id="killproc -SIGHUP"),
    pytest.param(Case(f"killproc {P} -HUP", "{dead}\n"), 3, id="killproc -HUP stale"),
    pytest.param(Case(f"killproc {P} -HUP", "{other}\n"), 3, id="killproc -HUP another's"),
    pytest.param(Case(f"killproc {P} -HUP", None), 3, id="killproc -HUP file missing"),
    pytest.param(Case(f"killproc {P} TERM", "{pid}\n"), 0, id="killproc TERM"),
    pytest.param(Case(f"killproc {P} 15", "{dead}\n"), 0, id="killproc 15 stale"),
    pytest.param(Case(f"killproc {P} TERM", None), 0, id="killproc TERM file missing"),
]


class Outcome(NamedTuple):
    status: int
    out: str
    fate: int | None  # the signal the daemon died of
    other_lives: bool
    pid_file_left: bool


def play(stage: Daemons, case: Case, shell: str, ours: bool) -> Outcome:
    """One case on fresh processes, the daemon reaped by its parent as by init."""
    program, bystander = stage.folder / "ct0foo", stage.folder / "ct0bar"
    if not program.exists():
        stage.program("ct0foo")
        stage.program("ct0bar")
    pid = stage.reap(stage.start(program)) if case.running else 0
    other = stage.start(bystander)
    dead = subprocess.Popen(["true"])
    dead.wait()
    file = stage.folder / "pid"
    if case.text is not None:
        file.write_text(case.text.format(pid=pid, dead=dead.pid, other=other))
    line = case.line.format(dir=stage.folder, prog=program)
    # The status through `||`, as init scripts that use -e write it.
    got = call(stage, f"s=0; {line} || s=$?; echo =$s", shell, ours=ours, options="-eu" * ours)
    out, _, status = got.out.rstrip("\n").rpartition("=")
    fate = None
    if pid and case.line.startswith("killproc"):
        fate = stage.fate(pid)
        if fate is None:
            os.kill(pid, 9)
    elif pid:
        os.kill(pid, 9)
    left = file.exists()
    file.unlink(missing_ok=True)
    return Outcome(int(status), out.replace(str(pid), "PID"), fate, stage.alive(other), left)


@debian_only
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("case", "status"), CASES)
def test_without_containers_it_is_debians(
    stage: Daemons, case: Case, status: int, shell: str
) -> None:
    ours = play(stage, case, shell, ours=True)
    assert ours.status == status
    assert ours.other_lives
    if shell == "dash":
        theirs = play(stage, case, shell, ours=False)
        if case.line.endswith("TERM") and ours.fate:
            # Debian's may look before the process has gone, and then leaves the file.
            theirs = theirs._replace(pid_file_left=ours.pid_file_left)
        assert ours == theirs


@pytest.mark.parametrize("shell", SHELLS)
class TestContainers:
    """An unmarked PID namespace is a sandbox: hidden from names, reached by its PID file. To play
    a container's, the caller is asked to see one: a bind-mounted cgroup file is more than a unit
    test should do; tests/lab has real ones."""

    @root_only
    def test_they_are_not_found_by_name(self, stage: Daemons, shell: str) -> None:
        program = stage.program("ct0foo")
        stage.start_contained(program)
        assert call(stage, f"pidofproc {program}", shell) == (3, "", "")
        assert call(stage, f"status_of_proc {program} foo", shell).status == 3

    def test_a_pid_file_that_names_one_is_stale(self, stage: Daemons, shell: str) -> None:
        refuse(stage)
        pid = stage.start(stage.program("ct0foo"))
        file = stage.folder / "pid"
        file.write_text(f"{pid}\n")
        words = f"-p {file} {stage.folder}/ct0foo"
        assert call(stage, f"pidofproc {words}", shell).status == 1
        assert call(stage, f"killproc {words}", shell).status == 0
        assert call(stage, f"killproc {words} -HUP", shell).status == 3
        assert stage.alive(pid)
        assert call(stage, f"killproc {words} TERM", shell).status == 0
        assert stage.alive(pid)
        assert not file.exists()  # as any stale one after an explicit TERM


def refuse(stage: Daemons) -> None:
    """From now on ct0-pids takes every process for a container's."""
    owner = "lambda *_: owner.Owner('container', '')"
    stage.patch("ct0-pids", "import ct0.owner as owner", f"owner.Ownership.owner = {owner}")


@pytest.mark.parametrize("shell", SHELLS)
class TestStartDaemon:
    def script(self, stage: Daemons) -> str:
        # start-stop-daemon starts a child of its own; what it started says so in a file.
        return str(stage.script("ct0start", f"#!/bin/sh\necho $# $1 $2 >>{stage.folder}/said\n"))

    @debian_only
    def test_starts_with_its_arguments(self, stage: Daemons, shell: str) -> None:
        script = self.script(stage)
        got = call(stage, f"start_daemon -n 5 {script} one 'two three'", shell)
        assert got == (0, "", "")
        assert (stage.folder / "said").read_text() == "2 one two three\n"

    @debian_only
    def test_pid_file_of_a_running_one_is_enough(self, stage: Daemons, shell: str) -> None:
        program, file = stage.program("ct0foo"), stage.folder / "pid"
        file.write_text(f"{stage.start(program)}\n")
        assert call(stage, f"start_daemon -p {file} {program} x", shell) == (0, "", "")

    @debian_only
    def test_pid_file_of_a_container_is_not(self, stage: Daemons, shell: str) -> None:
        refuse(stage)
        program, file = stage.program("ct0foo"), stage.folder / "pid"
        file.write_text(f"{stage.start(program)}\n")
        got = call(stage, f"start_daemon -p {file} {program} bogus", shell)
        assert "invalid time interval" in got.err  # so it was started

    @debian_only
    def test_force_starts_in_any_case(self, stage: Daemons, shell: str) -> None:
        script = self.script(stage)
        assert call(stage, f"start_daemon -f -p /x {script} one", shell).status == 0
        assert (stage.folder / "said").read_text() == "1 one\n"


@pytest.mark.parametrize("shell", SHELLS)
class TestAlone:
    """Without any functions of the distribution's."""

    def test_status_is_said_in_plain_words(self, stage: Daemons, shell: str) -> None:
        program = stage.program("ct0foo")
        got = call(stage, f"status_of_proc {program} foo", shell, debian=False)
        assert got == (3, "foo is not running\n", "")
        stage.start(program)
        got = call(stage, f"status_of_proc {program} foo", shell, debian=False)
        assert got == (0, "foo is running\n", "")

    def test_empty_environment_will_do(self, stage: Daemons, shell: str) -> None:
        program = stage.program("ct0foo")
        pid = stage.start(program)
        got = call(stage, f"pidofproc {program}", shell, debian=False, environment={})
        assert got == (0, f"{pid}\n", "")

    def test_strange_field_separators_do_no_harm(self, stage: Daemons, shell: str) -> None:
        program = stage.program("ct0foo")
        (stage.folder / "pid").write_text(f"{stage.start(program)}\n")
        text = f"IFS=0123456789; killproc -p {stage.folder}/pid {program}"
        assert call(stage, text, shell, debian=False, options="") == (0, "", "")
        assert stage.died_of(stage.started[-1].pid) == 15

    def test_ct0_that_cannot_work_kills_nobody_and_says_so(
        self, stage: Daemons, shell: str
    ) -> None:
        program = stage.program("ct0foo")
        pid = stage.start(program)
        (stage.folder / "pid").write_text(f"{pid}\n")
        (stage.folder / "ct0-shims").write_text("#!/nonexistent/python3\n")
        words = f"-p {stage.folder}/pid {program}"
        assert call(stage, f"killproc {words}", shell).status == 1
        assert call(stage, f"killproc {words} -HUP", shell).status == 1
        assert call(stage, f"pidofproc {words}", shell).status == 4
        assert call(stage, f"pidofproc {program}", shell).status == 4
        assert stage.alive(pid)


@pytest.mark.parametrize("shell", SHELLS)
class TestHook:
    """/lib/lsb/init-functions.d/99-ct0, sourced as /lib/lsb/init-functions does it."""

    SOURCE = "set -eu\n[ -r {hook} ] && . {hook} || true\n"

    def lay_out(self, stage: Daemons) -> None:
        shutil.copytree(FUNCTIONS, stage.folder / "functions")

    def hooked(
        self, stage: Daemons, shell: str, text: str, path: str | None = "/usr/bin:/bin"
    ) -> Shell:
        script = self.SOURCE.format(hook=FUNCTIONS / "99-ct0") + text
        environment = {"CT0_SHIMS": str(stage.shims)} | ({"PATH": path} if path else {})
        return call(
            stage, script, shell, ours=False, debian=False, environment=environment, options=""
        )

    def test_shims_are_first_in_path_once(self, stage: Daemons, shell: str) -> None:
        self.lay_out(stage)
        again = self.SOURCE.format(hook=FUNCTIONS / "99-ct0")
        got = self.hooked(stage, shell, f"{again}echo $PATH; command -v pidof")
        assert got == (0, f"{stage.shims}:/usr/bin:/bin\n{stage.shims}/pidof\n", "")

    def test_functions_are_ours(self, stage: Daemons, shell: str) -> None:
        self.lay_out(stage)
        pid = stage.start(stage.program("ct0foo"))
        assert self.hooked(stage, shell, f"pidofproc {stage.folder}/ct0foo").out == f"{pid}\n"

    def test_no_path_at_all(self, stage: Daemons, shell: str) -> None:
        self.lay_out(stage)
        got = self.hooked(stage, shell, "unset PATH; . " + f"{FUNCTIONS}/99-ct0; echo $PATH", None)
        assert got == (0, f"{stage.shims}\n", "")

    @pytest.mark.parametrize(
        "gone", ["functions", "ct0-shims", "shims", "shims/ct0-pids", "shims/pidof"]
    )
    def test_half_removed_it_does_nothing(self, stage: Daemons, shell: str, gone: str) -> None:
        self.lay_out(stage)
        path = stage.folder / gone
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        text = "echo $PATH; command -v pidofproc || echo none"
        assert self.hooked(stage, shell, text) == (0, "/usr/bin:/bin\nnone\n", "")

    def test_leaves_no_variable_of_its_own(self, stage: Daemons, shell: str) -> None:
        self.lay_out(stage)
        text = "echo ${ct0_shims-unset} ${ct0_functions-unset}"
        assert self.hooked(stage, shell, text).out == "unset unset\n"


class TestInitScript:
    """An init script of Debian's kind, with the hook where Debian reads it."""

    SCRIPT = """#!/bin/sh
DAEMON={program}
PIDFILE={folder}/foo.pid
. {library}
case $1 in
    start) start_daemon -p $PIDFILE $DAEMON 1000 & ;;
    stop) log_daemon_msg "Stopping foo" foo; killproc -p $PIDFILE $DAEMON; log_end_msg $? ;;
    status) status_of_proc -p $PIDFILE $DAEMON foo && exit 0 || exit $? ;;
    sweep) for pid in $(pidof $DAEMON); do kill $pid; done ;;
esac
"""

    @debian_only
    @root_only
    def test_stops_ct0s_daemon_and_no_containers(self, stage: Daemons) -> None:
        shutil.copytree(FUNCTIONS, stage.folder / "functions")
        hooks = stage.folder / "init-functions.d"
        hooks.mkdir()
        shutil.copy(FUNCTIONS / "99-ct0", hooks / "99-ct0")
        library = stage.folder / "init-functions"
        library.write_text(DEBIAN.read_text().replace("/lib/lsb/init-functions.d", str(hooks)))
        program = stage.program("ct0foo")
        script = stage.script(
            "foo", self.SCRIPT.format(program=program, folder=stage.folder, library=library)
        )
        inside = stage.start_contained(program)
        pid = stage.start(program)
        (stage.folder / "foo.pid").write_text(f"{pid}\n")
        environment = {**PLAIN, "CT0_SHIMS": str(stage.shims)}

        def service(action: str) -> Shell:
            words = [str(script), action]
            done = subprocess.run(
                words, capture_output=True, text=True, env=environment, timeout=60
            )
            return Shell(done.returncode, done.stdout, done.stderr)

        assert service("status") == (0, "foo is running.\n", "")
        assert service("stop") == (0, "Stopping foo: foo.\n", "")
        assert stage.died_of(pid) == 15
        assert stage.alive(inside)
        assert service("status") == (1, "foo is not running ... failed!\n", "")
        # The pid of a bare `pidof` in the script, through PATH:
        second = stage.start(program)
        assert service("sweep") == (0, "", "")
        assert stage.died_of(second) == 15
        assert stage.alive(inside)


def test_wait_until_waits() -> None:
    wait_until(lambda: True, 0)
