"""usage: pgrep [options] PATTERN

List CT0's own processes whose name matches PATTERN, an extended regular expression, one a line.

    $ pgrep -l crond
    350 crond

Containers' processes are never listed or counted, not with -v either. Exit status: 0 if there was
one, 1 if there was none, 2 if the command line is wrong, 3 if it could not be done.

  -d, --delimiter STRING   between PIDs, instead of a newline
  -l, --list-name          PID and name
  -a, --list-full          PID and command line; -Q, --shell-quote: quoted
  -c, --count              only how many
  -q, --quiet              nothing
  -v, --inverse            those that do not match
  -w, --lightweight        threads

  -f, --full               match the command line, not the name
  -x, --exact              match the whole of it
  -i, --ignore-case
  -n, --newest   -o, --oldest   -O, --older SECONDS
  -p, --pid PID,...        -P, --parent PID,...
  -g, --pgroup ID,...      -s, --session ID,...     0: pgrep's own
  -u, --euid USER,...      -U, --uid USER,...       -G, --group GROUP,...
  -t, --terminal TTY,...   -r, --runstates STATES
  -F, --pidfile FILE       -L, --logpidfile         it must be locked
  -A, --ignore-ancestors   not the processes that started pgrep
  -H, --require-handler    those that handle the signal of --signal SIGNAL
      --cgroup PATH,...    --env NAME[=VALUE],...
      --ns PID             in the same namespaces as PID; --nslist KIND,...: in these only
                           (PID one of CT0's own, no --nslist: all of CT0's own)
  -h, --help  -V, --version
"""

from __future__ import annotations

from ct0_shims import report
from ct0_shims.selection import select
from ct0_shims.selection_options import Request, Stop, explain, read_request
from ct0_shims.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0_shims.selection import Found

SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%+=:,./-_")


def main(arguments: list[str]) -> int:
    view = View()
    try:
        request = read_request("pgrep", arguments, "ad:lqQvw", view)
        if "H" in request.switches:
            request.criteria.handles = handled_signal(request)
        found = select(request.criteria, view, "a" in request.switches, "Q" in request.switches)
    except Stop as stop:
        return explain("pgrep", stop, __doc__ or "")
    warn_of_length("pgrep", request, found)
    print_found(request, found)
    report.log_skipped("pgrep", view)
    return 0 if found else 1


def print_found(request: Request, found: list[Found]) -> None:
    switches = request.switches
    if "q" in switches or "quiet" in switches:
        return
    if "c" in switches:
        report.out(f"{len(found)}\n")
    elif found:
        lines = [str(one.tid) for one in found]
        if "a" in switches and "Q" in switches:
            lines = [f"{one.tid} {' '.join(map(quoted, one.argv)) or one.line}" for one in found]
        elif "a" in switches:
            lines = [f"{one.tid} {one.line}" for one in found]
        elif "l" in switches:
            lines = [f"{one.tid} {one.name}" for one in found]
        report.out(request.values.get("d", "\n").join(lines) + "\n")


def quoted(word: str) -> str:
    """As a shell reads it back."""
    if word and SAFE.issuperset(word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def handled_signal(request: Request) -> int:
    from ct0_shims.signals import signal_number

    return signal_number(request.values.get("signal", "TERM")) or 0


def warn_of_length(command: str, request: Request, found: list[Found]) -> None:
    pattern = request.criteria.pattern
    if found or not pattern or request.criteria.full:
        return
    if len(pattern.encode("utf-8", "surrogateescape")) > 15:
        report.complain(
            f"{command}: pattern that searches for process name longer than 15 characters will "
            f"result in zero matches\nTry `{command} -f' option to match against the complete "
            "command line.\n"
        )
