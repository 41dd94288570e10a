"""Running a shell's text somewhere: here, on a node over ssh, in a container of either.

A transport is one method, `run`. What comes back is the command's own status: where the way there
fails (ssh's 255, vzctl's 31, lxc-attach's 1) a command that never ended is told from one that did
by a mark it prints at its end.
"""

from __future__ import annotations

import os
import secrets
import selectors
import shlex
import signal
import subprocess
import tempfile
import time
from typing import IO, Callable, NamedTuple, Protocol, cast

from ct0.text import plain
from ct0_suites.records import Unreachable

TIMEOUT = 30.0  # seconds for one command
LARGEST = 64 << 20  # bytes of one command's output

# The whole text is one argument of a POSIX shell. The mark is on standard output, after all of the
# command's own, and cannot be guessed by who wrote that.
MARKED = "( {command}\n) ; printf '\\n%s %s\\n' {mark} $?"

# lxc-attach first makes a copy of itself in memory, which now and then is "busy": nothing was run.
NOTHING_RAN = b"Failed to rexec as memfd"
TRIES = 5


class Output(NamedTuple):
    status: int
    stdout: bytes
    stderr: bytes

    @property
    def text(self) -> str:
        """Standard output; bytes that are no UTF-8 are kept as surrogates."""
        return self.stdout.decode("utf-8", "surrogateescape")

    @property
    def trouble(self) -> str:
        """The last line on standard error, safe to print; else the status."""
        lines = self.stderr.decode("utf-8", "replace").strip().splitlines()
        return plain(lines[-1]) if lines else f"exit status {self.status}"


class Transport(Protocol):
    """Runs shell texts on one target. May be called from several threads."""

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        """Run `command` by /bin/sh there. Raises Unreachable when it did not run to its end."""
        ...


class Local:
    """This machine."""

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        return ended(lambda text: ["/bin/sh", "-c", text], "this machine", command, stdin, timeout)


class Ssh:
    """A machine over OpenSSH's client: one shared connection, host keys checked, no questions.

    `options` are added to ssh's command line before the destination.
    """

    def __init__(self, destination: str, folder: str, options: tuple[str, ...] = ()) -> None:
        """`folder`: an own private one of at most 49 characters, for the connection's socket:
        its path has 107, of which ssh takes 58 while it makes it."""
        self.destination = destination
        self.argv = [
            "ssh", "-T",
            "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=yes",
            "-o", "ConnectTimeout=10",
            "-o", "ServerAliveInterval=5",
            "-o", "ServerAliveCountMax=3",
            "-o", "ControlMaster=auto",
            "-o", "ControlPersist=30",
            "-o", f"ControlPath={folder}/%C",
            *options,
            "--", destination,
        ]  # fmt: skip

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        def argv(text: str) -> list[str]:
            # The login shell there reads it first: any that quotes as POSIX says (not csh, fish).
            return [*self.argv, f"exec /bin/sh -c {shlex.quote(text)}"]

        return ended(argv, self.destination, command, stdin, timeout)

    def close(self) -> None:
        """End the shared connection; nothing happens if there is none."""
        at = self.argv.index("--")
        try:
            subprocess.run(
                [*self.argv[:at], "-O", "exit", *self.argv[at:]],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=10,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            pass  # no ssh here, which `run` has said; or one that hangs, and ends by ControlPersist


class Inside:
    """A container, entered from the machine it is on. `enter` makes the command line that runs a
    shell's text inside (`ct0_suites.entering`)."""

    def __init__(self, machine: Transport, enter: Callable[[str], list[str]], name: str) -> None:
        self.machine = machine
        self.enter = enter
        self.name = name

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        mark = secrets.token_hex(8)
        text = MARKED.format(command=command, mark=mark)
        for _ in range(TRIES):
            try:
                said = self.machine.run(shlex.join(self.enter(text)), stdin, timeout)
            except Unreachable as error:
                raise Unreachable(f"{plain(self.name)}: {error}") from error
            if mark.encode("ascii") in said.stdout or NOTHING_RAN not in said.stderr:
                break
            time.sleep(0.2)
        return unmarked(said, mark, self.name)


def ended(
    argv: Callable[[str], list[str]], name: str, command: str, stdin: bytes, timeout: float
) -> Output:
    """Run a command line whose last word is a shell's text, and believe the mark at its end."""
    mark = secrets.token_hex(8)
    said = call(argv(MARKED.format(command=command, mark=mark)), name, stdin, timeout)
    return unmarked(said, mark, name)


def unmarked(said: Output, mark: str, name: str) -> Output:
    """The command's own output and status. Raises Unreachable when it did not get to its end."""
    body, found, status = said.stdout.rpartition(f"\n{mark} ".encode("ascii"))
    if not found or not status.strip().isdigit():
        raise Unreachable(f"{plain(name)}: {said.trouble}")
    return Output(int(status), body, said.stderr)


def call(argv: list[str], name: str, stdin: bytes, timeout: float) -> Output:
    """Run a program of this machine, all of whose children end with it at the time limit."""
    deadline = time.monotonic() + timeout
    with tempfile.TemporaryFile() if stdin else open(os.devnull, "rb") as given:
        if stdin:
            given.write(stdin)
            given.seek(0)
        try:
            process = subprocess.Popen(
                argv,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise Unreachable(f"{plain(name)}: {argv[0]}: not installed here") from error
        except (OSError, ValueError) as error:
            # A NUL in the command, one that is too long.
            raise Unreachable(f"{plain(name)}: {argv[0]}: {error}") from error
    ended = False
    try:
        stdout, stderr = read_both(process, deadline)
        status = process.wait(max(0.0, deadline - time.monotonic()))
        ended = True
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{plain(name)}: no answer within {timeout:g} s") from None
    except OverflowError:
        raise Unreachable(f"{plain(name)}: more than {LARGEST >> 20} MiB of output") from None
    finally:
        if not ended:
            kill(process.pid)
            process.wait()
    return Output(status, stdout, stderr)


def read_both(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, bytes]:
    """All that a process prints. Raises TimeoutExpired at the deadline, OverflowError at LARGEST.

    The end of it is not waited for longer: a shared connection of ssh's holds the pipes for as long
    as the command on the node runs, whoever was killed here.
    """
    assert process.stdout is not None
    assert process.stderr is not None
    kept = {process.stdout: bytearray(), process.stderr: bytearray()}
    with process.stdout, process.stderr, selectors.DefaultSelector() as waiting:
        for file in kept:
            waiting.register(file, selectors.EVENT_READ)
        while waiting.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise subprocess.TimeoutExpired(process.args, 0)
            for key, _ in waiting.select(left):
                file = cast(IO[bytes], key.fileobj)
                chunk = os.read(key.fd, 1 << 16)
                kept[file] += chunk
                if not chunk:
                    waiting.unregister(file)
                if len(kept[file]) > LARGEST:
                    raise OverflowError
    return bytes(kept[process.stdout]), bytes(kept[process.stderr])


def kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass
