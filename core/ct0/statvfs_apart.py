"""statvfs(3) of many paths at once, in a process of its own that can be left behind.

For programs that must end in time, a plugin or the root reader: a thread that hangs on a dead file
system keeps its process from ending, whatever kills it. So a child asks. It holds none of its
parent's descriptors, and is killed and not waited for.

One thread of the child asks one path after the other; while none gets an answer, another takes
over every 50 ms. So any number of dead file systems costs about one deadline, and the living ones
answer all the same.

What hangs in the kernel stays until the file system answers: a zombie `ct0-statvfs` with threads
named `df 182:1` after the device. As long as there is one, that device is not asked again: one dead
server costs one thread, not one a minute.
"""

from __future__ import annotations

import json
import os
import select
import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Callable, Union

from ct0.errors import Malformed
from ct0.host import Host
from ct0.owner import OWN, Ownership
from ct0.process import Process
from ct0.statvfs import DEADLINE, Size
from ct0.text import entries

NAME = "ct0-statvfs"
STEP = 0.05  # seconds without an answer until another thread takes over
WORKERS = 256  # at the most; the paths after as many dead ones are not asked


Answer = Union[Size, str]  # or in words why there is none


def ask_all(
    devices: Mapping[str, str],
    deadline: float = DEADLINE,
    ask: Callable[[str], os.statvfs_result] = os.statvfs,
    known: Iterable[str] = (),
) -> dict[str, Answer]:
    """Path -> answer, for a mapping of paths to their devices ("182:1").

    Comes back within `deadline` seconds and little more. Devices in `known` are not asked.
    """
    dead = set(known)
    late = f"no answer from the file system within {deadline:g} s"
    found: dict[str, Answer] = {
        path: "still no answer from the file system" if device in dead else late
        for path, device in devices.items()
    }
    paths = [path for path, device in devices.items() if device not in dead]
    if not paths:
        return found
    end = time.monotonic() + deadline
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        be_the_child(writer, [(path, devices[path]) for path in paths], ask)
    os.close(writer)
    try:
        for index, answer in answers(reader, len(paths), end):
            found[paths[index]] = answer
    finally:
        os.close(reader)
        end_of(child)
    return found


def answers(reader: int, count: int, end: float) -> Iterable[tuple[int, Answer]]:
    """Lines `[3, [4096, …]]` or `[3, "Permission denied"]` as they come."""
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    rest = b""
    while count:
        left = end - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return
        part = os.read(reader, 65536)
        if not part:
            return  # it died
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            index, answer = json.loads(line)
            yield index, answer if isinstance(answer, str) else Size(*answer)
            count -= 1


def end_of(child: int) -> None:
    """Kill it. One that hangs in the kernel is init's to wait for, once this process is gone."""
    os.kill(child, signal.SIGKILL)
    end = time.monotonic() + 0.1
    while time.monotonic() < end:
        if os.waitpid(child, os.WNOHANG)[0]:
            return
        time.sleep(0.002)


def be_the_child(
    writer: int, paths: list[tuple[str, str]], ask: Callable[[str], os.statvfs_result]
) -> None:
    """Never comes back."""
    try:
        os.dup2(writer, 3)  # first: it is one of 0 to 2 where those were closed
        # Whoever reads the parent's output must not wait for a child that hangs.
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        os.closerange(4, os.sysconf("SC_OPEN_MAX") if os.sysconf("SC_OPEN_MAX") < 65536 else 65536)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        name_thread(os.getpid(), NAME)
        work_through(3, paths, ask)
    finally:
        os._exit(0)


def work_through(
    writer: int, paths: list[tuple[str, str]], ask: Callable[[str], os.statvfs_result]
) -> None:
    waiting = deque((index, path, device) for index, (path, device) in enumerate(paths))
    answered = threading.Semaphore(0)

    def work() -> None:
        while True:
            try:
                index, path, device = waiting.popleft()
            except IndexError:
                return  # all are asked
            name_thread(threading.get_native_id(), f"df {device}")
            answer: object
            try:
                numbers = ask(path)
                answer = [getattr(numbers, field) for field in Size._fields]
            except OSError as error:
                answer = error.strerror or str(error)
            os.write(writer, json.dumps([index, answer]).encode() + b"\n")
            answered.release()

    workers = 0
    count = len(paths)
    while count:
        if waiting and workers < WORKERS:
            threading.Thread(target=work, daemon=True).start()
            workers += 1
        timeout = STEP if waiting else None
        while count and answered.acquire(timeout=timeout):
            count -= 1


def name_thread(thread: int, name: str) -> None:
    try:
        with open(f"/proc/self/task/{thread}/comm", "wb") as file:
            file.write(name.encode()[:15])
    except OSError:
        return  # Linux before 2.6.33: what hangs cannot be told next time


def dead_devices(host: Host) -> set[str]:
    """The devices that a child left behind still waits for."""
    found = set()
    ownership = Ownership(host)
    for pid in host.pids():
        try:
            with Process(host, pid) as process:
                if process.comm() != NAME or process.stat().state not in "ZX":
                    continue
                # A container may call its processes what it likes.
                mine = os.geteuid() in process.status().uids[1:2]
                if not mine or ownership.owner(process).kind != OWN:
                    continue
        except (OSError, Malformed):
            continue  # gone, or hidden from this caller
        for thread in entries(f"{host.proc}/{pid}/task"):
            found.add(device_of(f"{host.proc}/{pid}/task/{thread}/comm"))
    return found - {""}


def device_of(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            kind, _, device = file.read().rstrip("\n").partition(" ")
    except OSError:
        return ""  # gone
    return device if kind == "df" else ""
