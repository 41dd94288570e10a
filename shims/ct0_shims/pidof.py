"""usage: pidof [-cmnqstwxz] [-d SEP] [-S SEP] [-o PID[,PID...]]... NAME...

Print the PIDs of CT0's own processes called NAME, the newest number first.

    $ pidof crond
    350

A NAME is that of a program, or its path. Containers' processes are neither printed nor counted.
Exit status: 0 if there was one, 1 if there was none or the command line is wrong.

  -s, --single-shot        print one PID for each NAME
  -x                       scripts too: the name of what a shell runs
  -o, --omit-pid PID,...   leave these out; %PPID is the calling shell
  -q, --quiet              print nothing
  -z                       zombies too
  -w, --with-workers       processes without arguments too (kernel threads)
  -t, --lightweight        print all threads of the processes
  -d, -S, --separator SEP  put SEP between the PIDs
  -c, --check-root, -m, -n nothing: for scripts that pass them
  -h, --help, -V, --version

Two matching rules are in use, sysvinit's and procps'; those of this system's own pidof hold unless
CT0_PIDOF or /etc/ct0/shims.conf says `sysv` or `procps`.
"""

from __future__ import annotations

import posix  # os costs a shim 1 ms
import sys

from ct0.errors import Malformed
from ct0_shims import pidof_procps, pidof_sysv, report
from ct0_shims.options import UsageError, getopt, leading_number
from ct0_shims.pidof_sysv import FILE, NAME, NAME_SIZE, Candidate, Wanted
from ct0_shims.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ct0.host import Host
    from ct0.process import Process

FLAGS = posix.O_RDONLY | posix.O_CLOEXEC
PART = 448  # of a command line; most are shorter, and for so little Python keeps memory at hand

SHORT = "?cd:hmno:qsS:twxzV"
LONG = {
    "check-root": "c",
    "single-shot": "s",
    "omit-pid": "o:",
    "quiet": "q",
    "separator": "S:",
    "with-workers": "w",
    "lightweight": "t",
    "help": "h",
    "version": "V",
}


class Request:
    """The command line, and whose rules it is read by."""

    __slots__ = ("arguments", "is_sysv", "names", "omitted", "separator", "switches")

    def __init__(self, arguments: list[str], is_sysv: bool) -> None:
        self.arguments = arguments
        self.is_sysv = is_sysv
        self.separator = " "
        self.omitted: set[int] = set()
        options, self.names = getopt(arguments, SHORT, LONG)
        self.switches = {option for option, _ in options}
        for option, value in options:
            if option == "d" and is_sysv:
                self.separator = value[:1] or "\0"  # one character, as there
            elif option in ("d", "S"):
                self.separator = value
            elif option == "o":
                self.omitted.update(omitted_pids(value, is_sysv))


def main(arguments: list[str]) -> int:
    view = View()
    is_sysv = view.settings.pidof == "sysv"
    if view.settings.pidof not in ("sysv", "procps"):
        is_sysv = auto_personality(view.host) == "sysv"
    try:
        request = Request(arguments, is_sysv)
    except UsageError as error:
        report.complain(f"pidof: {error}\n{__doc__}")
        return 1
    if "?" in request.switches:
        report.complain(__doc__ or "")
        return 1
    if "h" in request.switches:
        report.out(__doc__ or "")
        return 0
    if "V" in request.switches:
        from ct0 import __version__

        report.out(f"pidof from ct0 {__version__}\n")
        return 0

    found = find(request, view)
    if found and "q" not in request.switches:
        if "t" in request.switches:
            found = [thread for pid in found for thread in threads(view, pid)]
        report.out(request.separator.join([str(pid) for pid in found]) + "\n")
    report.log_skipped("pidof", view)
    return 0 if found else 1


def find(request: Request, view: View) -> list[int]:
    """The PIDs of every name, name by name, each descending."""
    wanted = [Wanted(name, real_path(view.host, name)) for name in request.names if name]
    hits: list[dict[int, list[int]]] = [{} for _ in wanted]  # of each name: why -> PIDs
    for pid in suspects(request, view, wanted) if wanted else ():
        process = view.open(pid)
        if process is None:
            continue
        with process:
            try:
                reasons = why(process, request, view, wanted)
                if any(reasons) and view.allows(process):
                    for hit, reason in zip(hits, reasons):
                        if reason:
                            hit.setdefault(reason, []).append(pid)
            except (ProcessLookupError, PermissionError, Malformed):
                continue  # gone, hidden, or not what the kernel writes: not ours to print

    found = []
    for hit in hits:
        if FILE in hit:
            hit.pop(NAME, None)
        pids = sorted([pid for reason in hit.values() for pid in reason], reverse=True)
        pids = [pid for pid in pids if pid not in request.omitted]
        found += pids[:1] if "s" in request.switches else pids
    return found


def suspects(request: Request, view: View, wanted: list[Wanted]) -> Iterator[int]:
    """PIDs that may be meant, by what can be read most cheaply.

    The command line comes first; comm and the executable only where the rules need them. What is
    read here by path decides nothing: each suspect is pinned and read again.
    """
    opened, read, close, readlink = posix.open, posix.read, posix.close, posix.readlink
    runs = (pidof_sysv if request.is_sysv else pidof_procps).is_suspect
    scripts = "x" in request.switches
    workers = "w" in request.switches and not request.is_sysv  # then comm names anybody
    with_exe = needs_exe(request, wanted)
    base, *bases = [one.base_bytes for one in wanted]
    names = {name[:NAME_SIZE] for name in (base, *bases)} | {base, *bases}
    encoding = sys.getfilesystemencoding()
    where = view.host.proc.encode(encoding, "surrogateescape")
    pids = [name for name in posix.listdir(where) if name.isdigit()]
    mine = b"%d" % view.pid
    if mine in pids:
        pids.remove(mine)
        if may_be_me(wanted):
            yield view.pid
    if view.host.live:
        # From there a path is looked up in two thirds of the time. No other path is relative.
        posix.chdir(where)
    else:
        pids = [where + b"/" + pid for pid in pids]
    for pid in pids:
        try:
            file = opened(pid + b"/cmdline", FLAGS)
            try:
                cmdline = read(file, PART)
                if len(cmdline) == PART:
                    while more := read(file, 1 << 16):
                        cmdline += more
            finally:
                close(file)
        except OSError:
            continue  # gone or hidden
        is_suspect = (
            base in cmdline
            or (bases and any(name in cmdline for name in bases))
            # No arguments, a login shell ("-sh"), a title: the rules turn to comm.
            or (
                (
                    not cmdline
                    or cmdline[0] in b"\0-"
                    or (b" " in cmdline and b" " in cmdline.partition(b"\0")[0])
                    or workers
                )
                and comm_of(pid) in names
            )
        )
        if with_exe and not is_suspect:
            try:
                exe = readlink(pid + b"/exe").decode(encoding, "surrogateescape")
            except OSError:
                continue  # a kernel thread's, a zombie's, or not for me to see
            is_suspect = any(runs(one, cmdline, exe, scripts) for one in wanted)
        if is_suspect:
            yield int(pid.rpartition(b"/")[2])


def may_be_me(wanted: list[Wanted]) -> bool:
    """Whether one of the names may mean this process. Each is in its command line, to be sure."""
    return any(one.is_path or one.base in "pidof" or "pidof" in one.base for one in wanted)


def comm_of(place: bytes) -> bytes:
    """The name of the process whose folder is at `place`."""
    try:
        file = posix.open(place + b"/comm", FLAGS)
        try:
            return posix.read(file, 256)[:-1]
        finally:
            posix.close(file)
    except OSError:
        return b""  # gone


def why(process: Process, request: Request, view: View, wanted: list[Wanted]) -> list[int]:
    """For each name: pidof_sysv.FILE, DELETED or NAME when it means this process, or 0."""
    if process.pid == view.pid:
        candidate = myself(request)
    else:
        candidate = read_candidate(process, needs_exe(request, wanted))
    switches = request.switches
    if candidate.is_zombie and "z" not in switches and (request.is_sysv or "w" not in switches):
        return []
    scripts = "x" in switches
    if request.is_sysv:
        is_root = posix.getuid() == 0
        return [pidof_sysv.means(one, candidate, scripts, is_root) for one in wanted]
    # -z is sysvinit's alone; here it is taken to mean what it says.
    workers = "w" in switches or candidate.is_zombie
    return [NAME if pidof_procps.means(one, candidate, scripts, workers) else 0 for one in wanted]


def needs_exe(request: Request, wanted: list[Wanted]) -> bool:
    """Whether the executable matters: for sysvinit a name without "/" does not mean one."""
    return not request.is_sysv or any(one.is_path for one in wanted)


def read_candidate(process: Process, with_exe: bool) -> Candidate:
    stat = process.stat()
    exe = None
    if with_exe:
        try:
            exe = process.link("exe")
        except PermissionError:
            pass  # another user's: the name rules decide
    return Candidate(process.cmdline(), stat.comm, exe, stat.state == "Z")


def myself(request: Request) -> Candidate:
    """This process as the incumbent would see itself: `pidof pidof` finds it, `pidof python3` not.

    The file is the shim's: behind a diverted /usr/bin/pidof that is where its path leads.
    """
    from os.path import abspath, dirname, realpath

    path = abspath(sys.argv[0])
    exe = realpath(path) if request.is_sysv else dirname(path) + "/pidof"
    return Candidate(["pidof", *request.arguments], "pidof", exe, False)


def threads(view: View, pid: int) -> list[int]:
    """The threads of a process that was found, descending like everything here."""
    try:
        return sorted([int(name) for name in posix.listdir(f"{view.host.proc}/{pid}/task")])[::-1]
    except (FileNotFoundError, ProcessLookupError):
        return []  # gone meanwhile


def omitted_pids(text: str, is_sysv: bool) -> set[int]:
    """The PIDs of one -o: split at "," ";" and ":", %PPID is whoever started this command."""
    found = set()
    for word in text.replace(";", ",").replace(":", ",").split(","):
        if word == "%PPID":
            found.add(posix.getppid())
            continue
        number = leading_number(word)
        rest = word.lstrip().lstrip("+-")
        is_wrong = number < 1 if is_sysv else not rest.isdigit()
        if not is_wrong:
            found.add(number)
        elif is_sysv and not posix.isatty(0):
            # Scripts that pass an empty variable have never seen a word of it.
            report.log("pidof", f"illegal omit pid value ({word})")
        elif word or is_sysv:
            report.complain(f"pidof: illegal omit pid value ({word})!\n")
    return found


def real_path(host: Host, name: str) -> str | None:
    """Where a path leads when nothing in it is a link, as the host sees it; None: nowhere."""
    if not name.startswith("/") or not exists(host.path(name)):
        return None
    from os.path import realpath

    real = realpath(host.path(name))
    if host.live:
        return real
    root = realpath(host.root)
    return real[len(root) :] if real.startswith(root + "/") else name


def auto_personality(host: Host) -> str:
    """Whose pidof this system has: "sysv" or "procps".

    sysvinit's is a link to killall5, procps' a program of its own. Where the shim stands in its
    place the original was moved aside. Without either (BusyBox, nothing) sysvinit's stricter rules.
    """
    folders = ("/usr/bin", "/bin", "/sbin", "/usr/sbin")
    kept = ("distrib", "distrib.usr-is-merged", "ct0-real")  # ct0_shims.delivery.diversions
    paths = [f"{folder}/pidof.{end}" for end in kept for folder in folders]
    for path in [*paths, "/sbin/pidof", "/usr/sbin/pidof", "/bin/pidof", "/usr/bin/pidof"]:
        end = last_link(host, path)
        if end is None or end.startswith("/usr/lib/ct0/"):
            continue
        name = end.rpartition("/")[2]
        return "procps" if name.startswith("pidof") else "sysv"
    return "sysv"


def last_link(host: Host, path: str) -> str | None:
    """The file at the end of a chain of links; None where there is none. A link to a file that is
    not there is followed by name: a recorded host has links, but not the programs."""
    for _ in range(8):
        try:
            goal = posix.readlink(host.path(path))
        except FileNotFoundError:
            return path if _ else None
        except OSError:  # EINVAL: no link
            return path if _ or exists(host.path(path)) else None
        path = goal if goal.startswith("/") else f"{path.rpartition('/')[0]}/{goal}"
        if "/." in path:
            from os.path import normpath

            path = normpath(path)
    return None


def exists(path: str) -> bool:
    try:
        posix.stat(path)
    except OSError:
        return False
    return True
