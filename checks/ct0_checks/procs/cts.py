"""check_procs --ct and --per-ct: the containers that are meant, and each one judged.

PROCS CRITICAL: 0 processes in web2 (lxc web2), 0 in shop (docker 0123456789ab); 12 containers,
40 processes with command name 'sshd' | 'web1::procs'=4;;1:;0; 'web2::procs'=0;;1:;0; ...
"""

from __future__ import annotations

from ct0.container import CT
from ct0.containers import FAMILY, containers
from ct0_checks.layer.cleaning import clean, labels, shown
from ct0_checks.procs.host import Look
from ct0_checks.procs.scope import Scope
from ct0_checks.procs.verdict import (
    CRITICAL,
    NAMES,
    OK,
    UNKNOWN,
    WARNING,
    Tally,
    criteria,
    in_doubt,
    line,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ct0_checks.procs.live import Table
    from ct0_checks.procs.options import Request
    from ct0_checks.procs.output import Output

Key = tuple[str, str]  # engine family, CTID
ROOM = 3600  # characters of a line, which schedulers cut at 4 kB


def judge_cts(request: Request, table: Table, output: Output) -> int:
    everyone = containers(table.host)
    chosen, missing = choose(everyone, request.cts)
    wanted = {key(ct) for ct in chosen} if request.cts else None
    look = Look(request, Scope(table, request, wanted, {key(ct) for ct in everyone}), output)
    look.whole(table)
    if request.per_ct:
        judged = [ct for ct in chosen if request.cts or ct.processes]
        return say_each(request, look, judged, labels(everyone), missing, output)
    state = in_doubt(look.tally, look.doubtful)
    notes = look.notes(state)
    notes += "".join([f" ({shown(ct)} is {ct.state})" for ct in chosen if not ct.processes])
    output.say(line(look.tally, worst(state, request, missing), notes + said(missing)))
    output.say(look.evidence())
    return worst(state, request, missing)


def key(ct: CT) -> Key:
    return FAMILY.get(ct.engine, ct.engine), ct.ctid


def choose(everyone: Sequence[CT], names: Sequence[str]) -> tuple[list[CT], list[str]]:
    """The CTs meant by CTIDs, names or beginnings of long CTIDs, all if there are none; and what
    means no CT."""
    if not names:
        return list(everyone), []
    chosen: dict[Key, CT] = {}
    missing = []
    for name in names:
        hits = [ct for ct in everyone if name and name in (ct.ctid, ct.name)]
        if not hits and len(name) >= 12:
            hits = [ct for ct in everyone if ct.ctid.startswith(name)]
        chosen.update({key(ct): ct for ct in hits})
        if not hits:
            missing.append(name)
    return list(chosen.values()), missing


def said(missing: list[str]) -> str:
    names = ", ".join([clean(name, 60) for name in missing[:10]])
    return f" (no such container: {names})" if missing else ""


def worst(state: int, request: Request, missing: list[str]) -> int:
    return max([state, request.missing] if missing else [state], key=SEVERITY.index)


# As in all plugins: a CT that cannot be judged must not hide one that is in trouble.
SEVERITY = (OK, UNKNOWN, WARNING, CRITICAL)


def say_each(
    request: Request,
    look: Look,
    cts: list[CT],
    called: dict[tuple[str, str], str],
    missing: list[str],
    output: Output,
) -> int:
    """Judge each CT by itself, and CT0 as well with --scope=all."""
    tallies: list[tuple[str, str, Tally]] = []
    if request.scope == "all":
        own = look.by_ct.get(("ct0", ""), Tally(request))
        tallies.append(("CT0", "ct0" if "ct0" not in called.values() else "CT0", own))
    for ct in cts:
        tally = look.by_ct.get(key(ct), Tally(request))
        tallies.append((shown(ct), called[ct.engine, ct.ctid], tally))
    if not tallies and not missing:
        output.say(f"{request.metric} OK: no containers run on this host{criteria(request)}\n")
        return OK

    hung = [shown(ct) for ct in cts if key(ct) in look.hung]
    states = [OK if name in hung else tally.state() for name, _, tally in tallies]
    state = worst(max(states, default=OK), request, missing)
    if look.doubtful.count:
        state = max(state, UNKNOWN, key=SEVERITY.index)  # any of them may be in any CT
    offenders = sorted(
        (one for one in zip(states, tallies) if one[0] != OK), key=lambda one: -one[0]
    )
    parts = [f"{tally.counted()} in {name}" for _, (name, _, tally) in offenders]
    parts += [f"command lines cannot be read in {name}" for name in hung]
    more = len(parts) - request.max_listed
    text = ", ".join(parts[: request.max_listed]) + (f" and {more} more" if more > 0 else "")
    total = sum(tally.count for _, _, tally in tallies)
    text += "; " if text else ""
    text += f"{len(cts)} container{'' if len(cts) == 1 else 's'}, {total} processes"
    text += criteria(request) + look.notes(state) + said(missing)
    output.say(f"{request.metric} {NAMES[state]}: {text}{perfdata(request, tallies, len(text))}\n")
    output.say(look.evidence())
    return state


def perfdata(request: Request, tallies: list[tuple[str, str, Tally]], used: int) -> str:
    """As much as there is room for: what is cut in the middle would be read as another number."""
    parts: list[str] = []
    room = ROOM - used
    for _, label, tally in tallies if request.perfdata else ():
        part = tally.perfdata(label)
        room -= len(part) + 1
        if room < 0:
            break
        parts.append(part)
    return f" | {' '.join(parts)}" if parts else ""
