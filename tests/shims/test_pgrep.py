"""pgrep and pkill: what tells a CT's process from CT0's in every way of selecting."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import planted
from ct0.host import Host
from ct0_shims import pgrep, pkill
from ct0_shims.selection import Criteria, Found, pattern_test, select
from ct0_shims.selection_options import Stop, number, read_pidfile
from ct0_shims.settings import Settings
from ct0_shims.view import View

OTHER_NS, SANDBOX_NS = "pid:[4026532500]", "pid:[4026532600]"
PAYLOAD = "0::/lxc.payload.web1\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """crond: CT0's 10 and 11, a CT's 110, older than all, and 111, newer; a sandbox's 120."""
    planted.process(tmp_path, 1, "init", cgroup="0::/init.scope\n", nspid="1", ppid=0)
    planted.process(tmp_path, 10, "crond", nspid="10", starttime=500, uid=5)
    planted.process(tmp_path, 11, "crond", nspid="11", starttime=600, ppid=10, pgrp=10)
    planted.process(tmp_path, 12, "other", nspid="12", starttime=550)
    for pid, start in ((110, 50), (111, 900)):
        planted.process(
            tmp_path, pid, "crond", nspid=f"{pid} 7", starttime=start, ppid=10, pgrp=10, session=10,
            uid=5, cgroup=PAYLOAD, namespace=OTHER_NS, tty_nr=34817,
        )  # fmt: skip
    planted.process(tmp_path, 120, "crond", nspid="120 2", starttime=950, namespace=SANDBOX_NS)
    (tmp_path / "proc/uptime").write_text("100.00 50.00\n")
    monkeypatch.setenv("CT0_ROOT", str(tmp_path))
    for name in ("CT0_SCOPE", "CT0_DRY_RUN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "out", "status"),
    [
        ("crond", "10\n11\n", 0),
        ("-x crond", "10\n11\n", 0),
        ("-f sleep", "1\n10\n11\n12\n", 0),
        ("-c .", "4\n", 0),
        ("-l crond", "10 crond\n11 crond\n", 0),
        ("-a crond", "10 /usr/bin/sleep 86400\n11 /usr/bin/sleep 86400\n", 0),
        ("-a -Q crond", "10 /usr/bin/sleep 86400\n11 /usr/bin/sleep 86400\n", 0),
        ("-v crond", "1\n12\n", 0),
        ("-v -x nosuch", "1\n10\n11\n12\n", 0),
        ("-v .", "", 1),
        ("-n crond", "11\n", 0),
        ("-o crond", "10\n", 0),
        ("-n", "11\n", 0),
        ("-u 5", "10\n", 0),
        ("-U 5", "10\n", 0),
        ("-G 5", "10\n", 0),
        ("-v -u 5", "1\n11\n12\n", 0),
        ("-P 10", "11\n", 0),
        ("-g 10", "10\n11\n", 0),
        ("-s 10", "10\n", 0),
        ("-t pts/1", "", 1),
        ("-t ?", "1\n10\n11\n12\n", 0),
        ("-r S crond", "10\n11\n", 0),
        ("-O 95 crond", "10\n", 0),
        ("-O 96 crond", "", 1),
        ("--cgroup /lxc.payload.web1", "", 1),
        ("--cgroup /system.slice/x.service crond", "10\n11\n", 0),
        ("-p 10,110", "10\n", 0),
        ("-p 120", "120\n", 0),
        ("-q crond", "", 0),
        ("--quiet nosuch", "", 1),
        ("--ns 1 crond", "10\n11\n", 0),
        ("--ns 1 --nslist pid crond", "10\n11\n", 0),
        ("--ns 1 --nslist mnt crond", "", 1),
        ("--ns 110 crond", "", 1),
        ("--ns 110 --nslist pid crond", "", 1),
        ("--ns 99 crond", "", 1),
        ("--ns 0 crond", "", 1),
    ],
)
def test_cts_are_never_among_them(
    arguments: str, out: str, status: int, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert pgrep.main(arguments.split()) == status
    assert capfd.readouterr() == (out, "")


@pytest.mark.parametrize(
    ("arguments", "pids"),
    [
        ("crond", [10, 11]),
        ("-9 -f sleep", [1, 10, 11, 12]),
        ("--inverse crond", [1, 12]),
        ("--inverse -u 5", [1, 11, 12]),
        ("-n crond", [11]),
        ("-o crond", [10]),
        ("-u 5", [10]),
        ("-P 10", [11]),
        ("-g 10", [10, 11]),
        ("-s 10 -x crond", [10]),
        ("-t pts/1", []),
        ("-p 110,111", []),
    ],
)
def test_cts_are_never_signalled(
    arguments: str, pids: list[int], root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert pkill.main(arguments.split()) == (0 if pids else 1)
    out = capfd.readouterr().out
    assert [int(line.split()[5]) for line in out.splitlines()] == pids


@pytest.mark.parametrize(
    ("pid", "who"), [(10, "10\n"), (110, ""), (120, "120\n"), (99, "")], ids=str
)
def test_a_pidfile_means_ct0_s_and_sandboxes_alone(
    pid: int, who: str, root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A service with PrivatePIDs= is a sandbox; a stale pidfile may number a CT's process."""
    (tmp_path / "pidfile").write_text(f"{pid}\n")
    assert pgrep.main(["-F", str(tmp_path / "pidfile")]) == (0 if who else 1)
    assert capfd.readouterr().out == who


def test_inverted_a_pidfile_gives_nobody(
    root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pidfile").write_text("10\n")
    assert pgrep.main(["-v", "-F", str(tmp_path / "pidfile"), "crond"]) == 0
    assert capfd.readouterr().out == "1\n11\n12\n"


def test_an_unreadable_namespace_is_nobodys(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """procps takes two unreadable links for equal: --ns as a user finds everybody."""
    for pid in ("10", "11"):
        os.symlink("net:[1]", root / "proc" / pid / "ns/net")
    assert pgrep.main(["--ns", "10", "--nslist", "net", "crond"]) == 0
    assert pgrep.main(["--ns", "10", "--nslist", "net,uts", "crond"]) == 1
    assert capfd.readouterr().out == "10\n11\n"


def test_every_kind_of_nslist_counts(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """procps forgets all but the last."""
    for pid, net in (("10", "1"), ("11", "2")):
        os.symlink(f"net:[{net}]", root / "proc" / pid / "ns/net")
        os.symlink("uts:[7]", root / "proc" / pid / "ns/uts")
    assert pgrep.main(["--ns", "10", "--nslist", "net,uts", "crond"]) == 0
    assert pgrep.main(["--ns", "10", "--nslist", "uts", "crond"]) == 0
    assert capfd.readouterr().out == "10\n10\n11\n"


def test_a_recycled_pid_is_not_signalled(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    settings = Settings()
    settings.host, settings.dry_run = Host(str(root)), True
    view = View(settings)
    criteria = Criteria()
    criteria.matches, criteria.pattern = pattern_test(criteria, "crond"), "crond"
    found = select(criteria, view)
    assert [one.pid for one in found] == [10, 11]
    planted_again(root, 10)
    assert [signalled(one, view) for one in found] == [False, True]
    assert capfd.readouterr().out == "would send signal 15 to 11 (crond)\n"


def planted_again(root: Path, pid: int) -> None:
    stat = root / "proc" / str(pid) / "stat"
    stat.write_bytes(stat.read_bytes().replace(b" 500 ", b" 501 "))


def signalled(one: Found, view: View) -> bool:
    from ct0_shims.selection_options import Request

    return pkill.signal(one, 15, Request(), view)


def test_environment(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (root / "proc/10/environ").write_bytes(b"A=1\0NAME=x y\0")
    (root / "proc/11/environ").write_bytes(b"A=2\0")
    for option in ("NAME", "A=2", "A", "NAME=x", "B"):
        pgrep.main(["--env", option, "crond"])
    assert capfd.readouterr().out == "10\n11\n10\n11\n"


def test_handlers(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    status = root / "proc/10/status"
    status.write_bytes(status.read_bytes() + b"SigCgt:\t0000000000000001\n")  # HUP alone
    assert pgrep.main(["-H", "--signal", "HUP", "crond"]) == 0
    assert pgrep.main(["-H", "--signal", "TERM", "crond"]) == 1
    assert pkill.main(["-HUP", "-H", "crond"]) == 0
    assert capfd.readouterr().out == "10\nwould send signal 1 to 10 (crond)\n"


def test_threads_of_ct0_s_own_alone(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for pid in ("1", "10", "11", "12", "110", "111", "120"):
        for tid in (pid, pid + "5"):
            task = root / "proc" / pid / "task" / tid
            task.mkdir(parents=True)
            for name in ("stat", "comm", "status", "cmdline"):
                (task / name).write_bytes((root / "proc" / pid / name).read_bytes())
    (root / "proc/10/task/105/comm").write_text("worker\n")
    assert pgrep.main(["-w", "-l", "-x", "crond|worker"]) == 0
    assert capfd.readouterr().out == "10 crond\n105 worker\n11 crond\n115 crond\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no matching criteria specified"),
        (["a", "b"], "only one pattern can be provided"),
        (["(a"], "regex error: Unmatched ( or \\("),
        (["-u", "no-such-user"], "invalid user name: no-such-user"),
        (["-L", "a"], "-L without -F makes no sense"),
        (["-y"], "invalid option -- 'y'"),
    ],
)
def test_a_wrong_command_line_is_status_2(
    arguments: list[str], message: str, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for command, module in (("pgrep", pgrep), ("pkill", pkill)):
        assert module.main(arguments) == 2
        out, err = capfd.readouterr()
        assert out == ""
        assert err.startswith(f"{command}: {message}")


@pytest.mark.parametrize("module", [pgrep, pkill], ids=["pgrep", "pkill"])
def test_help_is_the_docstring(
    module: object, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert module.main(["--help"]) == 0  # type: ignore[attr-defined]
    assert capfd.readouterr().out == module.__doc__


@pytest.mark.parametrize(
    ("text", "pid"),
    [
        ("12\n", 12), ("  12", 12), ("12 13\n", 12), ("12\0", 12), ("", None), ("x", None),
        ("12x", None), ("-12", None), ("0", None), ("12345678901234", 12345678901),
    ],
)  # fmt: skip
def test_pidfile(text: str, pid: int | None, tmp_path: Path) -> None:
    (tmp_path / "pidfile").write_text(text)
    assert read_pidfile(str(tmp_path / "pidfile"), False) == pid


def test_no_pidfile(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "nosuch", tmp_path / "fifo", Path("/dev/null")):
        assert read_pidfile(str(path), False) is None


def test_a_pidfile_that_must_be_locked(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "pidfile"
    path.write_text("12\n")
    assert read_pidfile(str(path), True) is None
    with open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert read_pidfile(str(path), True) == 12


@pytest.mark.parametrize(
    ("option", "word", "found"),
    [("u", "root", 0), ("G", "root", 0), ("P", "12", 12), ("P", "-3", -3), ("u", "", 0),
     ("g", "0", os.getpgrp()), ("s", "0", os.getsid(0)), ("P", "0", 0)],
)  # fmt: skip
def test_number(option: str, word: str, found: int) -> None:
    assert number(option, word) == found


@pytest.mark.parametrize("option", ["u", "U", "G", "P", "g", "s", "p"])
@pytest.mark.parametrize("word", ["1x", "x", "99999999999999999999", "²"])
def test_no_number(option: str, word: str) -> None:
    with pytest.raises(Stop):
        number(option, word)


@pytest.mark.parametrize(
    ("arguments", "number", "rest"),
    [
        (["-9", "a"], 9, ["a"]),
        (["a", "-9"], 9, ["a"]),
        (["-x", "-HUP", "a"], 1, ["-x", "a"]),
        (["-sigusr1", "a"], 10, ["a"]),
        (["-RTMIN+1"], 35, []),
        (["-EXIT"], 0, []),
        (["-u", "root"], None, ["-u", "root"]),
        (["-e", "a"], None, ["-e", "a"]),
        (["-9", "-15"], 9, ["-15"]),
        (["--", "a"], None, ["--", "a"]),
        (["-94"], None, ["-94"]),
    ],
)
def test_the_first_signal_among_the_arguments(
    arguments: list[str], number: int | None, rest: list[str]
) -> None:
    assert pkill.take_signal(arguments) == (number, rest)


@pytest.mark.parametrize(
    ("pattern", "exact", "ignore_case"),
    [("crond", False, False), ("crond", True, False), ("CROND", False, True), ("ron", True, True)],
)
@pytest.mark.parametrize("name", ["crond", "CROND", "anacrond", "ron", ""])
def test_a_plain_pattern_needs_no_regex(
    pattern: str, exact: bool, ignore_case: bool, name: str
) -> None:
    from ct0.ere import compile_ere

    criteria = Criteria()
    criteria.exact, criteria.ignore_case = exact, ignore_case
    text = f"^({pattern})$" if exact else pattern
    expected = compile_ere(text, ignore_case).search(name) is not None
    assert pattern_test(criteria, pattern)(name) == expected


def test_pid_recycled_by_a_ct_in_the_same_hundredth_of_a_second_is_spared(
    root: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The start time is all the same then, so whose the process is is asked again."""
    chosen = select

    def then_recycled(criteria: Criteria, view: View) -> list[Found]:
        found = chosen(criteria, view)
        (root / "proc/10/cgroup").write_text(PAYLOAD)
        return found

    monkeypatch.setattr(pkill, "select", then_recycled)
    assert pkill.main(["crond"]) == 0
    assert capfd.readouterr().out == "would send signal 15 to 11 (crond)\n"
