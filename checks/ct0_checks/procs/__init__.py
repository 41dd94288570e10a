"""Counts processes, or looks at each one's size, CPU time or age: monitoring-plugins' check_procs
for a host with containers, whose processes it leaves out.

  $ check_procs -c 1: -C sshd
  PROCS CRITICAL: 0 processes with command name 'sshd' (4 in containers not counted) | procs=0;...

Options, texts, performance data and exit statuses are those of monitoring-plugins 2.3.3 and its
successors; docs/checks/check_procs.md tells what differs.

Thresholds, as [@][START:][END]; also as the first operands:
  -w, --warning=RANGE          WARNING if the number of processes is outside
  -c, --critical=RANGE         CRITICAL if it is
  -m, --metric=METRIC          PROCS: their number. Or of each process: VSZ, RSS (KiB), CPU (%),
                               ELAPSED (seconds), THREADS

Which processes; all that is given must hold:
  -C, --command=COMMAND        of this name, without a path
      --comm-full              COMMAND is a whole name, though the kernel keeps 15 characters of it
      --match-exe              COMMAND is the executable's name
  -X, --exclude-process=A,B    not of these names
  -a, --argument-array=TEXT    with TEXT in their arguments
      --ereg-argument-array=RE with arguments that match
  -s, --status=FLAGS           with FLAGS in ps' column STAT; RSZDT: any of these states
      --state-any=FLAGS        with any of them; --state-all=FLAGS: with all of them
  -u, --user=USER              of this user, by name or number
  -p, --ppid=PID               children of this process
  -z, --vsz=KIB   -r, --rss=KIB   -P, --pcpu=PERCENT     of at least that much
  -k, --no-kthreads            no kernel threads

Whose:
      --scope=host             CT0's own (default); all: everybody's; cts: all but CT0's
      --ct=CT                  this container's, by CTID or name; may be given again
      --per-ct                 judge each container by itself
      --sandbox=host           count unclaimed PID namespaces (sandboxes) as CT0's; default ct
      --detect=auto            or by one evidence alone: nspid, envid, cgroup
      --missing=STATE          if there is no such container (default unknown)

Other:
  -t, --timeout=SECONDS        CRITICAL after that (default 10)
  -T, --traditional-filter     nothing: this process is left out by its number anyway
      --extra-opts=[SECTION][@FILE]    options from an ini file
      --max-listed=N           name so many containers (default 10)
      --no-perfdata
      --root=DIR               a recorded host
  -v, --verbose                who offends, and by what evidence; -vv: all that count
  -V, --version   -h, --help
"""

from __future__ import annotations

import os
import sys

from ct0_checks.procs.getopt import Stop
from ct0_checks.procs.options import Request, decoded, read_request
from ct0_checks.procs.output import Output, write
from ct0_checks.procs.verdict import UNKNOWN, Tally, line

NAME = "check_procs"
PS = "/bin/ps axwwo 'stat uid pid ppid vsz rss pcpu etime comm args'"


def main(arguments: list[str]) -> int:
    """Print the result and return the exit status."""
    from ct0.errors import Error

    output = Output()
    try:
        words = decoded(arguments)
        if any(word.startswith("--extra-opts") for word in words):
            from ct0_checks.procs.ini import expand

            output.limit(10)
            words = expand(words, NAME)
        request = read_request(words, NAME, sys.argv[0], __doc__ or "")
        output.limit(request.timeout)
        if request.input_file is not None:
            return judge_recorded(request, request.input_file, output)
        from ct0_checks.procs.host import judge_host

        return judge_host(request, output)
    except Stop as stop:
        write(2, stop.error)
        output.say(stop.out)
    except Error as error:
        from ct0_checks.procs.row import harmless

        output.say(f"PROCS UNKNOWN: {harmless(str(error))}\n")
    finally:
        output.flush()
    return UNKNOWN


def command() -> int:
    """The command check_procs. Not by ct0_checks.launch: that would run it in a child, whose parent
    is not the one to leave out, and costs more than all it does; it has a time limit of its own."""
    try:
        return main(sys.argv[1:])
    except Exception as error:
        import traceback

        text = " ".join(f"{type(error).__name__}: {error}".split())
        write(1, f"PROCS UNKNOWN: {text} (a bug; -vvv tells where)\n".replace("|", ","))
        if any(word.startswith("-vvv") for word in sys.argv):
            write(1, traceback.format_exc().replace("|", ","))
        return UNKNOWN


def judge_recorded(request: Request, path: str, output: Output) -> int:
    """ps' output from a file, by the original's own rules."""
    from ct0.patience import LIMIT, Endless
    from ct0_checks.procs.recorded import read_rows
    from ct0_checks.procs.row import described

    if request.verbose >= 2:
        output.say(f"CMD: {PS}\n")
    tally = Tally(request)
    criteria = request.criteria
    found = False
    for text, row in read_rows(path):
        if request.verbose >= 3:
            output.say(text)
        if row is None:
            if request.verbose:
                output.say("Not parseable: ")
            continue
        found = True
        if request.verbose >= 3:
            output.say(f"proc#={tally.count} {described(row)}\n")
        if row.pid in (os.getpid(), os.getppid()):
            if request.verbose >= 3:
                parent = row.pid == os.getppid()
                output.say(f"not considering - is {'parent' if parent else 'myself or gone'}\n")
            continue
        if criteria.no_kernel and row.is_kernel:
            if request.verbose >= 2:
                output.say(
                    f"Ignore kernel thread: pid={row.pid} ppid={row.ppid} "
                    f"prog={row.prog} args={row.args}\n"
                )
            continue
        try:
            meant = criteria.quick(row) and criteria.slow(row) and criteria.by_command_line(row)
        except Endless:
            text = f"the expression takes more than {LIMIT:g} s for the arguments of PID {row.pid}"
            raise Stop(f"PROCS UNKNOWN: {text}\n") from None
        if meant:
            if request.verbose >= 2:
                output.say(f"Matched: {described(row)}\n")
            tally.add(row)
    if not found:
        raise Stop("Unable to read output\n")
    state = tally.state()
    output.say(line(tally, state))
    return state
