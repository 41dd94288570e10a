"""The stage on which an incumbent and its shim play the same lines: a process table of its own.

Runs as PID 1 of a PID namespace with its own /proc and a tmpfs on /srv (`incumbent.play` starts it
so). Reads the cast and the lines as JSON on standard input, starts the cast with fixed PIDs
(ns_last_pid), runs each line once for each side and writes what came out as JSON. After a line
that changed the cast, the whole cast is started anew, with the same PIDs.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any, Callable

FIRST_PID = 1000
COMMAND_PID = 5000
PROGRAMS = {"": "/usr/bin/sleep", "cat": "/usr/bin/cat"}
CONTENT = {"sh": "#!/bin/sh\nread x\n", "env": "#!/usr/bin/env sh\nread x\n"}
SECONDS = 20.0

Actor = dict[str, Any]  # an incumbent.Actor as JSON; likewise a Line


def main() -> None:
    spec = json.load(sys.stdin)
    os.setsid()
    for name in ("INT", "QUIT", "HUP", "TERM", "USR1", "USR2", "PIPE"):
        signal.signal(getattr(signal, "SIG" + name), signal.SIG_DFL)  # ignored: I am PID 1
    cast = Cast(spec["cast"])
    outcomes = []
    for line in spec["lines"]:
        outcome = {}
        for side, path in spec["sides"].items():
            if cast.has_changed:
                cast.start()
            outcome[side] = cast.run(line, path)
        outcomes.append(outcome)
    json.dump(outcomes, sys.stdout)
    sys.stdout.flush()
    os._exit(0)


class Cast:
    def __init__(self, actors: list[Actor]) -> None:
        self.actors = actors
        self.pids = {actor["name"]: FIRST_PID + n for n, actor in enumerate(actors)}
        self.state: dict[str, str] = {}
        self.has_changed = True
        self.quiet, self._keep_open = os.pipe()  # what scripts read from: never anything
        self.tty = os.openpty()
        self.log = os.open("/dev/null", os.O_WRONLY)

    def start(self) -> None:
        """Have everybody on stage, as at the beginning."""
        if self.state:
            os.kill(-1, signal.SIGKILL)
            while True:
                try:
                    os.waitpid(-1, 0)
                except ChildProcessError:
                    break
        entering = [(actor, self.enter(actor)) for actor in self.actors]
        for actor, reader in entering:
            self.await_entry(actor, reader)
        self.state = self.look()
        self.has_changed = False

    def enter(self, actor: Actor) -> int:
        """Start one; its descriptor ends when it has exec'ed, or exited."""
        path = "/srv/" + actor["file"]
        prepare(actor, path)
        if actor["late"]:
            time.sleep(0.03)  # start times are counted in 1/100 s: be seen to be younger
        reader, writer = os.pipe()
        if fork(self.pids[actor["name"]]) == 0:
            try:
                os.close(reader)
                self.dress(actor)
                if actor["zombie"]:
                    write("/proc/self/comm", os.fsencode(actor["comm"] or "zombie"))
                    os._exit(0)
                os.execve(path, self.fill(actor["argv"]), actor["environment"])
            except BaseException as error:
                os.write(2, f"{actor['name']}: {error!r}\n".encode())
            finally:
                os._exit(70)
        os.close(writer)
        if actor["group"] == actor["name"] or actor["file_then"]:
            os.read(reader, 1)  # somebody needs it: its group, its file
        if actor["file_then"]:
            os.unlink(path)
        if actor["file_then"] == "replaced":
            copy(actor["content"], path)
        return reader

    def await_entry(self, actor: Actor, reader: int) -> None:
        pid = self.pids[actor["name"]]
        os.read(reader, 1)
        os.close(reader)
        wait_until(lambda: self.is_ready(actor, pid), f"{actor['name']} is not on stage")
        if actor["stopped"]:
            os.kill(pid, signal.SIGSTOP)
            wait_until(lambda: state(pid) == "T", f"{actor['name']} does not stop")

    def is_ready(self, actor: Actor, pid: int) -> bool:
        if state(pid) != ("Z" if actor["zombie"] else "S"):
            return False
        # `env` execs a second time
        return actor["content"] != "env" or read(f"/proc/{pid}/comm") == b"sh\n"

    def dress(self, actor: Actor) -> None:
        """In the child: session, group, terminal, descriptors, user."""
        if actor["session"] or actor["tty"]:
            os.setsid()
        if actor["group"]:
            group = actor["group"]
            os.setpgid(0, 0 if group == actor["name"] else self.pids[group])
        if actor["tty"]:
            import fcntl
            import termios

            fcntl.ioctl(self.tty[1], termios.TIOCSCTTY, 0)
        os.dup2(self.quiet, 0)
        os.dup2(self.log, 1)
        os.chdir("/")
        if actor["uid"] or actor["gid"]:
            os.setgroups([])
            os.setresgid(actor["gid"], actor["gid"], actor["gid"])
            os.setresuid(actor["uid"], actor["euid"] or actor["uid"], actor["uid"])

    def run(self, line: dict[str, Any], path: str) -> dict[str, Any]:
        """One command line; its PID is always the same."""
        argv = self.fill(line["argv"])
        out, out_in = os.pipe()
        err, err_in = os.pipe()
        stdin, stdin_in = os.pipe()
        # Before anybody reads: a command that ends at once, and reads nothing, breaks no pipe.
        os.write(stdin_in, os.fsencode(self.fill([line["stdin"]])[0]))
        os.close(stdin_in)
        for name, content in line["files"].items():
            write("/srv/" + name, os.fsencode(self.fill([content])[0]))
        pid = fork(COMMAND_PID)
        if pid == 0:
            try:
                if line["session"]:
                    os.setsid()
                else:
                    os.setpgid(0, 0)
                os.dup2(stdin, 0)
                os.dup2(out_in, 1)
                os.dup2(err_in, 2)
                os.closerange(3, 50)
                os.chdir("/")
                if line["uid"]:
                    os.setgroups([])
                    os.setresgid(line["uid"], line["uid"], line["uid"])
                    os.setresuid(line["uid"], line["uid"], line["uid"])
                os.execve(path + "/" + argv[0], argv, line["environment"])
            except BaseException as error:
                os.write(2, f"stage: {error!r}\n".encode())
            finally:
                os._exit(70)
        for descriptor in (out_in, err_in, stdin):
            os.close(descriptor)
        status = wait_status(pid)
        stdout, stderr = drain(out), drain(err)
        return {
            "stdout": stdout,
            "stderr": stderr,
            "status": status,
            "fates": self.fates(),
        }

    def fates(self) -> dict[str, str]:
        """What became of whom: {"plain": "15"} killed by that signal, "stopped", "gone"."""
        now = self.look()
        self.has_changed = now != self.state
        found = {}
        for name, was in self.state.items():
            if now[name] == was:
                continue
            found[name] = {"T": "stopped", "S": "continued"}.get(now[name], "gone")
            if now[name] == "Z":
                done = os.waitid(os.P_PID, self.pids[name], os.WEXITED | os.WNOHANG | os.WNOWAIT)
                found[name] = str(done.si_status) if done else "gone"
        return found

    def look(self) -> dict[str, str]:
        """Everybody's state, once nobody is on the way to another."""
        return {name: settled(pid) for name, pid in self.pids.items()}

    def fill(self, words: list[str]) -> list[str]:
        """@name@ becomes that actor's PID, @tty@ the terminal (pts/3), @pts@ its number."""
        tty = os.ttyname(self.tty[1])[5:]
        known = {name: str(pid) for name, pid in self.pids.items()}
        known.update(tty=tty, pts=tty.rpartition("/")[2], stage="1")
        filled = []
        for word in words:
            for name, value in known.items():
                word = word.replace(f"@{name}@", value)
            filled.append(word)
        return filled


def prepare(actor: Actor, path: str) -> None:
    if actor["content"] == "link":
        if not os.path.islink(path):
            os.symlink(actor["target"], path)
        return
    if os.path.exists(path) and not actor["file_then"]:
        return
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if actor["content"] in CONTENT:
        write(path, CONTENT[actor["content"]].encode())
        os.chmod(path, 0o755)
    else:
        if os.path.exists(path):
            os.unlink(path)
        copy(actor["content"], path)


def copy(program: str, path: str) -> None:
    write(path, read(PROGRAMS[program]))
    os.chmod(path, 0o755)


def fork(pid: int) -> int:
    write("/proc/sys/kernel/ns_last_pid", str(pid - 1).encode())
    child = os.fork()
    if child not in (0, pid):
        raise SystemExit(f"stage: forked {child} instead of {pid}")
    return child


def settled(pid: int) -> str:
    """T, Z, S, or - for gone; not before signals that were sent have arrived."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        now = state(pid)
        if now in "TZ-":
            return now
        if now == "S" and not has_pending(pid):
            return now
        time.sleep(0.001)
    raise SystemExit(f"stage: {pid} does not settle")


def has_pending(pid: int) -> bool:
    try:
        lines = read(f"/proc/{pid}/status").split(b"\n")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return any(int(x[7:], 16) for x in lines if x[:7] in (b"SigPnd:", b"ShdPnd:"))


def state(pid: int) -> str:
    try:
        return chr(read(f"/proc/{pid}/stat").rpartition(b")")[2].split()[0][0])
    except (FileNotFoundError, ProcessLookupError):
        return "-"


def wait_until(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise SystemExit(f"stage: {what}")
        time.sleep(0.001)


def wait_status(pid: int) -> int:
    deadline = time.monotonic() + SECONDS
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.0005)


def drain(descriptor: int) -> str:
    text = b""
    while part := os.read(descriptor, 65536):
        text += part
    os.close(descriptor)
    return os.fsdecode(text)


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def write(path: str, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


if __name__ == "__main__":
    main()
