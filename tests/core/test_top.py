"""`ct0 top` into a pipe, and on a terminal, which it leaves as it was."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest

from ct0.cli import top
from ct0.cli.top_table import COLUMNS, columns_of, fit, table
from ct0.host import Host
from ct0.inventory import Inventory
from ct0.live import Row, Waiting
from live_host import HOSTILE, LiveHost

PARTS = Path(__file__).parent.parent.parent
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": os.pathsep.join(str(PARTS / part) for part in ("core", "shims")),
    "TERM": "xterm-256color",
    "LC_ALL": "C.UTF-8",
}
LEAVE, ENTER = "\x1b[?1049l", "\x1b[?1049h"  # the alternate screen


def command(root: Path | str, *words: str) -> list[str]:
    return [sys.executable, "-S", "-m", "ct0.cli", "--root", str(root), "top", *words]


def piped(root: Path | str, *words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(root, *words),
        env={**ENVIRONMENT, **extra},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def names(text: str) -> list[str]:
    """The first column of the (first) table."""
    lines = text.split("\n\n")[1].splitlines()
    return [line.split("  ")[0] for line in lines if not line.startswith("NAME")]


@pytest.fixture
def openvz6(host: Callable[[str], Path]) -> Path:
    return host("openvz6")


def test_batch(openvz6: Path, golden: Callable[[str, str], None]) -> None:
    shown = piped(openvz6, "-b", "-n", "1")
    assert (shown.returncode, shown.stderr) == (0, "")
    golden("openvz6-top.txt", shown.stdout)


def test_batch_again_and_again(openvz6: Path) -> None:
    begin = time.monotonic()
    shown = piped(openvz6, "-b", "-n", "3", "-d", "0.2")
    assert shown.stdout.count("NAME ") == 3
    assert time.monotonic() - begin > 0.4


def test_a_pipe_gets_one_table_without_asking(openvz6: Path) -> None:
    shown = piped(openvz6)
    assert (shown.returncode, shown.stdout.count("NAME ")) == (0, 1)
    assert "\x1b" not in shown.stdout


def test_batch_without_end_ends_with_its_reader(openvz6: Path) -> None:
    words = command(openvz6, "-b", "-d", "0.1")
    with subprocess.Popen(words, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(30) == 141


def test_sorted_and_filtered(openvz6: Path) -> None:
    cts = ["db1.example.com", "web1", "tiny", "stopped.example.com"]
    assert names(piped(openvz6, "-s", "memory").stdout) == ["CT0", *cts]
    assert names(piped(openvz6, "-s", "memory", "-r").stdout) == ["CT0", *cts[2::-1], cts[3]]
    assert names(piped(openvz6, "-f", "EXAMPLE run").stdout) == ["CT0", "db1.example.com"]
    assert names(piped(openvz6, "--state", "stopped").stdout) == ["CT0", "stopped.example.com"]
    assert names(piped(openvz6, "--engine", "lxc").stdout) == ["CT0"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-s", "size"), "invalid choice: 'size'"),
        (("-d", "0"), "'0': from 0.1 seconds to a day, please"),
        (("-d", "nan"), "'nan': from 0.1 seconds to a day, please"),
        (("-n", "-1"), "'-1' is no number of tables"),
    ],
)
def test_wrong_words(openvz6: Path, words: tuple[str, ...], message: str) -> None:
    shown = piped(openvz6, "-b", *words)
    assert shown.returncode == 2
    assert message in shown.stderr


def test_ascii_output_has_words_for_signs(openvz6: Path) -> None:
    shown = piped(openvz6, "-b", "-n", "1", PYTHONIOENCODING="ascii")
    assert shown.returncode == 0
    assert " max " in shown.stdout
    assert shown.stdout.isascii()


def test_a_host_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    shown = piped(tmp_path, "-b", "-n", "1")
    assert shown.returncode == 1
    assert shown.stderr.startswith("ct0 top: ")
    assert shown.stderr.count("\n") == 1


def test_hostile_names_stay_in_their_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    node = LiveHost(tmp_path)
    node.ct("a\x1b]0;owned\x07\nCT0  0  host", 10)
    node.ct(HOSTILE, 11)
    monkeypatch.setattr(Inventory, "containers", lambda self: node.cts)
    assert top.main(["-b", "-n", "1", "-s", "ctid"], Host(str(tmp_path))) == 0
    text = capsys.readouterr().out
    assert names(text) == ["CT0", "a?]0;owned??CT0", HOSTILE]
    assert "\x1b" not in text


ROW = Row("lxc", "a", "名前" * 9, "running", 90061.0, 1.0, 2.0, waiting=Waiting(0.1, 0.0, None))


@pytest.mark.parametrize("width", [10, 40, 60, 80, 100, 132, 200])
def test_table_fits(width: int) -> None:
    shown = table([ROW, ROW._replace(name="b")], width)
    for line in (shown.header, *shown.rows):
        total = columns_of("  ".join(cell.text for cell in line))
        assert total <= max(width, 13)
    assert shown.header[0].text.startswith("NA")


def test_wide_terminals_show_all() -> None:
    assert len(table([ROW], 200).header) == len(COLUMNS)


@pytest.mark.parametrize(
    ("text", "width", "right", "cell"),
    [
        ("ab", 4, False, "ab  "),
        ("ab", 4, True, "  ab"),
        ("abcdef", 4, False, "abc…"),
        ("名前", 4, False, "名前"),
        ("名前名", 4, False, "名… "),
        ("e\u0301a", 3, True, " e\u0301a"),
    ],
)
def test_fit(text: str, width: int, right: bool, cell: str) -> None:
    assert fit(text, width, right) == cell
    assert columns_of(cell) == width


class Terminal:
    """ct0 top on a terminal of its own."""

    def __init__(self, root: Path, *words: str, size: tuple[int, int] = (20, 110), **extra: str):
        self.text = ""
        self.master, slave = pty.openpty()
        self.resize(*size)
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            command(root, *words),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**ENVIRONMENT, **extra},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        self.slave = slave

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], rest)[0]:
                return
            try:
                self.text += os.read(self.master, 65536).decode("utf-8", "replace")
            except OSError:
                return

    def until(self, pattern: str, seconds: float = 20) -> str:
        """What came until it matches; it is taken off."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text)):
            assert time.monotonic() < end, f"no {pattern!r} in {self.text!r}"
            self.read(0.1)
        seen, self.text = self.text[: found.end()], self.text[found.end() :]
        return seen

    def keys(self, text: str) -> None:
        os.write(self.master, text.encode())

    def end(self) -> int:
        status = self.process.wait(20)
        self.read(0.2)
        assert termios.tcgetattr(self.slave)[:4] == self.before[:4], "the terminal is not as it was"
        return status

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def start(root: Path, *words: str, **more: object) -> Terminal:
        made.append(Terminal(root, *words, **more))  # type: ignore[arg-type]
        return made[-1]

    yield start
    for each in made:
        each.close()


def test_screen_lists_and_quits(terminal: Callable[..., Terminal], openvz6: Path) -> None:
    screen = terminal(openvz6)
    shown = screen.until("stopped.example.com")
    assert ENTER in shown
    assert "by cpu, largest first" in shown
    screen.keys("q")
    assert screen.end() == 0
    assert LEAVE in screen.text


def test_screen_keys(terminal: Callable[..., Terminal], openvz6: Path) -> None:
    screen = terminal(openvz6, "-d", "30")
    screen.until("stopped.example.com")
    for keys, answer in (
        ("m", "memory"),
        ("m", "small"),
        ("n", "network"),
        ("p", "pressure"),
        ("h", "Page Up"),
        ("x", "stopped.example.com"),
        ("/tiny\r", "only 'tiny'"),
        ("\x1b", "stopped.example.com"),
        ("/nobody\r", "no container matches"),
    ):
        screen.keys(keys)
        # curses sends what differs only: look for a part that cannot have been there.
        screen.until(answer.replace(" ", r"(?: |\x1b\[[0-9;]*[A-Z])"))
    screen.keys("q")
    assert screen.end() == 0


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)],
)
def test_screen_ends_by_a_signal(
    terminal: Callable[..., Terminal], openvz6: Path, number: int, status: int
) -> None:
    screen = terminal(openvz6)
    screen.until("stopped.example.com")
    screen.process.send_signal(number)
    assert screen.end() == status
    assert LEAVE in screen.text


def test_ctrl_c(terminal: Callable[..., Terminal], openvz6: Path) -> None:
    screen = terminal(openvz6)
    screen.until("stopped.example.com")
    screen.keys("\x03")
    assert screen.end() == 130


def test_screen_is_restored_after_a_fault(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    LiveHost(tmp_path)
    (tmp_path / "proc/stat").unlink()
    screen = terminal(tmp_path)
    assert screen.end() == 1
    fault = f"ct0 top: {tmp_path}/proc/stat: No such file or directory"
    assert screen.text.index(LEAVE) < screen.text.index(fault)


def test_screen_is_restored_before_a_root_without_processes_is_named(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    screen = terminal(tmp_path)
    assert screen.end() == 1
    assert screen.text.index(LEAVE) < screen.text.index("no processes recorded")


def test_screen_goes_on_while_the_host_cannot_be_read(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    LiveHost(tmp_path)
    screen = terminal(tmp_path, "-d", "0.3")
    screen.until("no containers on this host")
    (tmp_path / "proc/stat").rename(tmp_path / "proc/away")
    screen.until("cannot look")
    (tmp_path / "proc/away").rename(tmp_path / "proc/stat")
    screen.until("every")
    screen.keys("q")
    assert screen.end() == 0


@pytest.mark.parametrize("size", [(1, 1), (3, 20), (5, 40), (60, 250)])
def test_screen_of_any_size(
    terminal: Callable[..., Terminal], openvz6: Path, size: tuple[int, int]
) -> None:
    screen = terminal(openvz6, "-d", "0.3")
    screen.until("stopped.example.com")
    screen.resize(*size)
    screen.read(0.6)
    screen.resize(20, 110)
    screen.text = ""
    screen.until("stopped.example.com")
    screen.keys("q")
    assert screen.end() == 0


def test_screen_without_colours(terminal: Callable[..., Terminal], openvz6: Path) -> None:
    colour = re.compile(r"\x1b\[(?:[0-9;]*;)?3[1-7][;m]")
    coloured = terminal(openvz6, "-n", "2", "-d", "0.2")
    coloured.end()
    plain = terminal(openvz6, "-n", "2", "-d", "0.2", NO_COLOR="1")
    plain.end()
    assert colour.search(coloured.text)
    assert not colour.search(plain.text)


def test_terminal_that_can_nothing(terminal: Callable[..., Terminal], openvz6: Path) -> None:
    screen = terminal(openvz6, TERM="nonsense")
    assert screen.end() == 1
    assert "try: ct0 top -b" in screen.text
