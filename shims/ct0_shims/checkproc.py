"""Usage:
        checkproc [-vLkNqzx] [-p pid_file] [-i ignore_file] [-c root] /full/path/to/program
        checkproc -n [-vk] name_of_kernel_thread
        checkproc [-vkx] basename_of_program

Checks whether a program of CT0's own runs; containers' processes are not seen.

        -v  print the PIDs      -p  PID file (default /var/run/NAME.pid) or a PID
        -z  zombies too         -i  leave out the session of the PID in this file
        -L  follow symlinks     -c  directory the program was started in (chroot)
        -N  by name on NFS      -k  PID file only, and killproc's exit statuses
        -x  scripts by their process name as well

        $ checkproc -v /usr/sbin/sshd
        812 2290

Exit status: 0 running, 1 not running but a PID file, 3 not running, 4 not installed, 102 usage.
With -k: 0 running, 1 trouble, 2 usage, 4 no permission, 5 not installed, 7 not running.
"""

from __future__ import annotations

import errno

from ct0_shims import report
from ct0_shims.suse_find import Search, Unusable
from ct0_shims.suse_options import Refused, read_options, refuse
from ct0_shims.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.process import Process

USAGE = __doc__ or ""
LETTERS = "c:kp:nNhqvzLi:x"


def main(arguments: list[str]) -> int:
    return check("checkproc", arguments, USAGE, verbose=False)


def check(command: str, arguments: list[str], usage: str, verbose: bool) -> int:
    """Run checkproc, or pidofproc, which is the same and talks."""
    try:
        options = read_options(arguments, LETTERS, usage, 102)
    except Refused as refused:
        return refuse(command, refused, usage)
    like_killproc = options.like_killproc
    view = View()
    search = Search(command, view, options)
    try:
        found = find(search)
    except Unusable:
        return 7 if like_killproc else 1
    except OSError as error:
        return trouble(error, like_killproc)
    report.log_skipped(command, view)

    if not found:
        if like_killproc:
            return 7
        return 1 if search.pidfile else 3
    if verbose or options.verbose:
        report.out(" ".join([str(process.pid) for process in found]) + "\n")
    return 0


def find(search: Search) -> list[Process]:
    found = search.locate()
    if found is None:
        found = search.from_pidfile(search.pidfile) if search.pidfile else []
        found = search.without_ignored(found)
        # A stale PID file is no proof: look for the program itself. As killproc (-k) the file,
        # if there is one, has the only word.
        scanned = not search.pidfile or not (search.options.like_killproc or search.forced)
        if not found and scanned:
            found = search.scan()
    return search.without_ignored(found)


def trouble(error: OSError, like_killproc: bool) -> int:
    """The exit status for what could not be read; the complaint was printed."""
    if error.errno == errno.ENOENT:
        return 5 if like_killproc else 4
    if error.errno in (errno.EPERM, errno.EACCES):
        return 4
    return 7 if like_killproc else 1
