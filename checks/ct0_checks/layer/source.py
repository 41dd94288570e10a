"""Where a plugin's figures come from: read here, from root's state file, or through sudo.

    direct  as root, or a host below --root: read by this process
    state   /run/ct0/state.json, which ct0-state.timer has root write every minute
    sudo    /usr/lib/ct0/ct0-read, which checks/sudoers/ct0 allows

`auto` takes the first that is there. A state file that has grown old is UNKNOWN, whatever else
there is: somebody has set it up, and it has stopped.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import stat
import subprocess
import time
from collections.abc import Collection, Sequence

from ct0.cgroup_files import optional, read_cgroup
from ct0.containers import boot_time
from ct0.errors import Unavailable
from ct0.host import Host
from ct0.survey import DEADLINE, LIMIT, Survey, load, survey
from ct0_checks.layer.cleaning import clean
from ct0_checks.layer.selection import UNSEEN

TIMER = "ct0-state.timer"
SUDO = "/usr/bin/sudo"
READER = "/usr/lib/ct0/ct0-read"
AHEAD = 60.0  # seconds by which a file may be younger than now
ROUNDED = 2.0  # seconds; /proc/stat has the time of boot in whole ones
BOOT_ID = "/proc/sys/kernel/random/boot_id"


def obtain(
    options: argparse.Namespace, parts: Collection[str], command: Sequence[str] = (SUDO, READER)
) -> Survey:
    """What the plugin judges. `options`: root, source, state_file, max_age, timeout.

    Raises Unavailable, which says what to set up; Malformed; OSError if /proc cannot be listed.
    """
    source = options.source
    if source == "auto":
        source = automatic(options)
    if source == "direct":
        if options.root == "/" and hidden():
            raise Unavailable("/proc hides processes from this user (hidepid): run as root")
        # Half of the time is for all the rest.
        deadline = min(DEADLINE, options.timeout / 2) if options.timeout else DEADLINE
        found = survey(Host(options.root), parts, deadline=deadline)
        if options.root == "/":
            found.troubles.update(unseen(os.geteuid()))
        return found
    if options.root != "/":
        raise Unavailable(f"--source {source} is of this host, and --root is {options.root}")
    if source == "state":
        return from_state_file(options.state_file, options.max_age)
    return through_sudo(command, options.timeout, options.state_file)


def automatic(options: argparse.Namespace, euid: int | None = None) -> str:
    if options.root != "/" or (os.geteuid() if euid is None else euid) == 0:
        return "direct"
    return "state" if os.path.lexists(options.state_file) else "sudo"


def hidden() -> bool:
    """Whether /proc shows this user his own processes alone: then no container would be found, and
    nothing be wrong."""
    try:
        with open("/proc/1/stat", "rb"):
            return False
    except OSError:
        return os.geteuid() != 0


def unseen(euid: int) -> dict[str, str]:
    """What a survey's reader may have been kept from: who is not root finds no container that is
    stopped, for engines keep their files to themselves, and not all that run."""
    return {UNSEEN: f"read as uid {euid}, not root: there may be more"} if euid else {}


def unusable(path: str) -> str:
    """Why a state file was not taken."""
    try:
        os.lstat(path)
    except PermissionError:
        return "may not be read by this user"
    except OSError:
        return "is not there"
    return "was not asked for"


def from_state_file(path: str, max_age: float) -> Survey:
    """Raises Unavailable: no such file, not root's alone, or older than `max_age` seconds."""
    found = load(read_state_file(path), path)
    if of_another_boot(found):
        raise Unavailable(f"{path} is of another boot or host: systemctl status {TIMER}")
    age = time.time() - found.time
    if found.machine.boot_time:
        # Whoever sets the clock back makes no old file new.
        uptime = time.clock_gettime(time.CLOCK_BOOTTIME)
        age = max(age, uptime - (found.time - found.machine.boot_time) - ROUNDED)
    if age > max_age:
        raise Unavailable(
            f"{path} is {age:.0f} s old, more than {max_age:g} s: systemctl status {TIMER}"
        )
    if age < -AHEAD:
        raise Unavailable(f"{path} is of {-age:.0f} s from now: was the clock set?")
    return found


def of_another_boot(found: Survey) -> bool:
    """Both must tell so: systemd gives a container a boot ID of its own, which its services with a
    /proc of their own do not see, and whoever sets the clock moves the time of boot."""
    boot_id = (optional(read_cgroup, BOOT_ID) or "").strip()
    if not found.boot_id or not boot_id or found.boot_id == boot_id:
        return False
    return abs(found.machine.boot_time - boot_time(Host("/"))) > ROUNDED


def read_state_file(path: str) -> str:
    try:
        # A pipe in its place must not hold us up, a link must not lead elsewhere.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)
    except FileNotFoundError:
        raise Unavailable(f"{path} is not there: systemctl enable --now {TIMER}") from None
    except PermissionError:
        raise Unavailable(
            f"{path} may not be read by this user: it is for Group= of ct0-state.service"
        ) from None
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}: remove it, {TIMER} makes it anew") from None
    status = os.fstat(file)
    trouble = ""
    if not stat.S_ISREG(status.st_mode):
        trouble = "is no regular file"
    elif status.st_uid not in (0, os.geteuid()):
        trouble = f"belongs to uid {status.st_uid}, not to root"
    elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        trouble = f"is writable for others (mode {stat.S_IMODE(status.st_mode):04o})"
    elif status.st_size > LIMIT:
        trouble = f"has more than {LIMIT} bytes"
    if trouble:
        os.close(file)
        raise Unavailable(f"{path} {trouble}: remove it, {TIMER} makes it anew")
    with os.fdopen(file, "rb") as stream:
        return stream.read(LIMIT + 1).decode("utf-8", "replace")


def through_sudo(command: Sequence[str], timeout: float, state_file: str) -> Survey:
    """Raises Unavailable: sudo does not let us, or the reader does not end in time."""
    sudo, reader = command
    settle = f"({state_file} {unusable(state_file)}: enable {TIMER}, or allow {reader} in sudoers)"
    try:
        process = subprocess.Popen(
            [sudo, "-n", "--", reader],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
            cwd="/",
        )
    except OSError as error:
        raise Unavailable(f"{sudo}: {error.strerror} {settle}") from None
    limit = timeout * 0.8 if timeout else 60.0
    output = gather(process, time.monotonic() + limit)
    if output is None:
        stop(process)
        raise Unavailable(f"sudo {reader}: no answer within {limit:g} s")
    text, said = output
    if process.wait() != 0:
        words = clean(said.decode("utf-8", "replace").strip().rpartition("\n")[2], 200)
        raise Unavailable(f"sudo {reader}: {words or 'failed without a word'} {settle}")
    return load(text.decode("utf-8", "replace"), f"sudo {reader}")


def gather(process: subprocess.Popen[bytes], end: float) -> tuple[bytes, bytes] | None:
    """Standard output and error until both are closed; None when the time is over, or when it is
    more than any host has to say."""
    assert process.stdout is not None
    assert process.stderr is not None
    streams = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    out, err = streams.values()
    ready = select.poll()
    for file in streams:
        ready.register(file, select.POLLIN)
    left_open = len(streams)
    while left_open:
        left = end - time.monotonic()
        if left <= 0 or len(out) > LIMIT or len(err) > LIMIT:
            return None
        for file, _ in ready.poll(left * 1000):
            part = os.read(file, 1 << 16)
            streams[file] += part
            if not part:
                ready.unregister(file)
                left_open -= 1
    return bytes(out), bytes(err)


def stop(process: subprocess.Popen[bytes]) -> None:
    try:
        os.kill(process.pid, signal.SIGKILL)
    except PermissionError:
        return  # it is root's by now; its own alarm ends it
    except ProcessLookupError:
        return  # it has just ended
