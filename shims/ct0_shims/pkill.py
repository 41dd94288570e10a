"""usage: pkill [options] PATTERN

Send a signal to CT0's own processes whose name matches PATTERN, an extended regular expression.

    $ pkill -e -HUP -x crond
    crond killed (pid 350)

Containers' processes are never signalled. With CT0_DRY_RUN=1 it says whom it would signal. Exit
status: 0 if one was signalled, 1 if none, 2 if the command line is wrong, 3 if it could not be
done.

  -SIGNAL, --signal SIGNAL the signal, by name or number; TERM without
  -q, --queue VALUE        send it with this number
  -e, --echo               say who was signalled
  -c, --count              say how many matched
  -m, --mrelease           nothing: for scripts that pass it
  -H, --require-handler    only those that handle the signal

  -f, --full               match the command line, not the name
  -x, --exact              match the whole of it
  -i, --ignore-case
  -n, --newest   -o, --oldest   -O, --older SECONDS
  -p, --pid PID,...        -P, --parent PID,...
  -g, --pgroup ID,...      -s, --session ID,...     0: pkill's own
  -u, --euid USER,...      -U, --uid USER,...       -G, --group GROUP,...
  -t, --terminal TTY,...   -r, --runstates STATES
  -F, --pidfile FILE       -L, --logpidfile         it must be locked
  -A, --ignore-ancestors   not the processes that started pkill
      --inverse            those that do not match
      --cgroup PATH,...    --env NAME[=VALUE],...
      --ns PID             in the same namespaces as PID; --nslist KIND,...: in these only
                           (PID one of CT0's own, no --nslist: all of CT0's own)
  -h, --help  -V, --version
"""

from __future__ import annotations

from ct0_shims import report
from ct0_shims.options import leading_number
from ct0_shims.pgrep import warn_of_length
from ct0_shims.selection import allows, select
from ct0_shims.selection_options import Request, Stop, explain, read_request
from ct0_shims.send import send
from ct0_shims.signals import signal_number
from ct0_shims.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0_shims.selection import Found

NO_SIGNAL = -1  # the kernel says EINVAL to it
HIGHEST = 93  # up to here a number is taken for a signal's; the kernel knows 64


def main(arguments: list[str]) -> int:
    view = View()
    dashed, arguments = take_signal(arguments)
    try:
        request = read_request("pkill", arguments, "emq:", view)
        number = chosen_signal(request, dashed)
        if "H" in request.switches:
            request.criteria.handles = max(number, 0)
        request.criteria.threads = False
        found = select(request.criteria, view)
    except Stop as stop:
        return explain("pkill", stop, __doc__ or "")
    warn_of_length("pkill", request, found)
    signalled = sum(signal(one, number, request, view) for one in found)
    if "c" in request.switches:
        report.out(f"{len(found)}\n")
    report.log_skipped("pkill", view)
    return 0 if signalled else 1


def signal(one: Found, number: int, request: Request, view: View) -> bool:
    """Signal one that was found, if it is still that process; True when it was done."""
    process = view.open(one.pid)
    if process is None:
        return False
    text = request.values.get("q", request.values.get("queue"))
    value = None if text is None else leading_number(text)
    with process:
        try:
            # Another process by now? Start times count hundredths of a second only.
            same = process.stat().starttime == one.start
            if not same or not allows(process, request.criteria, view):
                return False
            send(view, process, number, value)
        except ProcessLookupError:
            return False  # gone, which is what was wanted
        except OSError as error:
            report.complain(f"pkill: killing pid {one.pid} failed: {error.strerror}\n")
            return False
    if "e" in request.switches and not view.settings.dry_run:
        report.tell(f"{one.name} killed (pid {one.pid})\n")
    return True


def take_signal(arguments: list[str]) -> tuple[int | None, list[str]]:
    """The first argument that is a dash and a signal, wherever it stands, and the others."""
    for place, word in enumerate(arguments):
        number = named_signal(word[1:]) if word.startswith("-") else None
        if number is not None:
            return number, arguments[:place] + arguments[place + 1 :]
    return None, arguments


def named_signal(text: str) -> int | None:
    name = text.upper()
    name = name[3:] if name.startswith("SIG") else name
    if name in ("EXIT", "NULL"):
        return 0
    if name.isascii() and name.isdigit() and int(name) <= HIGHEST:
        return int(name)
    return signal_number(name) if name else None


def chosen_signal(request: Request, dashed: int | None) -> int:
    text = request.values.get("signal")
    if text is None:
        return signal_number("TERM") if dashed is None else dashed  # type: ignore[return-value]
    number = named_signal(text)
    if number is None:
        return leading_number(text) if text[:1].isdigit() else NO_SIGNAL
    return number
