"""The time limit: what ends in time is whole, what does not is killed and says nothing."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ct0_checks.layer.deadline import Late, asked, gather, seconds_asked, within


def test_output_and_status_of_work_that_ends() -> None:
    def work() -> int:
        print("ä all of it")
        sys.stdout.flush()
        os.write(1, b"raw too")
        return 2

    assert within(30, work) == (2, "ä all of it\nraw too".encode())


def much() -> int:
    print("x" * 300_000)
    return 0


def test_more_than_a_pipe_holds_arrives_whole() -> None:
    assert within(30, much) == (0, b"x" * 300_000 + b"\n")


def test_work_that_does_not_end_is_killed(tmp_path: Path) -> None:
    def work() -> int:
        (tmp_path / "pid").write_text(str(os.getpid()))
        print("half a", flush=True)
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        while True:
            time.sleep(60)

    with pytest.raises(Late, match=r"no result within 0\.5 s"):
        within(0.5, work)
    pid = int((tmp_path / "pid").read_text())
    os.waitpid(pid, 0)  # it ends, or this test hangs
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_parent_that_is_killed_leaves_no_child_behind(tmp_path: Path) -> None:
    code = (
        "import os, time\nfrom ct0_checks.layer.deadline import within\n"
        f"def work():\n    open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()) + '.')\n"
        "    time.sleep(600)\n"
        "within(1, work)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment())
    end = time.monotonic() + 30
    file = tmp_path / "pid"
    while not (file.exists() and file.read_text().endswith(".")):
        assert time.monotonic() < end
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    pid = int(file.read_text()[:-1])
    while Path(f"/proc/{pid}/stat").exists():
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break  # nobody in this sandbox may be there to wait for it
        assert time.monotonic() < end
        time.sleep(0.05)


def test_killed_work_is_told() -> None:
    with pytest.raises(Late, match="killed by SIGKILL"):
        within(30, killed)


def killed() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_no_limit() -> None:
    assert within(0, lambda: 1) == (1, b"")


def test_a_caller_may_have_left_us_a_thousand_descriptors() -> None:
    """select(2) knows none above 1023."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reading, writing = os.pipe()
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        high = fcntl.fcntl(reading, fcntl.F_DUPFD_CLOEXEC, 1500)
        os.write(writing, b"all of it")
        os.close(writing)
        assert gather(high, time.monotonic() + 60) == b"all of it"
        os.close(high)
    finally:
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [
        ([], 10),
        (["-t", "5"], 5),
        (["-t5"], 5),
        (["--timeout=2.5", "-v"], 2.5),
        (["-t", "5", "--timeout", "7"], 7),
        (["-t", "0"], 0),
        (["-t"], 10),
        (["-t", "soon"], 10),
        (["-t", "-5"], 10),
        (["-t", "nan"], 10),
        (["--", "-t", "5"], 10),
    ],
)
def test_the_time_is_known_before_the_options_are_read(
    arguments: list[str], seconds: float
) -> None:
    assert seconds_asked(arguments) == seconds


def test_the_last_of_an_option_counts() -> None:
    assert asked(["--format=json", "--format", "nsca"], ("--format",), "nagios") == "nsca"
    assert asked(["--formats=json"], ("--format",), "nagios") == "nagios"


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
