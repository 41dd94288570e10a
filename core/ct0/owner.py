"""Whose is a process: CT0's own, a container's, a sandbox's?

"Own" is relative to the caller: inside a CT it means that CT. The evidence, strongest first:

1. `envID:` in status, where the kernel has it (OpenVZ): another one than mine: a CT's.
2. An engine's mark in the cgroup path that my own path does not carry: that CT's. The only evidence
   for CTs that share CT0's PID namespace (docker run --pid=host).
3. The PID namespace, by `ns/pid` or, where that may not be read, by the columns of `NSpid:`.
   Mine: CT0's own. Another and no mark: a sandbox's (a browser's, bwrap's, a bare `unshare`).
4. Neither may be read (kernels before 4.1 as non-root), but a like envID or `ve` cgroup: CT0's own.
5. Nothing at all, or a cgroup too deep to be read: unknown, which nobody signals.

Mount namespace, user namespace and root directory are no evidence: PrivateTmp=, snaps and chrooted
daemons are CT0's own. What is decided here stays true: a process never changes its PID namespace.
"""

from __future__ import annotations

import posix  # os costs a shim 1 ms

from ct0.errors import Malformed, Unavailable
from ct0.proc_cgroup import memberships, parse_cgroup
from ct0.proc_status import status_value
from ct0.process import Process, read_at

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ct0.engines.mark import Mark
    from ct0.host import Host
    from ct0.proc_cgroup import Membership

OWN, CONTAINER, SANDBOX, UNKNOWN = "ct0", "container", "sandbox", "unknown"


class Owner:
    """`kind` is OWN, CONTAINER, SANDBOX or UNKNOWN; engine and ctid are "" where not known;
    `evidence` says in words what decided. `shared` marks a CT's process in CT0's own PID namespace
    (--pid=host)."""

    __slots__ = ("ctid", "engine", "evidence", "kind", "shared")

    def __init__(self, kind: str, evidence: str, engine: str = "", ctid: str = "") -> None:
        self.kind = kind
        self.evidence = evidence
        self.engine = engine
        self.ctid = ctid
        self.shared = False


class Marked:
    """An engine's mark found in one cgroup path."""

    __slots__ = ("cgroup", "controllers", "ctid", "engine", "weak")

    def __init__(self, engine: str, mark: Mark, line: Membership) -> None:
        self.engine = engine
        self.ctid = mark.ctid
        self.weak = mark.weak
        self.cgroup = "/" + "/".join(line.parts[: mark.depth])
        self.controllers = line.controllers

    def seen_from(self, same_namespace: bool | None) -> Owner:
        evidence = f"cgroup {self.controllers}:{self.cgroup}"
        owner = Owner(CONTAINER, evidence, self.engine, self.ctid)
        owner.shared = same_namespace is True
        return owner


class Ownership:
    """Decides as seen by one process: the caller, or on a recorded host its `self` or PID 1.

    Raises Unavailable when this /proc is not the caller's: its PIDs are then other processes' than
    the kernel would signal, and nothing read from it may lead to a signal.
    """

    __slots__ = (
        "_marks",
        "_unmarked",
        "by_links",
        "cgroups",
        "env_id",
        "host",
        "pid",
        "pid_namespace",
    )

    def __init__(self, host: Host) -> None:
        self.host = host
        self.pid = own_pid(host)
        with Process(host, self.pid) as me:
            status = me.status()
            self.env_id = status.env_id
            self.pid_namespace = pid_namespace(me)
            self.cgroups = {line.controllers: line.parts for line in parse_cgroup(me.cgroup())}
        if host.live and status.nspid is not None and len(status.nspid) > 1:
            raise Unavailable(foreign_proc(host))
        self._marks: dict[str, Marked | None] = {}
        self._unmarked: dict[bytes, bool] = {}
        self.by_links = self.pid_namespace is not None and self.env_id is None

    def plainly_own(self, folder: int, pid: str, status: Callable[[], bytes] | None = None) -> bool:
        """Whether a process is CT0's own beyond doubt; False says only that `owner` is to be asked.

        For whoever counts thousands and signals nobody: it is read by paths below `folder`, an open
        /proc, and no descriptor holds it meanwhile. `status` gives its status file, if the caller
        has use for that.
        """
        try:
            if not self._is_in_my_namespace(folder, pid, status):
                return False
            text = read_at(folder, pid + "/cgroup", SHORT)
        except OSError:
            return False  # gone, hidden, a kernel without cgroups, a path that is too long
        unmarked = self._unmarked.get(text)
        if unmarked is None:
            marked = self._marked(text.decode("utf-8", "surrogateescape"))
            unmarked = marked is None or marked.weak
            self._unmarked[text] = unmarked
        return unmarked

    def _is_in_my_namespace(self, folder: int, pid: str, read: Callable[[], bytes] | None) -> bool:
        if self.by_links:
            try:
                return posix.readlink(pid + "/ns/pid", dir_fd=folder) == self.pid_namespace
            except PermissionError:
                self.by_links = False  # nobody else's then either
        status = read() if read is not None else read_at(folder, pid + "/status", 2048)
        columns, env_id = status_value(status, b"NSpid"), status_value(status, b"envID")
        mine = None if self.env_id is None else self.env_id.encode("ascii")
        return columns is not None and b"\t" not in columns and env_id == mine

    def owner(self, process: Process) -> Owner:
        """Whose `process` is. Raises ProcessLookupError when it is gone."""
        env_id = nspid = None
        namespace = pid_namespace(process) if self.pid_namespace else None
        if self.env_id is not None or namespace is None:
            try:
                status = process.status()
                env_id, nspid = status.env_id, status.nspid
            except (PermissionError, Malformed):
                pass  # hidepid, a damaged record: decide by what else there is
        if env_id is not None and self.env_id is not None and env_id != self.env_id:
            return Owner(CONTAINER, f"envID {env_id}", "openvz", env_id)

        same: bool | None = None
        if namespace is not None:
            same, evidence = namespace == self.pid_namespace, f"PID namespace {namespace}"
        elif nspid:
            same, evidence = len(nspid) == 1, f"NSpid {' '.join(map(str, nspid))}"

        try:
            cgroup = process.cgroup()
        except PermissionError:
            cgroup = ""
        except Malformed:
            return Owner(UNKNOWN, "its cgroup is too deep to be read")
        marked = self._marked(cgroup)
        if marked is not None and not (marked.weak and same):
            return marked.seen_from(same)
        if same:
            return Owner(OWN, evidence)
        if same is False:
            return Owner(SANDBOX, evidence)
        if env_id is not None and env_id == self.env_id:
            return Owner(OWN, f"envID {env_id}")
        if self._is_own_ve(cgroup):
            return Owner(OWN, "cgroup of CT0 in OpenVZ's hierarchy")
        return Owner(UNKNOWN, "neither namespace nor cgroup of it can be read")

    def owner_by(self, way: str, process: Process) -> Owner:
        """Whose `process` is by one kind of evidence alone: "envid", "nspid" or "cgroup".

        For whoever knows better than `owner` what this host's evidence is worth; UNKNOWN where the
        kernel does not offer it. Raises as `owner` does, and PermissionError.
        """
        status = process.status()
        if way == "envid":
            if status.env_id is None or self.env_id is None:
                return Owner(UNKNOWN, "this kernel has no envID")
            if status.env_id != self.env_id:
                return Owner(CONTAINER, f"envID {status.env_id}", "openvz", status.env_id)
            return Owner(OWN, f"envID {status.env_id}")
        marked = self._marked(process.cgroup())
        if way == "cgroup":
            return marked.seen_from(None) if marked else Owner(OWN, "no mark in its cgroup")
        if status.nspid is None:
            return Owner(UNKNOWN, "this kernel has no NSpid")
        evidence = f"NSpid {' '.join(map(str, status.nspid))}"
        if len(status.nspid) == 1:
            return Owner(OWN, evidence)
        return marked.seen_from(False) if marked else Owner(SANDBOX, evidence)

    def _marked(self, text: str) -> Marked | None:
        """Many processes share a cgroup, so each text is looked at once."""
        if text not in self._marks:
            self._marks[text] = self._find_mark(text)
        return self._marks[text]

    def _find_mark(self, text: str) -> Marked | None:
        weak = None
        for line in memberships(text):
            marked = outermost(line, self.cgroups.get(line.controllers, []))
            if marked is not None and not marked.weak:
                return marked
            weak = weak or marked
        return weak

    def _is_own_ve(self, text: str) -> bool:
        from ct0.engines.openvz import HIERARCHIES

        own = [
            line.parts == self.cgroups.get(line.controllers)
            for line in parse_cgroup(text)
            if not HIERARCHIES.isdisjoint(line.controllers.split(","))
        ]
        return bool(own) and all(own)


SHORT = 448  # bytes of a file; most are shorter


def outermost(line: Membership, own: list[str]) -> Marked | None:
    """The first mark of a path that is not a prefix of my own path."""
    start = 0
    # In my own cgroup, where every process of CT0's is on a host without systemd, there is no such
    # mark, and the engines need not be imported (0.5 ms).
    while start < len(line.parts) and line.parts != own:
        from ct0.engines import ENGINES

        best: tuple[str, Mark] | None = None
        strong = False
        for name, engine in ENGINES.items():
            mark = engine.payload(line.controllers, line.parts[start:])
            if mark is None:
                continue
            strong = strong or not mark.weak
            if best is None or mark.depth < best[1].depth:
                best = name, mark
            if mark.depth == 1 and not mark.weak:
                break  # no other can be further out
        if best is None:
            return None
        best[1].depth += start
        # No helper of CT0's is where another engine is sure of a container (docker run
        # --cgroup-parent=/lxc/x --pid=host).
        best[1].weak = not strong
        if line.parts[: best[1].depth] != own[: best[1].depth]:
            return Marked(*best, line)
        start = best[1].depth  # a CT that I am in myself: look for one nested in it
    return None


def pid_namespace(process: Process) -> str | None:
    """The text of the ns/pid link, None where the kernel or the caller's rights do not offer it."""
    try:
        return process.link("ns/pid")
    except PermissionError:
        return None


def own_pid(host: Host) -> int:
    """The PID whose view counts: mine on the live host, PID 1's on a recorded one.

    Raises Unavailable when this /proc knows me under another PID than the kernel does.
    """
    if not host.live:
        try:
            posix.stat(host.proc + "/1")
        except OSError as error:
            raise Unavailable(f"{host.proc}/1: {error.strerror}: no processes recorded") from error
        return 1
    try:
        name = posix.readlink(host.proc + "/self")
    except OSError as error:
        raise Unavailable(f"{host.proc}/self: {error.strerror}: is /proc mounted?") from error
    if name != str(posix.getpid()):
        raise Unavailable(foreign_proc(host))
    return int(name)


def foreign_proc(host: Host) -> str:
    return f"{host.proc} is of another PID namespace than mine: mount one of this namespace first"
