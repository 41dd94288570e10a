"""What processes write about themselves, files that are cut or damaged, processes that vanish.

Every shim, on recorded hosts, so that nobody is signalled: one damaged or vanishing process costs
no other its match, no container's process ever becomes one of CT0's, and nothing ends in a trace.
"""

from __future__ import annotations

import _signal
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import planted
from ct0.engines import ENGINES
from ct0.errors import Malformed
from ct0.proc_cgroup import parse_cgroup
from ct0.proc_stat import parse_stat
from ct0.proc_status import parse_status
from ct0.process import Process
from ct0_shims.__main__ import run
from ct0_shims.commands import COMMANDS
from ct0_shims.options import UsageError, getopt
from ct0_shims.signals import signal_name, signal_number

# How each shim is asked for the processes called `sleep`. A command that is not here is asked
# plainly. (ct0-pids accepts a sandbox's PID, since it is named.)
ARGUMENTS = {
    "killall5": ["-15"],
    "killall": ["-v", "sleep"],
    "ct0-pids": ["-n", "sleep", "20", "32", "40", "41"],
}
SILENT = ("checkproc", "startproc")  # they answer by their exit status alone
GOOD, LEFT_ALONE = 20, (30, 31, 32)

CONTENTS = {
    "empty": b"",
    "newline": b"\n",
    "nul": b"\0" * 100,
    "opened": b"40 (sl",
    "closed": b")",
    "no numbers": b"40 (sleep) S a b c d e f g h i j k l m n o p q r s t u v w x y z\n",
    "short": b"40 (sleep) S 1 40 40 0\n",
    "not text": bytes(range(256)) * 8,
    "huge number": b"40 (sleep) S " + b"9" * 5000 + b" 1" * 50 + b"\n",
    "long": b"x" * 200_000,
    "lines": b"Pid:\t40\nNSpid:\t\nenvID:\t\nUid:\t\n::::\n:\n1:\n0::\n0::relative\n",
    "status": b"Name:\tsleep\nPid:\tx\nUid:\tx\n",
    "cgroup": b"0::/../..//lxc.payload.\n99999:a:b:c\n:name=:/\n4:ve:/\n",
}
NAMES = [
    b"",
    b" ",
    b"\n",
    b")",
    b"(",
    b"sleep\n",
    b"\nsleep",
    b"sleep)",
    b"x) S 1 20 20 0",
    b"1 (sleep) S",
    b"\xff\xfe\x80",
    "k\u00e9\u4e2d".encode(),
    b"\x1b[2Jsleep",
    b"[kthread/101]",
    b"a" * 15,
    b"a" * 63,
    b"%s%n",
    b"--",
    b"-9",
    b"../1",
    b"*",
]


class Answer(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def pids(self) -> set[int]:
        """The PIDs named in the answer, whatever form it has."""
        words = self.out.replace("would send signal", " ").split()
        return {int(word) for word in words if word.isdigit() and len(word) < 5 and int(word) > 19}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A host of five: 20 is CT0's `sleep`, 30 a container's, 31 a sandbox's, 32 of --pid=host."""
    program = tmp_path / "usr/bin/sleep"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    planted.process(tmp_path, 1, "init", exe="/sbin/init")
    planted.process(tmp_path, GOOD)
    foreign = "pid:[4026532555]"
    web = "0::/lxc.payload.web1\n"
    planted.process(tmp_path, 30, cgroup=web, nspid="30 7", namespace=foreign)
    planted.process(tmp_path, 31, nspid="31 8", namespace=foreign)
    docker = f"0::/system.slice/docker-{'ab' * 32}.scope\n"
    planted.process(tmp_path, 32, cgroup=docker, nspid="32")
    return tmp_path


@pytest.fixture
def ask(small: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Asker:
    monkeypatch.setenv("CT0_ROOT", str(small))
    monkeypatch.setattr(_signal, "signal", lambda *_: None)  # they are set for a process of its own
    return Asker(capfd)


class Asker:
    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def __call__(self, command: str, arguments: list[str] | None = None) -> Answer:
        before = open_descriptors()
        status = run(command, arguments or ARGUMENTS.get(command, ["sleep"]))
        for number in open_descriptors() - before:
            os.close(number)  # a process of its own leaves them to its end
        out, err = self.capfd.readouterr()
        assert "Traceback" not in err
        assert "gave up" not in err
        return Answer(status, out, err)

    def check(self, command: str, maybe: set[int] = frozenset()) -> None:  # type: ignore[assignment]
        """CT0's `sleep` is found, a container's is not; those in `maybe` may be or not."""
        answer = self(command)
        assert not answer.pids & set(LEFT_ALONE), answer
        if command in SILENT:
            assert answer.status == 0, answer
        elif command == "killall5":
            assert GOOD in answer.pids, answer
        else:
            assert answer.pids - maybe == {GOOD}, answer
            assert answer.status == 0, answer


def open_descriptors() -> set[int]:
    with os.scandir("/proc/self/fd") as entries:
        numbers = {int(entry.name) for entry in entries}
    return {number for number in numbers if os.path.lexists(f"/proc/self/fd/{number}")}


@pytest.mark.parametrize("command", COMMANDS)
def test_host_itself_is_in_order(command: str, ask: Asker) -> None:
    ask.check(command)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_hostile_names(name: bytes, command: str, small: Path, ask: Asker) -> None:
    """A process of CT0's and one of a container's under a name that breaks careless readers."""
    comm = os.fsdecode(name)
    for pid, more in ((40, {}), (41, {"namespace": "pid:[4026532555]", "nspid": "41 9"})):
        line = name.replace(b"\0", b"") + b"\0" + b"sleep\0sleep\n\0\xff\0"
        planted.process(small, pid, comm, cmdline=line, exe="/usr/bin/other", **more)  # type: ignore[arg-type]
    answer = ask(command)
    assert 41 not in answer.pids, answer
    # pgrep reads `sleep` as an expression, which some of these names fit.
    ask.check(command, maybe={40} if command in ("pgrep", "pkill", "killall5") else set())


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "killall5"])
@pytest.mark.parametrize("name", [name for name in NAMES if name not in (b"", b"--", b"-9")])
def test_asked_for_a_hostile_name(name: bytes, command: str, small: Path, ask: Asker) -> None:
    planted.process(
        small, 41, os.fsdecode(name), exe="/usr/bin/other", namespace="pid:[4026532555]"
    )
    answer = ask(command, [os.fsdecode(name)])
    assert 41 not in answer.pids
    assert 0 <= answer.status <= 255


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("file", ["stat", "status", "cgroup", "cmdline", "comm"])
def test_damaged_file_of_one(
    file: str, content: str, command: str, small: Path, ask: Asker
) -> None:
    planted.process(small, 40)
    (small / "proc/40" / file).write_bytes(CONTENTS[content])
    for pid in LEFT_ALONE[:2]:  # their PID namespace still convicts them
        (small / "proc" / str(pid) / file).write_bytes(CONTENTS[content])
    ask.check(command, maybe={40})


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("file", ["stat", "status", "cgroup", "cmdline", "comm", "exe", "ns/pid"])
def test_missing_file_of_one(file: str, command: str, small: Path, ask: Asker) -> None:
    planted.process(small, 40)
    for pid in (40, *LEFT_ALONE[:2]):
        (small / "proc" / str(pid) / file).unlink()
    ask.check(command, maybe={40})


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_tells_whose_it_is(command: str, small: Path, ask: Asker) -> None:
    planted.process(small, 40, cgroup="", namespace=None)
    planted.process(small, 41, cgroup="0::/system.slice/x.service\n", namespace=None)
    (small / "proc/40/status").write_bytes(b"")
    ask.check(command)


@pytest.mark.parametrize("command", COMMANDS)
def test_not_a_process(command: str, small: Path, ask: Asker) -> None:
    """Other entries of /proc, and a PID that is a file."""
    (small / "proc/50").write_text("")
    (small / "proc/self").mkdir()
    (small / "proc/\u0663").mkdir()  # a digit, but no PID
    (small / "proc/51").mkdir()
    ask.check(command)


class Vanish:
    """Before the system call after `left` more, the process in `folder` is no more."""

    CALLS = ("open", "read", "readlink", "listdir", "scandir", "stat")

    def __init__(self, left: int, folder: Path) -> None:
        self.left = left
        self.folder = folder

    def __enter__(self) -> Vanish:
        sys.setprofile(self.look)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def look(self, frame: object, event: str, function: Any) -> None:
        if event != "c_call" or function.__module__ != "posix":
            return
        if function.__name__ in self.CALLS:
            if self.left == 0:
                self.folder.rename(self.folder.parent.parent / "gone")
            self.left -= 1


@pytest.mark.parametrize("command", COMMANDS)
def test_vanishing_at_every_step(command: str, small: Path, ask: Asker) -> None:
    """Whenever 40 goes, before, between or after its reads: 20 is found and nothing breaks."""
    steps = 0
    while True:
        planted.process(small, 40)
        with Vanish(steps, small / "proc/40") as vanish:
            ask.check(command, maybe={40})
        if vanish.left >= 0:
            break  # over before it would have gone
        shutil.rmtree(small / "gone")
        steps += 1
    assert steps > 10, "it read nothing"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("method", ["read", "link"])
def test_gone_at_the_nth_look(
    method: str, command: str, small: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the kernel has it: the folder is still held, and every read answers ESRCH."""
    planted.process(small, 40)
    for number in range(12):
        count = 0
        real = getattr(Process, method)

        def look(self: Process, name: str, real=real, number: int = number):  # type: ignore[no-untyped-def]
            nonlocal count
            if self.pid == 40:
                count += 1
                if count > number:
                    raise ProcessLookupError(f"{self.path}/{name}: gone")
            return real(self, name)

        with monkeypatch.context() as patch:
            patch.setattr(Process, method, look)
            ask.check(command, maybe={40})
        if count <= number:
            break


# -- a host of five thousand


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """1000 processes of CT0's, every 10th a `sleep`; 4000 of 40 containers, all `sleep`."""
    root = tmp_path_factory.mktemp("crowd")
    program = root / "usr/bin/sleep"
    program.parent.mkdir(parents=True)
    program.write_bytes(b"\x7fELF")
    program.chmod(0o755)
    planted.process(root, 1, "init", exe="/sbin/init")
    model = planted.process(root, 2, "kthreadd", exe=None)
    shutil.rmtree(model)
    for pid in range(100, 5100):
        own = pid % 5 == 0
        name = "sleep" if not own or pid % 50 == 0 else "other"
        web = f"0::/lxc.payload.web{pid % 40}\n"
        write_process(root / "proc" / str(pid), pid, name, None if own else web)
    yield root
    shutil.rmtree(root)  # or later runs, which clear old ones away, wait for 40,000 files


def write_process(folder: Path, pid: int, name: str, cgroup: str | None) -> None:
    """As planted.process, for thousands."""
    path = str(folder)
    os.makedirs(path + "/ns")
    inner = "" if cgroup is None else "\t9"
    namespace = "pid:[4026531836]" if cgroup is None else "pid:[4026532000]"
    for file, text in (
        ("stat", f"{pid} ({name}) S 1 {pid} {pid} 0 -1 0" + " 0" * 12 + " 100" + " 0" * 30 + "\n"),
        ("comm", name + "\n"),
        ("cmdline", f"/usr/bin/{name}\0400\0"),
        ("cgroup", cgroup or "0::/system.slice/x.service\n"),
        ("status", f"Name:\t{name}\nPid:\t{pid}\nUid:\t0\t0\t0\t0\nNSpid:\t{pid}{inner}\n"),
    ):
        with open(f"{path}/{file}", "w") as stream:
            stream.write(text)
    os.symlink("/usr/bin/" + name, path + "/exe")
    os.symlink(namespace, path + "/ns/pid")


@pytest.mark.parametrize("command", COMMANDS)
def test_five_thousand_processes(
    command: str, crowd: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CT0_ROOT", str(crowd))
    sleeps = {pid for pid in range(100, 5100) if pid % 50 == 0}
    if command == "ct0-pids":
        answer = ask(command, ["-n", "sleep", *map(str, range(100, 5100))])
    else:
        answer = ask(command)
    expected = (
        {pid for pid in range(100, 5100) if pid % 5 == 0} if command == "killall5" else sleeps
    )
    assert answer.status == 0
    assert answer.pids == (set() if command in SILENT else expected)


# -- parsers: any bytes


@given(st.binary(max_size=300))
def test_parse_stat_of_anything(text: bytes) -> None:
    try:
        stat = parse_stat(text)
    except Malformed:
        return
    assert isinstance(stat.pid, int)
    assert isinstance(stat.starttime, int)


@given(st.binary(max_size=20), st.integers(1, 2**22), st.integers(0, 2**63))
def test_parse_stat_with_any_name(comm: bytes, pid: int, starttime: int) -> None:
    tail = b" S 1 2 3 4 -1 5" + b" 0" * 12 + b" %d" % starttime + b" 0" * 30
    stat = parse_stat(b"%d (%b)" % (pid, comm) + tail + b"\n")
    assert (stat.pid, stat.starttime, stat.session) == (pid, starttime, 3)
    assert stat.comm.encode("utf-8", "surrogateescape") == comm


LINES = st.lists(
    st.sampled_from(
        [b"Pid:\t7", b"NSpid:\t7", b"NSpid:\t7 8", b"envID:\t0", b"Uid:\t0", b"Name:\tx"]
    )
    | st.binary(max_size=30)
)


@given(LINES)
def test_parse_status_of_anything(lines: list[bytes]) -> None:
    try:
        status = parse_status(b"\n".join(lines))
    except Malformed:
        return
    assert status.pid != 0


@given(st.text(max_size=200))
def test_parse_cgroup_of_anything(text: str) -> None:
    for line in parse_cgroup(text):
        assert "/" not in "".join(line.parts)
        assert "" not in line.parts


PARTS = r"""
    lxc lxc.payload lxc.payload. lxc.monitor.x ns 101 0 docker- libpod- kubepods payload supervisor
    machine.slice machine-x.scope systemd-nspawn@.service machine-lxc default \x a\xzz .scope ..
    (deleted) crio-conmon-x machine-\x2d.scope machine-lxc\x2d.scope machine-.scope
"""
COMPONENTS = st.sampled_from(
    [*PARTS.split(), "ab" * 32, f"docker-{'0' * 64}.scope", f"libpod-{'1' * 64}"]
) | st.text(max_size=12).filter(lambda part: part and "/" not in part)
CONTROLLERS = st.sampled_from(["", "memory", "ve", "name=container", "name=systemd"])


@pytest.mark.parametrize("engine", ENGINES)
@given(
    st.sampled_from(["", "memory", "ve", "name=container", "name=systemd"]), st.lists(COMPONENTS)
)
def test_payload_of_anything(engine: str, controllers: str, parts: list[str]) -> None:
    before = list(parts)
    mark = ENGINES[engine].payload(controllers, parts)
    assert parts == before
    if mark is not None:
        assert 1 <= mark.depth <= len(parts)
        assert mark.ctid


@given(
    st.lists(
        st.sampled_from(["-a", "-b", "-ab", "-bx", "--", "-", "--al", "--beta", "--beta=", "x"])
        | st.text("-ab=x", max_size=6)
    ),
    st.booleans(),
    st.booleans(),
)
def test_getopt_of_anything(words: list[str], only: bool, in_order: bool) -> None:
    before = list(words)
    try:
        long = {"alpha": "a", "beta": "b:", "gamma": "gamma?"}
        found, operands = getopt(words, "ab:", long, only, in_order)
    except UsageError:
        return
    finally:
        assert words == before
    assert {option for option, _ in found} <= {"a", "b", "gamma"}
    assert all(operand in words for operand in operands)
    if "--" in words:
        after = words[words.index("--") + 1 :]
        assert operands[len(operands) - len(after) :] == after or "-b" in words or "--beta" in words


@given(st.text(max_size=12) | st.integers().map(str))
def test_signal_number_of_anything(text: str) -> None:
    number = signal_number(text)
    assert number is None or 0 <= number <= 64


@given(st.integers(1, 31))
def test_signal_names_lead_back(number: int) -> None:
    name = signal_name(number)
    assert (
        signal_number(name) == signal_number("SIG" + name) == signal_number(str(number)) == number
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(["stat", "status", "cgroup", "cmdline", "comm"]),
    st.binary(max_size=80) | st.sampled_from(list(CONTENTS.values())),
    st.sampled_from(sorted(COMMANDS)),
)
def test_any_damage(small: Path, ask: Asker, file: str, content: bytes, command: str) -> None:
    shutil.rmtree(small / "proc/40", ignore_errors=True)
    planted.process(small, 40)
    (small / "proc/40" / file).write_bytes(content)
    ask.check(command, maybe={40})


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CT0_SCOPE", "CT0_PIDOF", "CT0_DRY_RUN"):
        monkeypatch.delenv(name, raising=False)
