"""A shell's text is run to its end, with its own status, or it is said why not."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ct0_suites import transport
from ct0_suites.records import Unreachable
from ct0_suites.transport import Inside, Local, Output, Ssh, unmarked
from suites.fake_commands import lay_out

HERE = Local()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("true", Output(0, b"", b"")),
        ("echo one; echo two >&2; exit 3", Output(3, b"one\n", b"two\n")),
        ("exit 3", Output(3, b"", b"")),
        ("echo kept # a comment", Output(0, b"kept\n", b"")),
        ("cat <<END\nhere\nEND", Output(0, b"here\n", b"")),
        ("cat <<END\nhere\nEND\n", Output(0, b"here\n", b"")),
        ("printf unended", Output(0, b"unended", b"")),
        (r"printf 'a\000b'", Output(0, b"a\0b", b"")),
        (r"printf '\377\n\n'", Output(0, b"\xff\n\n", b"")),
        ("echo before; exec >&-; exit 5", Output(5, b"before\n", b"")),
        ("set -e; false; echo not here", Output(1, b"", b"")),
        ("nosuchcommand 2>/dev/null", Output(127, b"", b"")),
        ("cat", Output(0, b"", b"")),
    ],
)
def test_status_and_output_are_the_commands_own(command: str, expected: Output) -> None:
    assert HERE.run(command) == expected


def test_a_child_that_is_killed_has_the_shells_status_for_it() -> None:
    assert HERE.run("sh -c 'kill -9 $$'").status == 137


def test_standard_input_is_passed_as_it_is() -> None:
    given = bytes(range(256)) * 1000
    assert HERE.run("cat", given) == Output(0, given, b"")


def test_a_command_that_reads_nothing_of_a_large_input_is_no_fault() -> None:
    assert HERE.run("true", b"x" * 10_000_000).status == 0


def test_much_output_on_both_streams_at_once() -> None:
    said = HERE.run("head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2")
    assert (said.status, len(said.stdout), len(said.stderr)) == (0, 3_000_000, 3_000_000)


def test_a_command_without_end_to_its_output_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST", 1 << 20)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="this machine: more than 1 MiB of output"):
        HERE.run("yes")
    assert time.monotonic() - began < 10


def test_at_the_time_limit_its_children_end_too(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = f"sleep 300 & echo $! >>{pids}; ( sleep 300 & echo $! >>{pids}; wait ); wait"
    with pytest.raises(Unreachable, match=r"this machine: no answer within 0\.5 s"):
        HERE.run(command, timeout=0.5)
    started = pids.read_text(encoding="ascii").split()
    assert len(started) == 2
    deadline = time.monotonic() + 5
    while any(runs(pid) for pid in started):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_time_limit_holds_though_somebody_else_has_the_pipes() -> None:
    """As the process of a shared connection of ssh's has them, which is in a session of its own."""
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"no answer within 0\.5 s"):
        HERE.run("setsid sleep 3 & sleep 300", timeout=0.5)
    with pytest.raises(Unreachable, match=r"no answer within 0\.5 s"):
        HERE.run("setsid sleep 3 >&- & sleep 300", timeout=0.5)
    assert time.monotonic() - began < 2.9


def runs(pid: str) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return text.rpartition(")")[2].split()[0] not in "ZX"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("kill -9 $$", "exit status -9"),
        ("if", "yntax error"),
        ("", "yntax error"),
        ("echo 'open", "this machine: "),
        ("echo a\0b", "embedded null byte"),
    ],
)
def test_a_command_that_did_not_end_is_no_status(command: str, why: str) -> None:
    with pytest.raises(Unreachable, match=why):
        HERE.run(command)


def test_what_a_command_prints_is_not_taken_for_the_mark() -> None:
    printed = b"\n0123456789abcdef 0\n"
    assert HERE.run("cat; exit 4", printed) == Output(4, printed, b"")


@pytest.mark.parametrize("said", [b"", b"\nmark", b"\nmark ", b"\nmark x\n", b"mark 0\n"])
def test_a_mark_that_is_not_whole_is_no_end(said: bytes) -> None:
    with pytest.raises(Unreachable, match="web1: lost"):
        unmarked(Output(0, said, b"first\nlost\n"), "mark", "web1")


def test_trouble_is_the_last_line_safe_to_print() -> None:
    assert Output(1, b"", b"a\n\x1b[31mred\n\n").trouble == "?[31mred"
    assert Output(255, b"", b"").trouble == "exit status 255"


def test_text_keeps_bytes_that_are_no_utf8() -> None:
    assert os.fsencode(Output(0, b"\xff\xc3\xa4", b"").text) == b"\xff\xc3\xa4"


def test_a_way_inside_that_fails_is_told_from_a_command_that_does() -> None:
    enter = Inside(HERE, lambda text: ["sh", "-c", "echo no such CT >&2; exit 1"], "node1/web1")
    with pytest.raises(Unreachable, match="node1/web1: no such CT"):
        enter.run("false")
    assert Inside(HERE, lambda text: ["sh", "-c", text], "web1").run("false").status == 1


def test_a_machine_that_is_lost_is_named_with_the_container() -> None:
    class Lost:
        def run(self, command: str, stdin: bytes = b"", timeout: float = 1.0) -> Output:
            raise Unreachable("node1: connection refused")

    with pytest.raises(Unreachable, match="node1/web1: node1: connection refused"):
        Inside(Lost(), lambda text: ["sh", "-c", text], "node1/web1").run("true")


def test_lxc_attach_that_was_busy_with_itself_is_tried_again(tmp_path: Path) -> None:
    """lxc-attach 5.0.2 was seen to say so on a busy machine; nothing has run when it does."""
    busy = "lxc-attach: Failed to rexec as memfd"

    def enter(text: str) -> list[str]:
        first = f"[ -e {tmp_path}/tried ] || {{ : >{tmp_path}/tried; echo '{busy}' >&2; exit 1; }}"
        return ["sh", "-c", f'{first}; exec sh -c "$0"', text]

    assert Inside(HERE, enter, "web1").run("echo ran; exit 3") == Output(3, b"ran\n", b"")

    always = Inside(HERE, lambda text: ["sh", "-c", f"echo '{busy}' >&2; exit 1"], "web1")
    with pytest.raises(Unreachable, match=r"web1: .*Failed to rexec as memfd"):
        always.run("true")

    printed = Inside(HERE, lambda text: ["sh", "-c", text], "web1")
    counted = tmp_path / "counted"
    printed.run(f"echo x >>{counted}; echo '{busy}' >&2; exit 1")
    assert counted.read_text(encoding="ascii") == "x\n"


def test_ssh_asks_nothing_checks_host_keys_and_shares_its_connection(tmp_path: Path) -> None:
    ssh = Ssh("root@node1", "/tmp/ct0-x", ("-p", "2222"))
    options = set(ssh.argv)
    assert {"BatchMode=yes", "StrictHostKeyChecking=yes", "ControlMaster=auto"} <= options
    assert "ControlPath=/tmp/ct0-x/%C" in options
    assert ssh.argv[-4:] == ["-p", "2222", "--", "root@node1"]


def test_ssh_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ssh = Ssh("node1", str(tmp_path))
    with pytest.raises(Unreachable, match=r"^node1: ssh: not installed here$"):
        ssh.run("true")
    ssh.close()


def test_status_and_input_over_ssh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lay_out(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    ssh = Ssh("node1", str(tmp_path))
    assert ssh.run("cat; exit 7", b"in\0put") == Output(7, b"in\0put", b"")
    ssh.close()


def test_sshs_own_failure_is_not_the_commands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n"
    (tmp_path / "ssh").write_text(text, encoding="ascii")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(Unreachable, match=r"node1: Host key verification failed\."):
        Ssh("node1", str(tmp_path)).run("true")
