"""check_procs on recorded and made-up hosts: CT0's own by default; what cannot be told is said."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable

import pytest

from ct0_checks.procs import main
from planted import process

Run = Callable[..., tuple[str, int]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """run(root, "-c", "1:") -> (what it printed, exit status)."""
    monkeypatch.setattr("sys.argv", ["check_procs"])

    def play(root: Path, *arguments: str) -> tuple[str, int]:
        status = main([f"--root={root}", *arguments])
        said = capfd.readouterr()
        assert said.err == ""
        return said.out, status

    return play


def lxc_host(root: Path, cts: Sequence[str] = ("web1", "web2"), daemon: str = "sshd") -> Path:
    """A host without the daemon, whose CTs have one each beside their init."""
    process(root, 1, "systemd", nspid="1")
    process(root, 50, "cron", nspid="50")
    for number, name in enumerate(cts, 1):
        inside: dict[str, Any] = {
            "namespace": f"pid:[{number}]",
            "cgroup": f"0::/lxc.payload.{name}\n",
        }
        process(root, number * 100, "init", nspid=f"{number * 100} 1", ppid=50, **inside)
        process(
            root,
            number * 100 + 1,
            daemon,
            ppid=number * 100,
            nspid=f"{number * 100 + 1} 9",
            **inside,
        )
    return root


def test_a_containers_daemon_does_not_stand_in_for_the_hosts(run: Run, tmp_path: Path) -> None:
    root = lxc_host(tmp_path)
    text = "PROCS CRITICAL: 0 processes with command name 'sshd' (2 in containers not counted)"
    assert run(root, "-c", "1:", "-C", "sshd") == (f"{text} | procs=0;;1:;0;\n", 2)
    assert run(root, "-c", "1:", "-C", "sshd", "--scope=all")[1] == 0
    assert run(root, "-c", "1:", "-C", "cron")[1] == 0


def test_each_container_is_judged_by_itself(run: Run, tmp_path: Path) -> None:
    root = lxc_host(tmp_path)
    process(root, 300, "init", nspid="300 1", namespace="pid:[3]", cgroup="0::/lxc.payload.web3\n")
    assert run(root, "--per-ct", "-c", "1:", "-C", "sshd") == (
        "PROCS CRITICAL: 0 processes in web3 (lxc web3); 3 containers, 2 processes with command "
        "name 'sshd' | 'web1::procs'=1;;1:;0; 'web2::procs'=1;;1:;0; 'web3::procs'=0;;1:;0;\n",
        2,
    )
    assert run(root, "--ct=web3", "--ct=web1", "-C", "sshd", "-c", "1:")[1] == 0
    assert run(root, "--ct=web3", "-C", "sshd", "-c", "1:")[1] == 2
    assert run(root, "--scope=all", "--per-ct", "-w", "~:") == (
        "PROCS OK: 3 containers, 7 processes | 'ct0::procs'=2;~:;;0; 'web1::procs'=2;~:;;0; "
        "'web2::procs'=2;~:;;0; 'web3::procs'=1;~:;;0;\n",
        0,
    )


def test_what_no_container_is_called_is_unknown(run: Run, tmp_path: Path) -> None:
    root = lxc_host(tmp_path)
    said = run(root, "--ct=webb", "-w", "10")
    assert said == ("PROCS UNKNOWN: 0 processes (no such container: webb) | procs=0;10;;0;\n", 3)
    assert run(root, "--ct=webb", "--missing=critical")[1] == 2
    assert run(root, "--ct=webb", "--missing=ok")[1] == 0
    assert run(root, "--ct=webb", "--ct=web1", "-c", "100:", "--missing=unknown")[1] == 2
    assert run(root, "--ct=webb", "--per-ct")[1] == 3


def test_a_stopped_container_has_no_processes(run: Run, tmp_path: Path) -> None:
    root = lxc_host(tmp_path)
    (root / "var/lib/lxc/db").mkdir(parents=True)
    (root / "var/lib/lxc/db/config").write_text("lxc.uts.name = db\n")
    assert run(root, "--ct=db", "-c", "1:") == (
        "PROCS CRITICAL: 0 processes (db (lxc db) is stopped) | procs=0;;1:;0;\n",
        2,
    )


def test_a_leftover_cgroup_does_not_hide_a_container(run: Run, tmp_path: Path) -> None:
    root = lxc_host(tmp_path, ("web1-1",))
    (root / "var/lib/lxc/web1").mkdir(parents=True)
    (root / "var/lib/lxc/web1/config").write_text("lxc.uts.name = web1\n")
    assert run(root, "--ct=web1", "-C", "sshd", "-c", "1:")[1] == 0
    assert "'web1::procs'=2" in run(root, "--per-ct")[0]


def test_a_host_without_containers(run: Run, tmp_path: Path) -> None:
    root = lxc_host(tmp_path, ())
    assert run(root, "--per-ct") == ("PROCS OK: no containers run on this host\n", 0)
    assert run(root, "-w", "2") == ("PROCS OK: 2 processes | procs=2;2;;0;\n", 0)


def test_sandboxes_count_as_cts_unless_told(run: Run, tmp_path: Path) -> None:
    root = lxc_host(tmp_path, ())
    process(root, 70, "appd", nspid="70 1", namespace="pid:[7]")
    text, status = run(root, "-c", "1:", "-C", "appd")
    assert (status, "(1 in sandboxes not counted)" in text) == (2, True)
    assert run(root, "-c", "1:", "-C", "appd", "--sandbox=host")[1] == 0
    assert run(root, "--scope=cts", "-c", "1:1", "-C", "appd")[1] == 0


def unknown_host(root: Path) -> Path:
    """A kernel without NSpid, as a user who may not read ns/pid: nobody's owner can be told."""
    process(root, 1, "init", namespace=None)
    process(root, 2, "sshd", namespace=None)
    process(root, 3, "sshd", namespace=None)
    return root


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["-c", "1:", "-C", "sshd"], 3),  # 0 to 2: it may be dead
        (["-c", "3:", "-C", "sshd"], 2),  # at most 2: whosever they are
        (["-w", "1:", "-c", "3:", "-C", "sshd"], 2),
        (["-w", "5", "-C", "sshd"], 0),
        (["-w", "1", "-C", "sshd"], 3),
        (["-c", "1:", "-C", "crond"], 2),
        (["-m", "VSZ", "-c", "@0:", "-C", "sshd"], 3),
        (["-m", "VSZ", "-c", "5000", "-C", "sshd"], 0),
    ],
)
def test_unknown_owners_never_make_a_wrong_ok(
    run: Run, tmp_path: Path, arguments: list[str], status: int
) -> None:
    text, got = run(unknown_host(tmp_path), *arguments)
    assert got == status
    assert ("cannot be told" in text) == ("sshd" in arguments)


def test_one_evidence_alone_decides_when_asked(run: Run, tmp_path: Path) -> None:
    root = unknown_host(tmp_path)
    assert run(root, "-c", "2:2", "-C", "sshd", "--detect=cgroup")[1] == 0
    assert run(root, "--detect=envid")[0].startswith("PROCS UNKNOWN: --detect=envid: this kernel")
    assert run(root, "--detect=nspid")[0].startswith("PROCS UNKNOWN: --detect=nspid: this kernel")


def test_verbose_tells_the_evidence_below_the_line(run: Run, tmp_path: Path) -> None:
    text, _ = run(lxc_host(tmp_path), "-v", "-w", "5")
    first, *rest = text.splitlines()
    assert first == "PROCS OK: 2 processes | procs=2;5;;0;"
    assert "by ns/pid and cgroups" in rest[0]
    assert rest[1] == "Looked at 6 processes; matched and not counted: container 4."


def test_names_with_blanks_and_long_ones(run: Run, tmp_path: Path) -> None:
    process(tmp_path, 1, "init", nspid="1")
    process(tmp_path, 2, "tmux: server", nspid="2", cmdline=b"tmux\0new\0")
    process(
        tmp_path, 3, "a-name-of-27-ch", nspid="3", cmdline=b"/srv/a-name-of-27-characters-now\0"
    )
    process(tmp_path, 4, "", nspid="4", cmdline=b"/srv/nameless\0-x\0")
    counts = {
        name: run(tmp_path, "-C", name, *more)[0].split()[2]
        for name, *more in (
            ("tmux:",), ("tmux: server",), ("a-name-of-27-ch",),
            ("a-name-of-27-characters-now",), ("a-name-of-27-characters-now", "--comm-full"),
            ("nameless",),
        )
    }  # fmt: skip
    assert counts == {
        "tmux:": "1",
        "tmux: server": "1",
        "a-name-of-27-ch": "1",
        "a-name-of-27-characters-now": "1",
        "nameless": "1",
    }
    assert run(tmp_path, "-C", "a-name-of-27-characters-now")[0].split()[2] == "0"
    assert run(tmp_path, "-C", "a-name-of-27-ch", "--comm-full")[0].split()[2] == "0"
    assert run(tmp_path, "--match-exe", "-C", "sleep", "-c", "4:4")[1] == 0


def test_states_any_and_all(run: Run, tmp_path: Path) -> None:
    process(tmp_path, 1, "init", nspid="1", session=9)
    process(tmp_path, 2, "leader", nspid="2")
    process(tmp_path, 3, "undead", nspid="3", state="Z", session=9)
    counts = [
        run(tmp_path, *arguments)[0].split()[2]
        for arguments in (
            ["-s", "S"], ["-s", "Ss"], ["-s", "RSZDT"], ["--state-any=Zs"], ["--state-all=sS"],
            ["--state", "Z"], ["-s", "RT"],
        )
    ]  # fmt: skip
    assert counts == ["2", "1", "3", "2", "1", "1", "0"]


def test_kernel_threads_are_known_by_their_flag(run: Run, tmp_path: Path) -> None:
    for pid, name, ppid in ((1, "init", 0), (2, "kthreadd", 0), (3, "kworker/0:1", 2)):
        folder = process(tmp_path, pid, name, nspid=str(pid), ppid=ppid)
        if pid > 1:
            stat = (folder / "stat").read_text().replace(" 4202496 ", " 2129984 ")
            (folder / "stat").write_text(stat)
    assert run(tmp_path, "-k", "-C", "init")[0].split()[2] == "1"
    assert run(tmp_path, "-k")[0].split()[2] == "1"


@pytest.mark.parametrize("name", ["a|b=1;2", "new\nline", "\x1b[31mred", "'x'::y=1", "caf\udce9"])
def test_a_hostile_process_leaves_the_line_whole(run: Run, tmp_path: Path, name: str) -> None:
    process(tmp_path, 1, "init", nspid="1")
    process(tmp_path, 2, name, nspid="2", cmdline=b"x|y\n\x1b]0;z\x07\0")
    text, status = run(tmp_path, "-m", "VSZ", "-c", "@0:", "-v")
    first = text.splitlines()[0]
    assert status == 2
    assert first.count("|") == 1
    assert first.endswith(" | procs=2;;;0; procs_warn=0;;;0; procs_crit=2;;;0;")
    whole = run(tmp_path, "-vvv")[0]
    assert whole.count("\n") == 5
    assert whole.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", ["a|b='1'", "x" * 300, "\x1b[0m", "n\new", "web 1", "=;"])
def test_a_hostile_containers_name_leaves_the_line_whole(
    run: Run, tmp_path: Path, name: str
) -> None:
    root = lxc_host(tmp_path, (name.replace("\n", "?"), "web1"))
    text, status = run(root, "--per-ct", "-c", "5:")
    assert status == 2
    assert text.count("\n") == 1
    assert text.count("|") == 1
    labels = [word.partition("=")[0] for word in text.partition(" | ")[2].split()]
    assert len(labels) == len(set(labels)) == 2
    assert all(label.replace("'", "").replace("::", "").isascii() for label in labels)
    assert text.strip().isprintable()


def test_the_line_stays_short_with_many_offenders(run: Run, tmp_path: Path) -> None:
    root = lxc_host(tmp_path, [f"container-number-{number}" for number in range(150)])
    for arguments in (["--per-ct"], ["--scope=cts", "-v", "-m", "VSZ"], ["--per-ct", "-m", "RSS"]):
        text, status = run(root, *arguments, "-c", "@0:")
        first = text.splitlines()[0]
        assert status == 2
        assert len(first) < 4000
        assert first.count("|") == 1
    assert " and 140 more; 150 containers" in run(root, "--per-ct", "-c", "5:")[0]


def test_a_containers_command_line_is_not_even_opened(run: Run, tmp_path: Path) -> None:
    """A pipe stands for memory that lies on a file system which does not answer."""
    root = lxc_host(tmp_path)
    for pid in (100, 101, 200, 201):
        (root / f"proc/{pid}/cmdline").unlink()
        os.mkfifo(root / f"proc/{pid}/cmdline")
    begin = time.monotonic()
    assert run(root, "-a", "sleep", "-c", "2:2", "-t", "60")[1] == 0
    assert run(root, "-vvv", "-t", "60", "--comm-full", "-C", "cron", "-c", "1:1")[1] == 0
    assert time.monotonic() - begin < 30  # far less than the limit: nobody waited


def test_a_container_that_hangs_costs_itself_only(run: Run, tmp_path: Path) -> None:
    root = lxc_host(tmp_path, ("web1", "web2", "web3"))
    for pid in (200, 201):
        (root / f"proc/{pid}/cmdline").unlink()
        os.mkfifo(root / f"proc/{pid}/cmdline")
    text, status = run(root, "--per-ct", "-a", "sleep", "-c", "1:", "-t", "10")
    assert status == 3
    assert text.startswith("PROCS UNKNOWN: command lines cannot be read in web2 (lxc web2); ")
    assert "'web1::procs'=2;;1:;0;" in text
    assert "'web3::procs'=2;;1:;0;" in text
    text, status = run(root, "--per-ct", "-a", "sleep", "-c", "3:", "-t", "10")
    assert status == 2  # the others' trouble is not hidden by it
    assert "2 processes in web1 (lxc web1)" in text


def test_numbers_of_users_only_a_container_knows(run: Run, tmp_path: Path) -> None:
    root = lxc_host(tmp_path)
    process(
        root, 102, "appd", nspid="102 3", uid=654321, namespace="pid:[1]",
        cgroup="0::/lxc.payload.web1\n",
    )  # fmt: skip
    assert run(root, "--ct=web1", "-u", "654321", "-c", "1:1")[1] == 0
    assert run(root, "-u", "654321")[0].startswith("check_procs: UID was not found - 654321\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scope=none"], "Scope must be one of host, all, cts, ct!"),
        (["--scope=ct"], "--scope=ct needs --ct"),
        (["--scope=cts", "--ct=1"], "--ct and --scope=cts exclude each other"),
        (["--scope=host", "--per-ct"], "--per-ct and --scope=host exclude each other"),
        (["--detect=magic"], "Detection must be one of auto, nspid, envid, cgroup!"),
        (["--missing=fine"], "Missing must be one of ok, warning, critical, unknown!"),
        (["--max-listed=x"], "Max-listed must be a count - x"),
        (["--input-file=x", "--per-ct"], "recorded ps output does not tell containers or threads"),
    ],
)
def test_what_is_refused(run: Run, tmp_path: Path, arguments: list[str], message: str) -> None:
    text, status = run(lxc_host(tmp_path), *arguments)
    assert text.startswith(f"check_procs: {message}\nUsage:\n")
    assert status == 3


OPENVZ = """
-C crond -c 1:1
-C crond -c 1:1 --scope=all
-w 100 -k
--per-ct
--per-ct -C crond -c 1:
--per-ct --scope=all -C syslogd
--per-ct -m RSS -w 800 -c 10000
--ct=101 --ct=tiny
--ct=104 -c 1:
--ct=105
--scope=cts -s S -u root
-v -a syslogd
""".strip().split("\n")


def test_a_recorded_openvz_node(
    run: Run, host: Callable[[str], Path], golden: Callable[[str, str], None]
) -> None:
    """Per-CT counts by envID: who is who stands in tests/hosts/openvz6/README.md."""
    said = ""
    for line in OPENVZ:
        text, status = run(host("openvz6"), *line.split())
        said += f"$ check_procs {line}\n{text}{status}\n\n"
    golden("check_procs_openvz6.txt", said)


# The arguments for which this expression takes hours.
ENDLESS = b"/usr/bin/java\0" + b"javatomcat" * 12000
EXPRESSION = "java.*tomcat.*start"


def test_an_expression_that_does_not_end_is_no_ok(run: Run, tmp_path: Path) -> None:
    """Whoever may run something in a container, or as a user of CT0, chooses its arguments."""
    inside: dict[str, Any] = {"namespace": "pid:[1]", "cgroup": "0::/lxc.payload.web1\n"}
    root = lxc_host(tmp_path)
    for pid in (110, 111, 112):  # the first of a container's is enough: nobody waits for more
        process(root, pid, "java", nspid=f"{pid} {pid}", cmdline=ENDLESS, **inside)
    ereg = f"--ereg-argument-array={EXPRESSION}"
    # Nobody asks a container's about CT0's own.
    assert run(root, ereg, "-c", "0:0") == (
        f"PROCS OK: 0 processes with regex args '{EXPRESSION}' | procs=0;;0:0;0;\n",
        0,
    )
    text, status = run(root, ereg, "-c", "0:0", "--scope=cts")
    assert (text, status) == (
        f"PROCS UNKNOWN: 0 processes with regex args '{EXPRESSION}' (3 more who cannot be told "
        "whose or what they are, for 1 the expression takes too long) | procs=0;;0:0;0;\n",
        3,
    )
    text, status = run(root, ereg, "-c", "0:0", "--per-ct", "--no-perfdata")
    assert (text, status) == (
        "PROCS UNKNOWN: command lines cannot be read in web1 (lxc web1); 2 containers, 0 processes "
        f"with regex args '{EXPRESSION}' (3 more who cannot be told whose or what they are, for 1 "
        "the expression takes too long)\n",
        3,
    )
    process(root, 60, "java", nspid="60", cmdline=ENDLESS)
    assert run(root, ereg, "-c", "0:0") == (
        f"PROCS UNKNOWN: 0 processes with regex args '{EXPRESSION}' (1 more who cannot be told "
        "whose or what they are, for 1 the expression takes too long) | procs=0;;0:0;0;\n",
        3,
    )
    assert run(root, ereg, "-m", "RSS", "-c", "1000", "--no-perfdata")[1] == 3


def test_nor_is_it_in_recorded_output(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    recorded = tmp_path / "ps"
    head = "STAT UID PID PPID VSZ RSS %CPU ELAPSED COMMAND COMMAND\n"
    line = b"S 0 900 1 1 1 0.0 05:00 java " + ENDLESS.replace(b"\0", b" ") + b"\n"
    recorded.write_bytes(head.encode() + line)
    assert main([f"--input-file={recorded}", f"--ereg-argument-array={EXPRESSION}"]) == 3
    assert capfd.readouterr() == (
        "PROCS UNKNOWN: the expression takes more than 0.5 s for the arguments of PID 900\n",
        "",
    )


def test_what_does_not_read_may_be_whom_it_is_about(run: Run, tmp_path: Path) -> None:
    """Not one more that is gone: a process that is there and cannot be understood."""
    root = lxc_host(tmp_path)
    (root / "proc/50/stat").write_text("50 (cron\n")
    text, status = run(root, "-C", "sshd", "-c", "0:0", "--no-perfdata")
    assert status == 3
    assert "(1 more who cannot be told whose or what they are" in text
    assert run(root, "-m", "ELAPSED", "-c", "999999", "--no-perfdata")[1] == 3


def test_an_empty_name_is_nobodys(run: Run, tmp_path: Path) -> None:
    """--ct "$CT" of a shell that knows none; an OpenVZ container may have no name either."""
    root = lxc_host(tmp_path)
    assert run(root, "--ct=", "-c", "9", "--no-perfdata") == (
        "PROCS UNKNOWN: 0 processes (no such container: )\n",
        3,
    )
