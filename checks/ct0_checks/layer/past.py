"""What counters were a while ago: for alerts that are held, and for rates.

A counter that grew is an alert for as long as `seconds`, to each caller: compared is what it was
that long ago, not with what the last caller saw. In the state store, for each CT and purpose:

    "lxc/web1/failures": {"run": 812.4, "seen": 5012.0, "keep": {"3600": 5012.0},
                          "samples": [[4711.0, {"oom_kills": 0}], [4992.0, {"oom_kills": 2}]]}

Times are seconds since the host booted, so that no setting of the clock makes an alert or ends one.
Where the CT runs anew (`run`, when it started) or a counter went back, the past is forgotten: a
restart, a reboot and a migration are the beginning of a new past, not an alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

PARTS = 60  # an alert may be held longer by this part of its time, and no more samples are kept
WEEK = 7 * 86400.0
SAME = 2.0  # seconds; the kernel gives the time of boot in whole ones


class Past(NamedTuple):
    """What was counted `age` seconds ago."""

    age: float
    values: dict[str, float]

    def growth(self, values: Mapping[str, float]) -> dict[str, float]:
        """How much each counter is above what it was; one that was not there before by 0."""
        return {name: value - self.values.get(name, value) for name, value in values.items()}


def past(
    series: dict[str, Any],
    key: str,
    run: float,
    now: float,
    values: Mapping[str, float],
    seconds: float,
    changes: bool = True,
) -> Past | None:
    """Notes `values` in `series`, and returns what they were `seconds` ago, or as long ago as is
    known. None: nothing is known yet of this run of the CT.

    With `changes` only new values are noted, and Past.age is when a value was first seen. Without,
    all are, which rates need.
    """
    entry: Any = series.get(key)
    if not sound(entry) or abs(entry["run"] - run) > SAME:
        entry = {"run": run, "seen": now, "keep": {}, "samples": []}
    series[key] = entry
    # A recorded host may be younger than it was, a live one not within one boot.
    samples = [sample for sample in entry["samples"] if sample[0] <= now + SAME]
    back = {
        name
        for name, value in values.items()
        if samples and value < samples[-1][1].get(name, value)
    }
    for _, old in samples if back else ():
        for name in back:
            old.pop(name, None)

    found = None
    if samples:
        before = [sample for sample in samples if sample[0] <= now - seconds]
        known: dict[str, float] = {}
        # Of a counter that is younger than that, the first that is known of it.
        for _, old in [*reversed(samples[len(before) :]), *before]:
            known.update(old)
        at = before[-1][0] if before else samples[0][0]
        found = Past(max(now - at, 0.0), known)

    keep = entry["keep"]
    keep[f"{seconds:g}"] = now
    for asked in [asked for asked, at in keep.items() if at < now - WEEK]:
        del keep[asked]
    note(samples, now, dict(values), min(map(float, keep)) / PARTS, changes)
    entry["samples"] = pruned(samples, now - max(map(float, keep)))
    entry["seen"] = now
    return found


def note(
    samples: list[list[Any]], now: float, values: dict[str, float], apart: float, changes: bool
) -> None:
    """Adds a sample. Two neighbours are never both closer than `apart`: the younger of them is
    taken for the time of both, so that growth is held a little longer, never shorter.

    One caller asks for some counters, another for others: a sample has all that is known, or the
    one would drop what the other compares with."""
    latest = samples[-1][1] if samples else {}
    if changes and samples and all(latest.get(name) == values[name] for name in values):
        return
    if len(samples) > 1 and now - samples[-2][0] < apart:
        for name, value in samples.pop()[1].items():
            samples[-1][1].setdefault(name, value)
    samples.append([now, {**latest, **values}])


def pruned(samples: list[list[Any]], end: float) -> list[list[Any]]:
    """Without what is older than the youngest of those before `end`."""
    older = sum(at <= end for at, _ in samples)
    return samples[max(older - 1, 0) :]


def forget(series: dict[str, Any], now: float) -> None:
    """Drops what nobody asked for in a week: containers that are gone, and what is no entry."""
    for key in [key for key, entry in series.items() if not sound(entry)]:
        del series[key]
    for key in [key for key, entry in series.items() if not 0 <= now - entry["seen"] + SAME < WEEK]:
        del series[key]


def sound(entry: Any) -> bool:
    """Whether an entry of the store has the shape that this module writes."""
    return (
        isinstance(entry, dict)
        and number(entry.get("run"))
        and number(entry.get("seen"))
        and isinstance(entry.get("keep"), dict)
        and all(
            number(at) and asked.replace(".", "", 1).isdecimal()
            for asked, at in entry["keep"].items()
        )
        and isinstance(entry.get("samples"), list)
        and all(
            isinstance(sample, list)
            and len(sample) == 2
            and number(sample[0])
            and isinstance(sample[1], dict)
            and all(map(number, sample[1].values()))
            for sample in entry["samples"]
        )
    )


def number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
