"""What a plugin found: a state and words for each thing it judged, and the measured values.

    web1 (lxc web1): memory 85.2% of 512.0M (outside 0:80)        a finding of web1, WARNING
    'web1::memory'=457393766B;429496730;483183821;0;536870912     its metric

nagiosplugin's states are used; the order of badness is ours. It puts UNKNOWN above CRITICAL, and
then one container that cannot be read hides that another is down.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Callable, NamedTuple

from nagiosplugin import Critical, Ok, Performance, Unknown, Warn
from nagiosplugin.state import ServiceState

from ct0_checks.layer.ranges import UNSET, Range, decimal, outside, written

__all__ = ["Critical", "Ok", "ServiceState", "Unknown", "Warn"]

STATES = {"ok": Ok, "warning": Warn, "critical": Critical, "unknown": Unknown}
# The least bad first.
BADNESS = {Ok: 0, Unknown: 1, Warn: 2, Critical: 3}
LONG_MAX = (1 << 63) - 1


class Metric(NamedTuple):
    """A value for graphs. Base units only: B, s, %, c (a counter), or none.

    None, nan and infinity are not written, nor is a limit of LONG_MAX: readers of performance data
    take `U` for an error and draw "unlimited" as a number.
    """

    name: str
    value: float | None
    unit: str = ""
    warning: Range = UNSET
    critical: Range = UNSET
    minimum: float | None = None
    maximum: float | None = None

    def performance(self, label: str) -> Performance | None:
        """nagiosplugin's record with everything already a text: its own way of writing floats
        (1e-07, 0.30000000000000004, True) is not what others parse."""
        value = figure(self.value)
        if not value:
            return None
        return Performance(
            label,
            value,
            self.unit,
            written(self.warning),
            written(self.critical),
            figure(self.minimum),
            figure(self.maximum),
        )


class Finding(NamedTuple):
    """One thing that was judged; or why it is not (`idle`), which the layer gives its state."""

    state: ServiceState
    text: str  # without the CT's name; may be hostile, it is cleaned when it is printed
    metrics: tuple[Metric, ...] = ()
    idle: bool = False


def not_judged(text: str) -> Finding:
    """`text` says why there is nothing to judge. It is OK beside what is judged; where it is all
    that there is to say of all containers, it is --unjudged's state."""
    return Finding(Ok, text, idle=True)


def figure(value: float | None) -> str:
    """A number as performance data has it; nothing for what is no number or no limit."""
    if value is None or not math.isfinite(value) or value >= LONG_MAX:
        return ""
    return decimal(value)


def judge(
    value: float, warning: Range, critical: Range, show: Callable[[float], str] = decimal
) -> tuple[ServiceState, str]:
    """The state of a value, and which range it is out of ("" for none)."""
    if math.isnan(value):
        return Unknown, "not a number"
    if not critical.match(value):
        return Critical, outside(critical, show)
    if not warning.match(value):
        return Warn, outside(warning, show)
    return Ok, ""


def measured(
    text: str,
    value: float,
    warning: Range = UNSET,
    critical: Range = UNSET,
    metrics: Iterable[Metric] = (),
    show: Callable[[float], str] = decimal,
) -> Finding:
    """A finding about a value: `memory 85.2% of 512M` gets its ` (outside 0:80)`."""
    state, why = judge(value, warning, critical, show)
    return Finding(state, f"{text} ({why})" if why else text, tuple(metrics))


def worst(states: Iterable[ServiceState]) -> ServiceState:
    """CRITICAL over WARNING over UNKNOWN over OK; OK for none at all."""
    return max(states, key=BADNESS.__getitem__, default=Ok)
