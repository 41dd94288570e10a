"""Which processes procps' pidof means by a name, pidof(1) of procps-ng 3.3.10 to 4.0.

It compares the operand with argv[0], the executable, their last components and, with -x, the
script an interpreter runs. It does not care about deleted executables or links, a leading "-" of
argv[0] is dropped, and processes without arguments (kernel threads) are meant only with -w.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0_shims.pidof_sysv import Candidate, Wanted


def is_suspect(wanted: Wanted, cmdline: bytes, exe: str | None, scripts: bool) -> bool:
    """Cheap and generous: False only where `means` would be False, whatever comm is."""
    if exe is not None and (exe == wanted.name or exe.rpartition("/")[2] == wanted.name):
        return True
    return wanted.base_bytes in cmdline


def means(wanted: Wanted, candidate: Candidate, scripts: bool, workers: bool) -> bool:
    """Does the operand mean this process? `workers`: by comm too."""
    argv = candidate.argv
    if not argv and not workers:
        return False
    name, base = wanted.name, wanted.base
    first = argv[0] if argv else ""
    if first.startswith("-"):
        first = first[1:]
    exe = candidate.exe or ""
    if name in (first, exe, first.rpartition("/")[2], exe.rpartition("/")[2]) or base == first:
        return True
    if workers and name == candidate.comm:
        return True
    if scripts and len(argv) > 1:
        second = argv[1]
        script = second.rpartition("/")[2]
        if script.startswith(candidate.comm) and (name in (script, second) or base == second):
            return True
    return " " in first and name == candidate.comm
