"""Reading an exposition (text 0.0.4) back, and what promtool does not find wrong with it."""

from __future__ import annotations

import re

LINE = re.compile(r'([a-z_0-9]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\\n]|\\.)*)"')

Series = tuple[str, frozenset[tuple[str, str]]]


def samples(text: str) -> dict[Series, float]:
    """(name, labels as written) -> value. The last of a series that comes twice."""
    found = {}
    for line in text.split("\n"):
        if line and not line.startswith("#"):
            name, labels, value = LINE.fullmatch(line).groups()  # type: ignore[union-attr]
            found[name, frozenset(LABEL.findall(labels or ""))] = float(value)
    return found


def values(text: str, name: str, /, **labels: str) -> list[float]:
    """The values of the series of this name that have these labels, among others."""
    wanted = set(labels.items())
    return [value for (its, has), value in samples(text).items() if its == name and wanted <= has]


def value(text: str, name: str, /, **labels: str) -> float:
    """The one value there is."""
    (only,) = values(text, name, **labels)
    return only


def faults(text: str) -> list[str]:
    """Series that come twice, families torn apart, samples without HELP or TYPE, lines that are
    none."""
    found: list[str] = []
    seen: set[Series] = set()
    helped: set[str] = set()
    typed: set[str] = set()
    current = ""
    for line in text.split("\n"):
        if line.startswith("# HELP "):
            name = line.split(" ")[2]
            if name in helped:
                found.append(f"{name}: HELP twice")
            helped.add(name)
        elif line.startswith("# TYPE "):
            current = line.split(" ")[2]
            if current in typed:
                found.append(f"{current}: TYPE twice")
            typed.add(current)
        elif line and line != "# EOF":
            match = LINE.fullmatch(line)
            if match is None:
                found.append(f"cannot read {line!r}")
                continue
            name, labels, number = match.groups()
            series = name, frozenset(LABEL.findall(labels or ""))
            if series in seen:
                found.append(f"{line.rpartition(' ')[0]} comes twice")
            seen.add(series)
            if name != current:
                found.append(f"{name} is not below its own TYPE")
            if name not in helped:
                found.append(f"{name}: no HELP")
            try:
                float(number)
            except ValueError:
                found.append(f"{name}: no number: {number}")
    return found
