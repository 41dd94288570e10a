"""All processes of a target with whose each is, and what each really runs.

    4711 sshd   /usr/sbin/sshd    own
    5012 sshd   /usr/sbin/sshd    container 101
    6001 sshd   /usr/bin/perl     own, and only called so

comm is what a process calls itself (prctl(2), PR_SET_NAME), its command line is any text it likes;
which file it runs, the kernel says.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from typing import NamedTuple

from ct0.errors import Malformed, Unavailable
from ct0.owner import CONTAINER, OWN, Owner, Ownership
from ct0.proc_stat import Stat
from ct0.process import Process
from ct0.ps_columns import KERNEL_THREAD
from ct0_suites.entering import PATH
from ct0_suites.resources.copying.snapshot import Snapshot, snapshot
from ct0_suites.target import Target

NAME_SIZE = 15  # bytes that the kernel keeps of a name (TASK_COMM_LEN - 1)
DELETED = " (deleted)"
LONGEST = 20  # paths that are looked up for one name


class Record(NamedTuple):
    """One living process. Texts are its own: not safe to print raw."""

    pid: int
    ppid: int
    comm: str
    arguments: tuple[str, ...]
    executable: str  # the file it runs; "" where that cannot be read, and of kernel threads
    uid: int  # effective
    is_kernel: bool
    is_daemon: bool  # PID 1's child, or a session's leader without a terminal
    is_ours: bool  # of the command that looks
    is_above: bool  # what that command was started by: sshd's process for the connection
    whose: str  # OWN, CONTAINER, SANDBOX, UNKNOWN
    ctid: str = ""


def read_processes(target: Target) -> list[Record]:
    """Ascending by PID; whoever is dead already is left out. Raises Unavailable, Unreachable."""
    return target.once("processes", lambda: read(target))


def read(target: Target) -> list[Record]:
    with snapshot(target.transport) as host:
        return records(host)


def records(host: Snapshot) -> list[Record]:
    ownership = Ownership(host)
    whose = Whose(host, ownership)
    found, sessions, parents = [], {}, {}
    for pid in host.pids():
        try:
            with Process(host, pid) as process:
                stat = process.stat()
                if stat.state in "ZX":
                    continue
                record = one(process, stat, whose)
        except (ProcessLookupError, Malformed):
            continue  # it ended while it was read
        found.append(record)
        sessions[pid], parents[pid] = stat.session, stat.ppid
    ours, above = looking(host.caller, sessions, parents)
    return [
        record._replace(
            executable=undeleted(host.executables.get(record.pid, "")),
            is_ours=record.pid in ours,
            is_above=record.pid in above,
        )
        for record in found
    ]


def one(process: Process, stat: Stat, whose: Whose) -> Record:
    kind, ctid = whose.told(process)
    return Record(
        pid=process.pid,
        ppid=stat.ppid,
        comm=stat.comm,
        arguments=tuple(process.cmdline()),
        executable="",
        uid=(process.status().uids[1:2] or (-1,))[0],
        is_kernel=bool(stat.flags & KERNEL_THREAD),
        is_daemon=stat.ppid == 1 or (stat.session == process.pid and not stat.tty_nr),
        is_ours=False,
        is_above=False,
        whose=kind,
        ctid=ctid,
    )


class Whose:
    """Whose a process is as seen by the shell that looked.

    On a CT0 it is CT0's own. In a container that shares CT0's PIDs (docker run --pid=host) PID 1 is
    not the container's, and what is of the shell's own container is its own.
    """

    def __init__(self, host: Snapshot, ownership: Ownership) -> None:
        self.ownership = ownership
        try:
            with Process(host, host.caller) as shell:
                self.mine: Owner = ownership.owner(shell)
        except ProcessLookupError:
            raise Unavailable("the shell that looked is not among its processes") from None
        if self.mine.kind not in (OWN, CONTAINER):
            raise Unavailable(f"whose its processes are cannot be told: {self.mine.evidence}")

    def told(self, process: Process) -> tuple[str, str]:
        """OWN, CONTAINER, SANDBOX or UNKNOWN, and which container."""
        owner = self.ownership.owner(process)
        if self.mine.kind == OWN:
            return owner.kind, owner.ctid
        if (owner.kind, owner.engine, owner.ctid) == (
            CONTAINER,
            self.mine.engine,
            self.mine.ctid,
        ):
            return OWN, ""
        return (CONTAINER, "CT0") if owner.kind == OWN else (owner.kind, owner.ctid)


def looking(
    caller: int, sessions: dict[int, int], parents: dict[int, int]
) -> tuple[set[int], set[int]]:
    """The PIDs of the command that looks, and of those above it, up to PID 1."""
    ours = {caller}
    # 0 is a session outside of this PID namespace, and 1 is the init's.
    if sessions.get(caller, 0) > 1:
        ours |= {pid for pid, session in sessions.items() if session == sessions[caller]}
    before = 0
    while len(ours) > before:
        before = len(ours)
        ours |= {pid for pid, parent in parents.items() if parent in ours}
    above: set[int] = set()
    parent = parents.get(caller, 0)
    while parent > 1 and parent not in above:
        above.add(parent)
        parent = parents.get(parent, 0)
    return ours, above


def undeleted(link: str) -> str:
    """The executable as it was called before its file was replaced; OpenVZ 6 says so in front."""
    for mark in ("(deleted) ", DELETED + " "):
        if link.startswith(mark):
            return link[len(mark) :]
    return link[: -len(DELETED)] if link.endswith(DELETED) else link


def is_called(record: Record, name: str) -> bool:
    """Whether a process goes by a name: its own for itself, or its executable's."""
    if record.comm == name or base(record.executable) == shown(name):
        return True
    if record.is_kernel:
        return False
    short = cut(name)
    if short != name and record.comm == short:
        # The kernel kept the beginning only: what it runs, or says it runs, decides.
        return any(base(word) == name for word in record.arguments[:3])
    return not record.executable and base((record.arguments or ("",))[0]) == name


def impostors(target: Target, called: Iterable[Record], name: str) -> list[Record]:
    """Those that go by a name, but no file of that name leads to what they run: neither as a link
    (systemd-udevd -> udevadm, mysqld -> mariadbd, any of busybox's) nor as a script (#!)."""
    doubtful = [
        each
        for each in called
        if each.executable and not each.is_kernel and base(each.executable) != shown(name)
    ]
    if not doubtful:
        return []
    paths = {word for each in doubtful for word in each.arguments[:3] if is_path_of(word, name)}
    leads = target.once(
        f"processes: files called {name}", lambda: read_leads(target, name, sorted(paths))
    )
    return [each for each in doubtful if each.executable not in leads]


def is_path_of(word: str, name: str) -> bool:
    return word.startswith("/") and word.isprintable() and base(word) == name


# Every file itself with all links followed, and of a script its interpreter likewise. Not by
# `command -v`: busybox's shell calls its own applets by their names alone.
LEADS = r"""
cd / || exit 1
for f in {paths}; do
    [ -f "$f" ] || continue
    readlink -f "$f"
    line=
    IFS= read -r line <"$f"
    case $line in '#!'*) ;; *) continue ;; esac
    set -f
    set -- ${{line#??}}
    set +f
    case $1 in
        */env)
            shift
            while [ "$1" = -S ]; do shift; done
            for folder in {folders}; do
                if [ -f "$folder/$1" ]; then readlink -f "$folder/$1"; break; fi
            done ;;
        *) [ ! -f "$1" ] || readlink -f "$1" ;;
    esac
done 2>/dev/null
"""


def read_leads(target: Target, name: str, paths: list[str]) -> frozenset[str]:
    """What the files of a name lead to: those in PATH's folders, and these."""
    folders = PATH.split(":")
    files = [f"{folder}/{name}" for folder in folders] + paths[:LONGEST]
    command = LEADS.format(paths=" ".join(map(shlex.quote, files)), folders=" ".join(folders))
    return frozenset(map(shown, target.run(command).text.splitlines()))


def base(path: str) -> str:
    return path.rpartition("/")[2]


def cut(name: str) -> str:
    raw = name.encode("utf-8", "surrogateescape")
    return raw[:NAME_SIZE].decode("utf-8", "surrogateescape")


def shown(name: str) -> str:
    """As ls shows it: in the C locale, a "?" for each byte that is no ASCII letter."""
    raw = name.encode("utf-8", "surrogateescape")
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in raw)
