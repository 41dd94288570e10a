"""Fill a PID namespace with idle processes that look like a host's.

Imported for CT0's own ones; run as a script, it is the first process of a container:

    python3 -IS fill.py PROGRAMS COUNT      (prints "ready", then waits to be killed)

Standard library's lean part only: the container's first process is started without site-packages.
"""

from __future__ import annotations

import os
import sys
import time

DAEMON = "benchd"  # what the commands look for: in CT0 and, under the same name, in every container
SCRIPT = "benchscript"
DAEMONS = 2  # of each PID namespace; and one script

# Program and argv[0] of the others, in turn. Titles with blanks, as daemons that fork workers set
# them, and login shells cost pidof a second look, so a tenth of them is like that.
CROWD = (
    ("apache2", "/usr/sbin/apache2"),
    ("mariadbd", "/usr/sbin/mariadbd"),
    ("php-fpm", "/usr/sbin/php-fpm8.2"),
    ("java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java"),
    ("cron", "/usr/sbin/cron"),
    ("nginx", "nginx: worker process"),
    ("master", "/usr/lib/postfix/sbin/master"),
    ("rsyslogd", "/usr/sbin/rsyslogd"),
    ("python3.11", "/opt/app/bin/python3.11"),
    ("redis-server", "/usr/bin/redis-server"),
)
SCRIPT_TEXT = "#!/bin/sh\nkill -STOP $$\n"  # a shell that stays, without a child of its own


def make_programs(folder: str, sleep: str = "/bin/sleep") -> None:
    """Copies of sleep(1) under the names above, and the script."""
    with open(sleep, "rb") as file:
        program = file.read()
    texts = {name: program for name, _ in CROWD}
    for name, text in {**texts, DAEMON: program, SCRIPT: SCRIPT_TEXT.encode()}.items():
        with open(f"{folder}/{name}", "wb") as out:
            out.write(text)
        os.chmod(f"{folder}/{name}", 0o755)


def spawn(folder: str, count: int) -> tuple[list[int], int]:
    """Start `count` processes; returns the daemons' PIDs and the script's."""
    daemons = [start(f"{folder}/{DAEMON}", f"{folder}/{DAEMON}") for _ in range(DAEMONS)]
    script = start(f"{folder}/{SCRIPT}", f"{folder}/{SCRIPT}")
    for number in range(count - DAEMONS - 1):
        name, title = CROWD[number % len(CROWD)]
        start(f"{folder}/{name}", title)
    return daemons, script


def start(program: str, title: str) -> int:
    """posix_spawn returns when the program runs: its command line is already its own."""
    return os.posix_spawn(program, [title, "infinity"], {})


def pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def settle(deadline: float = 60.0) -> None:
    """Wait until everybody but the caller sleeps."""
    end = time.monotonic() + deadline
    while any(is_running(pid) for pid in pids() if pid != os.getpid()):
        if time.monotonic() > end:
            raise TimeoutError(f"processes still busy after {deadline:g} s")
        time.sleep(0.1)


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] in (b"R", b"D")
    except (FileNotFoundError, ProcessLookupError):
        return False


if __name__ == "__main__":
    spawn(sys.argv[1], int(sys.argv[2]) - 1)
    print("ready", flush=True)
    while True:
        time.sleep(3600)
