"""functions/rhel.sh by the table of RHEL 6's and later functions; RHEL's own are not at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from ct0_shims.ct0_pids import read_delay, read_signal
from ct0_shims.delivery import hooks
from ct0_shims.options import UsageError
from daemons import CHECKOUT, Daemons, daemons, wait_until

FUNCTIONS = CHECKOUT / "shims/ct0_shims/functions"
STAND_IN = CHECKOUT / "tests/lab/files/rhel-functions"
SHELLS = [shell for shell in ("dash", "bash") if shutil.which(shell)]
RESULTS = 'success() { echo "OK: $1"; }; failure() { echo "FAILED: $1"; return 1; }\n'

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="makes PID namespaces: needs root")
every_shell = pytest.mark.parametrize("shell", SHELLS)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Daemons]:
    yield from daemons(tmp_path)


class Shell(NamedTuple):
    status: int
    out: str


def call(stage: Daemons, text: str, shell: str, *, results: str = RESULTS, **more: str) -> Shell:
    """Source the functions with `set -eu` in an empty environment and run `text`."""
    script = f"{results}set -eu\n. {FUNCTIONS}/rhel.sh\n{text}\n"
    done = subprocess.run(
        [f"/bin/{shell}", "-c", script, "/etc/rc.d/init.d/foo"],
        stdout=subprocess.PIPE,
        text=True,
        env={"CT0_SHIMS": str(stage.shims), **more},
        timeout=60,
    )
    return Shell(done.returncode, done.stdout)


class Case(NamedTuple):
    """A call; the PID file's text ({pid}, {dead}, {other}) or None; what it prints and returns."""

    line: str
    text: str | None
    status: int
    out: str
    running: bool = True
    fate: int | None = None  # the signal the daemon dies of
    left: bool = False  # the PID file is still there


P = "-p {dir}/pid {prog}"
USAGE = "Usage: killproc [-p pidfile] [ -d delay] {{program}} [-signal]\n"
CASES = {
    "pidofproc: no argument": Case(
        "pidofproc", None, 1, "Usage: pidofproc [-p pidfile] {{program}}\n"
    ),
    "pidofproc: by its path": Case("pidofproc {prog}", None, 0, "{pid}\n"),
    "pidofproc: by its name": Case("pidofproc ct0foo", None, 0, "{pid}\n"),
    "pidofproc: by the name of a path that is not there": Case(
        "pidofproc /nonexistent/ct0foo", None, 0, "{pid}\n"
    ),
    "pidofproc: stopped": Case("pidofproc {prog}", None, 3, "", running=False),
    "pidofproc -p: right": Case(f"pidofproc {P}", "{pid}\n", 0, "{pid}\n", left=True),
    "pidofproc -p: all lines up to an empty one": Case(
        f"pidofproc {P}", "{other}\n{pid}\n\n{other}\n", 0, "{other} {pid}\n", left=True
    ),
    "pidofproc -p: stale": Case(f"pidofproc {P}", "{dead}\n", 1, "", left=True),
    "pidofproc -p: empty": Case(f"pidofproc {P}", "", 1, "", left=True),
    "pidofproc -p: missing": Case(f"pidofproc {P}", None, 3, ""),
    "checkpid: one of them runs": Case("checkpid {dead} {pid}", None, 0, ""),
    "checkpid: none runs": Case("checkpid {dead}", None, 1, ""),
    "checkpid: none given": Case("checkpid", None, 1, ""),
    "pidfileofproc: no argument": Case(
        "pidfileofproc", None, 1, "Usage: pidfileofproc {{program}}\n"
    ),
    "pidfileofproc: no pid file": Case("pidfileofproc {prog}", None, 0, ""),
    "status: no argument": Case("status", None, 1, "Usage: status [-p pidfile] {{program}}\n"),
    "status: runs": Case("status {prog}", None, 0, "ct0foo (pid {pid}) is running...\n"),
    "status: stopped": Case("status {prog}", None, 3, "ct0foo is stopped\n", running=False),
    "status -p: runs": Case(
        f"status {P}", "{pid}\n", 0, "ct0foo (pid  {pid}) is running...\n", left=True
    ),
    "status -p: stale": Case(
        f"status {P}", "{dead}\n", 1, "ct0foo dead but pid file exists\n", left=True
    ),
    "status -p: missing": Case(f"status {P}", None, 3, "ct0foo is stopped\n"),
    "status -p -b: another binary": Case(
        "status -p {dir}/pid -b /usr/bin/true {prog}",
        "{pid}\n",
        1,
        "ct0foo dead but pid file exists\n",
        left=True,
    ),
    "status -b without -p": Case(
        "status -b /x {prog}",
        None,
        1,
        "-b option can be used only with -p\nUsage: status -p pidfile -b binary program\n",
    ),
    "killproc: no argument": Case("killproc", None, 1, USAGE),
    "killproc: runs": Case("killproc {prog}", None, 0, "OK: ct0foo shutdown\n", fate=15),
    "killproc: stopped is no failure": Case(
        "killproc {prog}", None, 0, "FAILED: ct0foo shutdown\n", running=False
    ),
    "killproc -HUP": Case("killproc {prog} -HUP", None, 0, "OK: ct0foo -HUP\n", fate=1),
    "killproc -9": Case("killproc {prog} -9", None, 0, "OK: ct0foo -9\n", fate=9),
    "killproc -HUP: stopped": Case(
        "killproc {prog} -HUP", None, 0, "FAILED: ct0foo shutdown\n", running=False
    ),
    "killproc -HUP: stopped, LSB": Case(
        "LSB=LSB-1.1; killproc {prog} -HUP", None, 7, "", running=False
    ),
    "killproc -BOGUS": Case("killproc {prog} -BOGUS", None, 1, "FAILED: ct0foo -BOGUS\n"),
    "killproc -p": Case(f"killproc {P}", "{pid}\n", 0, "OK: ct0foo shutdown\n", fate=15),
    "killproc -p -HUP": Case(
        f"killproc {P} -HUP", "{pid}\n", 0, "OK: ct0foo -HUP\n", fate=1, left=True
    ),
    "killproc -p: stale is removed": Case(
        f"killproc {P}", "{dead}\n", 0, "FAILED: ct0foo shutdown\n"
    ),
    "killproc -p: missing though it runs": Case(
        f"killproc {P}", None, 0, "FAILED: ct0foo shutdown\n"
    ),
    "killproc -p -b: another binary lives": Case(
        "killproc -p {dir}/pid -b /usr/bin/true {prog}", "{pid}\n", 0, "FAILED: ct0foo shutdown\n"
    ),
    "killproc -p -b: the right one": Case(
        "killproc -p {dir}/pid -b {prog} {prog}", "{pid}\n", 0, "OK: ct0foo shutdown\n", fate=15
    ),
    "killproc -b without -p": Case(
        "killproc -b /x {prog}",
        None,
        1,
        "-b option can be used only with -p\nUsage: killproc -p pidfile -b binary program\n",
    ),
    "killproc -d: no time": Case("killproc -d soon {prog}", None, 1, USAGE),
    "killproc -d: a time": Case(
        "killproc -d '1m 2s' {prog}", None, 0, "OK: ct0foo shutdown\n", fate=15
    ),
    "killproc -p alone": Case("killproc -p", None, 0, "FAILED:  shutdown\n"),
    "verbose boot names it": Case(
        "BOOTUP=verbose; killproc {prog}", None, 0, "ct0foo OK: ct0foo shutdown\n", fate=15
    ),
}


@every_shell
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_row(stage: Daemons, case: Case, shell: str) -> None:
    program = stage.program("ct0foo")
    pid = stage.reap(stage.start(program)) if case.running else 0
    other = stage.start(stage.program("ct0bar"))
    dead = subprocess.Popen(["true"])
    dead.wait()
    names = {"pid": pid, "dead": dead.pid, "other": other, "dir": stage.folder, "prog": program}
    if case.text is not None:
        (stage.folder / "pid").write_text(case.text.format(**names))

    got = call(stage, f"s=0; {case.line.format(**names)} || s=$?; exit $s", shell)
    assert got == (case.status, case.out.format(**names))
    assert stage.alive(other)
    if case.fate:
        assert stage.died_of(pid) == case.fate
    elif pid:
        assert stage.alive(pid)
    assert (stage.folder / "pid").exists() == case.left


@every_shell
class TestKillproc:
    def test_kill_follows_after_the_delay(self, stage: Daemons, shell: str) -> None:
        ready = stage.folder / "ready"
        script = stage.script(
            "ct0deaf", f"#!/bin/sh\ntrap '' TERM\necho >{ready}\nwhile :; do sleep 0.05; done\n"
        )
        pid = stage.reap(stage.start(script, "x"))
        wait_until(ready.exists)
        began = time.monotonic()
        got = call(stage, f"killproc -d 0.5 {script}", shell)
        assert got == (0, "OK: ct0deaf shutdown\n")
        assert 0.5 <= time.monotonic() - began < 3
        assert stage.died_of(pid) == 9

    def test_pid_file_of_a_container_is_stale(self, stage: Daemons, shell: str) -> None:
        pretend_container(stage)
        program = stage.program("ct0foo")
        pid = stage.start(program)
        (stage.folder / "pid").write_text(f"{pid}\n")
        words = f"-p {stage.folder}/pid {program}"
        text = "ct0foo dead but pid file exists\n"
        assert call(stage, f"status {words}", shell) == (1, text)
        assert call(stage, f"killproc {words} -HUP", shell).out == "FAILED: ct0foo shutdown\n"
        assert call(stage, f"killproc {words}", shell).out == "FAILED: ct0foo shutdown\n"
        assert call(stage, f"checkpid {pid}", shell).status == 1
        assert stage.alive(pid)

    @root_only
    def test_containers_process_survives(self, stage: Daemons, shell: str) -> None:
        program = stage.program("ct0foo")
        inside = stage.start_contained(program)
        assert call(stage, f"status {program}", shell) == (3, "ct0foo is stopped\n")
        for words in ("", "-HUP"):
            assert call(stage, f"killproc {program} {words}", shell).status == 0
        pid = stage.reap(stage.start(program))
        assert call(stage, f"killproc {program}", shell) == (0, "OK: ct0foo shutdown\n")
        assert stage.died_of(pid) == 15
        assert stage.alive(inside)

    def test_ct0_that_cannot_work_kills_nobody_and_says_so(
        self, stage: Daemons, shell: str
    ) -> None:
        program = stage.program("ct0foo")
        pid = stage.start(program)
        (stage.folder / "pid").write_text(f"{pid}\n")
        (stage.folder / "ct0-shims").write_text("#!/nonexistent/python3\n")
        for words in (f"-p {stage.folder}/pid {program}", str(program)):
            assert call(stage, f"killproc {words}", shell) == (4, "FAILED: ct0foo shutdown\n")
            assert call(stage, f"status {words}", shell).status == 4
        assert stage.alive(pid)
        assert (stage.folder / "pid").exists()


@every_shell
@pytest.mark.parametrize(
    ("states", "status"), [("active running", 0), ("active exited", 3), ("inactive dead", 0)]
)
def test_status_is_systemds_where_it_runs_the_script(
    stage: Daemons, shell: str, states: str, status: int
) -> None:
    active, sub = states.split()
    stage.script(
        "systemctl",
        f'#!/bin/sh\n[ $1 = show ] || exec echo "$*"\necho ActiveState={active}\n'
        f"echo SubState={sub}\n",
    )
    path = f"{stage.folder}:/bin"
    got = call(stage, "_use_systemctl=1; status /usr/sbin/food", shell, PATH=path)
    assert got == (status, "status foo.service\n")


@every_shell
class TestSaying:
    def test_lsb_functions_where_there_are_no_others(self, stage: Daemons, shell: str) -> None:
        program = stage.program("ct0foo")
        results = 'log_failure_msg() { echo "no: $1"; }\n'
        got = call(stage, f"killproc {program}", shell, results=results, PATH="/bin")
        assert got == (0, "no: ct0foo shutdown\n")

    def test_plain_letters_where_there_is_nothing(self, stage: Daemons, shell: str) -> None:
        program = stage.program("ct0foo")
        got = call(stage, f"killproc {program}", shell, results="", PATH="/bin")
        assert got == (0, "[FAILED]\n")
        stage.reap(stage.start(program))
        assert call(stage, f"killproc {program}", shell, results="").out == "[  OK  ]\n"

    def test_locked(self, stage: Daemons, shell: str) -> None:
        if os.geteuid() != 0 or not os.access("/var/lock", os.W_OK):
            pytest.skip("needs /var/lock")
        program = stage.program("ct0foo")
        lock = Path("/var/lock/subsys/ct0-test-lock")
        made = not lock.parent.exists()
        lock.parent.mkdir(exist_ok=True)
        lock.touch()
        try:
            got = call(stage, f"status -l {lock.name} {program}", shell)
            assert got == (2, "ct0foo dead but subsys locked\n")
        finally:
            lock.unlink()
            if made:
                lock.parent.rmdir()


@every_shell
@root_only
def test_hook_line_makes_rhels_own_functions_spare_containers(stage: Daemons, shell: str) -> None:
    """RHEL 7's kind, which calls `pidof -c -m`, with our line in /etc/sysconfig/init."""
    init = stage.folder / "sysconfig-init"
    line = hooks.RHEL_LINE.replace("/usr/lib/ct0/shims", str(stage.shims))
    assert line != hooks.RHEL_LINE
    init.write_text(f"BOOTUP=color\n{line}\n")
    text = STAND_IN.read_text().replace("@PIDOF_OPTIONS@", "-c -m")
    text = text.replace(hooks.RHEL_FILE, str(init))
    functions = stage.folder / "functions"
    functions.write_text(text)
    program = stage.program("ct0foo")
    inside = stage.start_contained(program)
    script = stage.script(
        "service", f'#!/bin/{shell}\n. {functions}\n"$1" {program}\n'
    )  # fmt: skip

    def service(action: str) -> Shell:
        done = subprocess.run(
            [script, action], stdout=subprocess.PIPE, text=True, env={}, timeout=60
        )
        return Shell(done.returncode, done.stdout)

    assert service("status") == (3, "ct0foo is stopped\n")
    assert service("killproc") == (0, "[FAILED]\n")
    assert stage.alive(inside)
    pid = stage.reap(stage.start(program))
    assert service("status") == (0, f"ct0foo (pid {pid}) is running...\n")
    assert service("killproc") == (0, "[  OK  ]\n")
    assert stage.died_of(pid) == 15
    assert stage.alive(inside)


def pretend_container(stage: Daemons) -> None:
    """From now on ct0-pids takes every process for a container's."""
    owner = "lambda *_: owner.Owner('container', '')"
    stage.patch("ct0-pids", "import ct0.owner as owner", f"owner.Ownership.owner = {owner}")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3", 3), ("1.5", 1.5), ("2s", 2), ("1m 2s", 62), ("1H", 3600), ("1d", 86400), ("0", 0)],
)
def test_delay(text: str, seconds: float) -> None:
    assert read_delay(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1x", "-1", "1..5", "٣", "m", "."])
def test_delay_that_is_none(text: str) -> None:
    with pytest.raises(UsageError):
        read_delay(text)


@pytest.mark.parametrize(("text", "number"), [("-HUP", 1), ("HUP", 1), ("-9", 9), ("-SIGUSR1", 10)])
def test_signal(text: str, number: int) -> None:
    assert read_signal(text) == number


@pytest.mark.parametrize("text", ["", "-", "-s", "--HUP", "-99"])
def test_signal_that_is_none(text: str) -> None:
    with pytest.raises(UsageError):
        read_signal(text)


class TestCt0Pids:
    """The exit statuses the shell functions build upon."""

    @pytest.mark.parametrize(
        ("words", "text", "status", "out"),
        [
            (["{pid}"], None, 0, "{pid}\n"),
            (["{dead}", "{pid} {other}"], None, 0, "{pid} {other}\n"),
            (["{dead}"], None, 1, ""),
            ([], None, 1, ""),
            (["-Z"], None, 2, ""),
            (["-s", "BOGUS", "{pid}"], None, 2, ""),
            (["-f", "{dir}/pid"], None, 3, ""),
            (["-f", "{dir}"], None, 3, ""),
            (["-f", "{dir}/pid"], "", 5, ""),
            (["-f", "{dir}/pid"], "\n{pid}\n", 5, ""),
            (["-1", "-f", "{dir}/pid"], "\n{pid}\n", 0, "{pid}\n"),
            (["-1", "-f", "{dir}/pid"], "{pid} {other}\n", 0, "{pid}\n"),
            (["-f", "{dir}/pid"], "{pid} {other}\n{other}\n", 0, "{pid} {other}\n"),
            (["-a", "-f", "{dir}/pid"], "{pid}\n{other}\n", 0, "{pid} {other}\n"),
            (["-n", "ct0foo", "{pid}", "{other}"], None, 0, "{pid}\n"),
            (["-b", "{prog}", "{other}", "{pid}"], None, 0, "{pid}\n"),
            (["-s", "CONT", "{pid}"], None, 0, ""),
            (["-s", "TERM", "{dead}"], None, 1, ""),
            (["-s", "CONT", "1"], None, 1, ""),
        ],
    )
    def test_status(
        self, stage: Daemons, words: list[str], text: str | None, status: int, out: str
    ) -> None:
        program = stage.program("ct0foo")
        pid, other = stage.start(program), stage.start(stage.program("ct0bar"))
        dead = subprocess.Popen(["true"])
        dead.wait()
        names = {"pid": pid, "other": other, "dead": dead.pid, "dir": stage.folder}
        names["prog"] = program
        if text is not None:
            (stage.folder / "pid").write_text(text.format(**names))
        got = stage.run("ct0-pids", *(word.format(**names) for word in words))
        assert (got.status, got.out) == (status, out.format(**names))
        assert stage.alive(pid)

    def test_caller_is_never_signalled(self, stage: Daemons) -> None:
        got = subprocess.run(
            ["sh", "-c", f"{stage.shims}/ct0-pids -s TERM $$; echo $?"],
            capture_output=True,
            text=True,
        )
        assert got.stdout == "1\n"

    @root_only
    def test_another_users_process_is_4(self, stage: Daemons) -> None:
        pid = stage.start(stage.program("ct0foo"))
        assert stage.run("ct0-pids", "-s", "TERM", pid, user=65534).status == 4
        assert stage.run("ct0-pids", "-k", "1", pid, user=65534).status == 4
        assert stage.alive(pid)

    @root_only
    def test_file_that_may_not_be_read_is_4(self, stage: Daemons) -> None:
        file = stage.folder / "pid"
        file.write_text("1\n")
        file.chmod(0o600)
        assert stage.run("ct0-pids", "-f", file, user=65534).status == 4

    def test_dry_run_says_whom(self, stage: Daemons) -> None:
        pid = stage.start(stage.program("ct0foo"))
        got = stage.run("ct0-pids", "-k", "1", pid, env={"CT0_DRY_RUN": "1"})
        assert got == (0, f"would send signal 15 to {pid} (ct0foo)\n", "")
        assert stage.alive(pid)
