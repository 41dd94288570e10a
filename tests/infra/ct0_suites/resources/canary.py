"""A harmless process under a name that nobody else has, and its end.

    /run/ct0c5d0a91be33/ct0c5d0a91be33 120      a copy of sleep, in a folder of its own

Whatever happens it ends by itself after SECONDS. Nothing here signals anything but a process whose
name, as the kernel keeps it, is this one.
"""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager

from ct0.errors import Error, Unavailable
from ct0_suites.target import Target

SECONDS = 120  # how long it lives unless somebody ends it
PATIENCE = 5  # seconds in which a signal does its work
PREFIX = "ct0c"  # with 10 hex digits: 14 bytes of the 15 that the kernel keeps

# /run and /dev/shm may forbid programs; a folder that is there already is somebody else's.
PLACES = ("/run", "/var/tmp", "/dev/shm", "/tmp", "/root")

# All of these get what they need in variables of the shell's, put before them.
ALIVE = r"""
alive() {
    called= state=
    while read -r key value more; do
        case $key in Name:) called=$value ;; State:) state=$value ;; Pid:) break ;; esac
    done 2>/dev/null <"/proc/$1/status"
    case $called$state in "$name"[ZX]) return 1 ;; "$name"?) return 0 ;; esac
    return 1
}
"""

START = r"""
cd / || exit 1
umask 077
for place in $places; do
    folder=$place/$name
    mkdir "$folder" 2>/dev/null || continue
    if begin 2>/dev/null; then
        sleep 1
        if alive "$pid"; then echo "$pid $folder"; exit 0; fi
    fi
    rm -rf "$folder"
done
exit 1
"""
COPY = r"""
copy() {
    for from in /usr/bin/sleep /bin/sleep "$(command -v sleep)"; do
        [ ! -f "$from" ] || break
    done
    # It may be forbidden to run there, or be nothing under this name.
    cp "$from" "$folder/$name" && "$folder/$name" 0
}
"""
# Some ways into containers end with all that they started: then systemd is asked to start it.
WAYS = (
    COPY
    + r"""
begin() {
    copy || return
    "$folder/$name" $seconds </dev/null >/dev/null 2>&1 &
    pid=$!
}
""",
    COPY
    + r"""
begin() {
    copy || return
    systemd-run --quiet --collect --unit=$name "$folder/$name" $seconds >/dev/null 2>&1
    pid=$(systemctl show -p MainPID $name.service 2>/dev/null)
    pid=${pid#MainPID=}
}
""",
)
# Where sleep is busybox's, which is nothing under another name: the kernel calls a script by its
# file's name too. A pidof without -x does not find it, killall and pkill do.
SCRIPT = r"""
begin() {
    printf '#!/bin/sh\ni=0\nwhile [ $i -lt %s ]; do sleep 1; i=$((i+1)); done\n' $seconds \
        >"$folder/$name" || return
    chmod 700 "$folder/$name" || return
    "$folder/$name" </dev/null >/dev/null 2>&1 &
    pid=$!
}
"""

ENDED = r"""
i=0
while alive $pid; do
    [ $i -lt $patience ] || exit 1
    i=$((i+1))
    sleep 1
done
echo yes
"""

REMOVE = r"""
if alive $pid; then kill -KILL $pid; fi
for place in $places; do
    rm -rf "$place/$name"
done
"""


class Canary:
    """One on a target. `pid` is its number there, 0 before it lives."""

    def __init__(self, target: Target, name: str) -> None:
        self.target = target
        self.name = name
        self.pid = 0
        self.folder = ""

    def start(self, as_script: bool = False) -> None:
        """Raises Unavailable where none can live; Unreachable."""
        for begin in (*WAYS, SCRIPT) if as_script else WAYS:
            words = self._run(begin + START).split()
            # A container may answer what it likes.
            folders = [f"{place}/{self.name}" for place in PLACES]
            if len(words) == 2 and words[0].isdecimal() and words[1] in folders:
                self.pid, self.folder = int(words[0]), words[1]
                if self.is_alive():
                    return
                self.remove()
        raise Unavailable(
            f"{self.target.subject.id}: no copy of sleep stays alive there under another name"
        )

    def is_alive(self) -> bool:
        """Raises Unreachable."""
        return self._run("alive $pid && echo yes").strip() == "yes"

    def has_ended(self) -> bool:
        """Whether it ends within a few seconds. Raises Unreachable."""
        return self._run(ENDED).strip() == "yes"

    def remove(self) -> None:
        self._run(REMOVE)

    def _run(self, text: str) -> str:
        given = variables(
            name=self.name,
            pid=self.pid,
            places=" ".join(PLACES),
            seconds=SECONDS,
            patience=PATIENCE,
        )
        return self.target.run(given + ALIVE + text).text


def variables(**values: object) -> str:
    return "".join(f"{key}={shlex.quote(str(value))}\n" for key, value in values.items())


def new_name() -> str:
    return PREFIX + secrets.token_hex(5)


@contextmanager
def canary(target: Target, name: str, as_script: bool = False) -> Iterator[Canary]:
    """One for as long as the block lasts, and nothing of it afterwards.

    `as_script`: if need be as a script, which not every command finds. Raises Unavailable where
    none can live; Unreachable.
    """
    bird = Canary(target, name)
    try:
        bird.start(as_script)
        yield bird
    finally:
        try:
            bird.remove()
        except Error:
            # It cannot be reached any more; the process ends by itself, and its folder is small.
            pass
