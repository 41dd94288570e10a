"""pidof: its two sets of rules, its options, and CTs' processes on made-up hosts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planted
from ct0.host import Host
from ct0_shims import pidof, pidof_procps, pidof_sysv
from ct0_shims.options import leading_number
from ct0_shims.pidof import auto_personality, main, omitted_pids
from ct0_shims.pidof_sysv import DELETED, FILE, NAME, Candidate, Wanted, without_mark

OTHER_NS = "pid:[4026532500]"
PAYLOAD = "0::/lxc.payload.web1\n"
FOO = "/usr/sbin/food"


def candidate(
    *argv: str, comm: str = "", exe: str | None = FOO, is_zombie: bool = False
) -> Candidate:
    return Candidate(list(argv), comm, exe, is_zombie)


@pytest.mark.parametrize(
    ("name", "real", "process", "why"),
    [
        ("food", None, candidate("food"), NAME),
        ("food", None, candidate("/usr/sbin/food"), NAME),
        ("food", None, candidate("/opt/food"), NAME),
        ("foo", None, candidate("food"), 0),
        ("food", None, candidate("foo", "food"), 0),
        (FOO, FOO, candidate("other"), FILE),
        (FOO, FOO, candidate(FOO, exe="/srv/jail/usr/sbin/food"), FILE),
        (FOO, FOO, candidate("food", exe="/opt/food"), 0),
        (FOO, None, candidate("food"), DELETED),
        (FOO, FOO, candidate("food", exe=FOO + " (deleted)"), DELETED),
        (FOO, FOO, candidate("food", exe=" (deleted)" + FOO), DELETED),
        (FOO, FOO, candidate("food", exe="(deleted) " + FOO), DELETED),
        ("/sbin/food", FOO, candidate("x", exe=FOO + " (deleted)"), DELETED),
        (FOO, FOO, candidate("food", exe="/opt/food (deleted)"), 0),
        (FOO, FOO, candidate("food", exe=None), 0),
        ("food", None, candidate("food: worker", comm="food"), NAME),
        ("food", None, candidate("food: worker", comm="other"), 0),
        ("food", None, candidate(comm="food", exe=None), NAME),
        ("sh", None, candidate("-sh", comm="sh"), NAME),
        ("sh", None, candidate("-sh", "-l", comm="sh"), NAME),
        ("sh", None, candidate("-sh", "x", comm="sh"), 0),
        ("a-name-of-16-let", None, candidate(comm="a-name-of-16-le"), 0),
        ("/usr/sbin/", None, candidate("food"), 0),
    ],
)
def test_sysvinit_means(name: str, real: str | None, process: Candidate, why: int) -> None:
    assert pidof_sysv.means(Wanted(name, real), process, False, is_root=True) == why


@pytest.mark.parametrize(
    ("name", "process", "why"),
    [
        ("appd", candidate("/bin/sh", "/usr/sbin/appd", comm="appd"), NAME),
        ("appd", candidate("/bin/sh", "-e", "/usr/sbin/appd", comm="appd"), NAME),
        ("/usr/sbin/appd", candidate("/bin/sh", "/usr/sbin/appd", comm="appd"), NAME),
        ("/sbin/appd", candidate("/bin/sh", "/usr/sbin/appd", comm="appd"), 0),
        ("appd", candidate("/bin/sh", "/usr/sbin/appd", comm="sh"), 0),
        ("appd", candidate("vi", "appd", comm="vi"), 0),
    ],
)
def test_sysvinit_means_scripts_with_x(name: str, process: Candidate, why: int) -> None:
    assert pidof_sysv.means(Wanted(name, None), process, True, is_root=True) == why
    assert pidof_sysv.means(Wanted(name, None), process, False, is_root=True) == 0


def test_sysvinit_asks_names_where_a_user_may_not_see_the_executable() -> None:
    process = candidate("food", exe=None)
    assert pidof_sysv.means(Wanted(FOO, FOO), process, False, is_root=False) == NAME


@pytest.mark.parametrize(
    ("name", "process", "scripts", "workers", "meant"),
    [
        ("food", candidate("other"), False, False, True),
        ("food", candidate("-food", exe="/bin/x"), False, False, True),
        ("-food", candidate("-food", exe="/bin/x"), False, False, False),
        (FOO, candidate("other"), False, False, True),
        ("/opt/food", candidate("food", exe="/bin/x"), False, False, True),
        ("food", candidate("food", exe=FOO + " (deleted)"), False, False, True),
        ("food", candidate("other", exe=FOO + " (deleted)"), False, False, False),
        ("kthread", candidate(comm="kthread", exe=None), False, False, False),
        ("kthread", candidate(comm="kthread", exe=None), False, True, True),
        ("appd", candidate("sh", "/x/appd", comm="appd", exe="/bin/sh"), True, False, True),
        ("appd", candidate("sh", "-e", "/x/appd", comm="appd", exe="/bin/sh"), True, False, False),
        ("food", candidate("a b", comm="food", exe=None), False, False, True),
    ],
)
def test_procps_means(
    name: str, process: Candidate, scripts: bool, workers: bool, meant: bool
) -> None:
    assert pidof_procps.means(Wanted(name, None), process, scripts, workers) == meant


WORDS = st.sampled_from(
    ["food", FOO, "/opt/food", "-food", "food: x", "sh", "/bin/sh", "-", "", "d"]
)
EXES = st.sampled_from([None, FOO, FOO + " (deleted)", "(deleted) " + FOO, "/bin/sh", "/opt/food"])
NAMES = st.sampled_from(["food", FOO, "/opt/food", "-food", "sh", "d", "/bin/sh", "nosuch"])


@given(
    NAMES, st.sampled_from([None, FOO]), st.lists(WORDS, max_size=4), EXES,
    st.sampled_from(["food", "sh", "nosuch"]), st.booleans(), st.booleans(), st.booleans(),
)  # fmt: skip
def test_whoever_is_meant_was_suspect(
    name: str, real: str | None, argv: list[str], exe: str | None, comm: str, scripts: bool,
    is_root: bool, workers: bool,
) -> None:  # fmt: skip
    """What is read first by path may let too many through, but never too few."""
    wanted = Wanted(name, real)
    cmdline = b"".join([os.fsencode(word) + b"\0" for word in argv])
    process = Candidate(argv, comm, exe, False)
    by_comm = not cmdline or cmdline[:1] in (b"\0", b"-") or b" " in cmdline.partition(b"\0")[0]
    is_comm = comm in (wanted.base, wanted.base[:15])
    by_comm = by_comm and is_comm
    if pidof_sysv.means(wanted, process, scripts, is_root):
        assert by_comm or pidof_sysv.is_suspect(wanted, cmdline, exe, scripts)
    if pidof_procps.means(wanted, process, scripts, workers):
        assert (
            by_comm
            or (workers and is_comm)
            or pidof_procps.is_suspect(wanted, cmdline, exe, scripts)
        )


@pytest.mark.parametrize("before", ["", " (deleted)", "(deleted) ", " (deleted) "])
def test_deleted_is_taken_off_in_front_too(before: str) -> None:
    assert without_mark(before + FOO) == FOO
    assert without_mark(FOO + " (deleted)") == FOO


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("12a", 12), (" 12", 12), ("-3", -3), ("+3", 3), ("", 0), ("a", 0), ("1,2", 1)],
)
def test_leading_number_is_atoi(text: str, number: int) -> None:
    assert leading_number(text) == number


@given(st.text())
def test_omitting_garbage_never_fails(text: str) -> None:
    found = omitted_pids(text.replace("\n", " "), is_sysv=False)
    assert all(number >= 0 or "-" in text for number in found)


def test_ppid_is_whoever_started_it() -> None:
    assert omitted_pids("5,%PPID;7", is_sysv=True) == {5, 7, os.getppid()}


@pytest.mark.parametrize(
    ("files", "whose"),
    [
        ({"/usr/bin/pidof": "/sbin/killall5"}, "sysv"),
        ({"/usr/bin/pidof": ""}, "procps"),
        ({"/usr/sbin/pidof": "../bin/pidof", "/usr/bin/pidof": ""}, "procps"),
        ({"/usr/bin/pidof": "/bin/busybox"}, "sysv"),
        ({"/usr/bin/pidof": "/usr/lib/ct0/shims/pidof"}, "sysv"),
        (
            {"/usr/bin/pidof": "/usr/lib/ct0/shims/pidof", "/usr/bin/pidof.distrib": ""},
            "procps",
        ),
        (
            {"/usr/bin/pidof": "", "/bin/pidof.distrib": "../sbin/killall5"},
            "sysv",
        ),
        ({"/sbin/pidof": "killall5", "/usr/bin/pidof": ""}, "sysv"),
        ({"/usr/bin/pidof": "/etc/alternatives/pidof", "/etc/alternatives/pidof": ""}, "procps"),
        ({"/usr/bin/pidof": "/usr/bin/pidof"}, "sysv"),
        ({}, "sysv"),
    ],
    ids=str,
)
def test_whose_rules_hold(files: dict[str, str], whose: str, tmp_path: Path) -> None:
    for name, goal in files.items():
        path = tmp_path / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if goal:
            path.symlink_to(goal)
        else:
            path.write_text("")
    assert auto_personality(Host(str(tmp_path))) == whose


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CT0's food 10, 12 and, its file replaced meanwhile, 14; a script 16; a CT's and a sandbox's
    food with higher numbers. CT0 has a new /usr/sbin/food."""
    planted.process(tmp_path, 1, "init", cgroup="0::/init.scope\n", nspid="1", ppid=0)
    food = b"/usr/sbin/food\0"
    planted.process(tmp_path, 10, "food", exe=FOO, cmdline=food, nspid="10")
    planted.process(tmp_path, 12, "food", exe=FOO, cmdline=food, nspid="12")
    planted.process(tmp_path, 14, "food", exe=FOO + " (deleted)", cmdline=food, nspid="14")
    script = b"/bin/sh\0/usr/sbin/appd\0"
    planted.process(tmp_path, 16, "appd", exe="/bin/sh", cmdline=script, nspid="16")
    planted.process(tmp_path, 17, "gone", exe=None, state="Z", nspid="17")
    planted.process(
        tmp_path,
        110,
        "food",
        exe=FOO,
        cmdline=food,
        nspid="110 10",
        cgroup=PAYLOAD,
        namespace=OTHER_NS,
    )
    planted.process(
        tmp_path,
        116,
        "appd",
        exe="/bin/sh",
        cmdline=script,
        nspid="116 16",
        cgroup=PAYLOAD,
        namespace=OTHER_NS,
    )
    planted.process(
        tmp_path,
        117,
        "appd",
        exe="/usr/sbin/appd",
        nspid="117 17",
        cgroup=PAYLOAD,
        namespace=OTHER_NS,
    )
    planted.process(
        tmp_path, 120, "food", exe=FOO, cmdline=food, nspid="120 2", namespace="pid:[4026532600]"
    )
    for name in ("food", "appd"):
        (tmp_path / "usr/sbin").mkdir(parents=True, exist_ok=True)
        (tmp_path / "usr/sbin" / name).write_text("")
    monkeypatch.setenv("CT0_ROOT", str(tmp_path))
    for name in ("CT0_SCOPE", "CT0_PIDOF", "CT0_DRY_RUN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("rules", ["sysv", "procps"])
@pytest.mark.parametrize(
    ("arguments", "out", "status"),
    [
        ("food", "14 12 10\n", 0),
        ("-s food", "14\n", 0),
        ("-s food food", "14 14\n", 0),
        ("-o 14 -s food", "12\n", 0),
        ("-o 14,10 food", "12\n", 0),
        ("-o 10 -o 12 -o 14 food", "", 1),
        ("-x appd", "16\n", 0),
        ("-x /usr/sbin/appd", "16\n", 0),
        ("-c -m -o 1 -o 2 -o %PPID -x food", "14 12 10\n", 0),
        ("-q food", "", 0),
        ("-q nosuch", "", 1),
        ("nosuch food", "14 12 10\n", 0),
        ("nosuch", "", 1),
        ("", "", 1),
        ("-S , food", "14,12,10\n", 0),
        ("-d : food", "14:12:10\n", 0),
        ("--separator=-- food", "14--12--10\n", 0),
        ("gone", "", 1),
        ("-z gone", "17\n", 0),
    ],
)
def test_cts_are_never_among_them(
    arguments: str,
    out: str,
    status: int,
    rules: str,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CT0_PIDOF", rules)
    assert main(arguments.split()) == status
    assert capfd.readouterr() == (out, "")


def test_a_cts_process_does_not_hide_ct0_s_upgraded_one(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """sysvinit's prints 110 alone: `kill $(pidof /usr/sbin/food)` killed in the CT only."""
    for pid in ("10", "12"):
        (root / "proc" / pid / "exe").unlink()
        (root / "proc" / pid / "exe").symlink_to(FOO + " (deleted)")
    monkeypatch.setenv("CT0_PIDOF", "sysv")
    assert main([FOO]) == 0
    assert capfd.readouterr().out == "14 12 10\n"


def test_a_cts_binary_does_not_hide_ct0_s_script(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """117 in the CT is the very path that CT0 runs as a script: no match by file may count it."""
    monkeypatch.setenv("CT0_PIDOF", "sysv")
    assert main(["-x", "/usr/sbin/appd"]) == 0
    assert capfd.readouterr().out == "16\n"


@pytest.mark.parametrize(
    ("scope", "out"), [("sandbox", "120 14 12 10\n"), ("all", "120 110 14 12 10\n")]
)
def test_a_wider_scope(
    scope: str,
    out: str,
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CT0_SCOPE", scope)
    assert main(["food"]) == 0
    assert capfd.readouterr().out == out


def test_threads_of_those_found(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for tid in ("12", "13", "113"):
        (root / "proc/12/task" / tid).mkdir(parents=True)
    assert main(["-t", "-o", "10,14", "food"]) == 0
    assert capfd.readouterr().out == "113 13 12\n"


@pytest.mark.parametrize("option", ["-y", "--nosuch", "-o", "-S"])
def test_a_wrong_option_is_said_on_stderr(
    option: str, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["food", option]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("pidof: ")
    assert "usage: pidof" in err


def test_help_is_the_docstring(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert capfd.readouterr().out == pidof.__doc__


def test_a_long_command_line_is_read_whole(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The script's name stands behind more options than the first look reads."""
    options = b"".join([b"-Dkey%d=%s\0" % (n, b"x" * 200) for n in range(100)])
    cmdline = b"/usr/bin/interpreter\0" + options + b"/opt/scriptd\0"
    planted.process(root, 18, "scriptd", exe="/usr/bin/interpreter", cmdline=cmdline, nspid="18")
    assert main(["-x", "scriptd"]) == 0
    assert capfd.readouterr().out == "18\n"


def test_it_does_not_see_itself_on_a_recorded_host(
    root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["pidof"]) == 1
    assert capfd.readouterr().out == ""


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="needs Linux")
@pytest.mark.parametrize(("name", "is_there"), [("pidof", True), ("python3", False)])
def test_it_is_pidof_and_not_python(name: str, is_there: bool) -> None:
    """As on a real host: its own PID is listed under its own name, and under no other."""
    program = "import os, sys; from ct0_shims.__main__ import run; print(os.getpid(), flush=True); "
    program += f"run('pidof', ['{name}'])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    own, *found = done.stdout.split()
    assert (own in found) == is_there


def test_with_workers_comm_names_whoever_has_arguments_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    planted.process(tmp_path, 1)
    planted.process(tmp_path, 20, comm="appd", cmdline=b"other\0", exe="/usr/bin/other")
    monkeypatch.setenv("CT0_ROOT", str(tmp_path))
    monkeypatch.setenv("CT0_PIDOF", "procps")
    assert main(["appd"]) == 1
    assert main(["-w", "appd"]) == 0
    assert capfd.readouterr().out == "20\n"
