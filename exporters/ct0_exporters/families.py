"""A metric family: a name, what it means, and its samples.

Plainer than prometheus_client's, and ten times cheaper to render (`render.py`): samples hold label
values as tuples, in the order of the family's label names, and the tuples of one CT are shared by
all of its series.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

COUNTER, GAUGE, INFO, STATESET = "counter", "gauge", "info", "stateset"

NAME = re.compile(r"[a-z][a-z0-9_]*")

Values = tuple[str, ...]


class Family:
    """`name` is the name of its samples, the suffix _total of counters and _info included."""

    __slots__ = ("help", "labels", "name", "samples", "type")

    def __init__(self, name: str, type: str, help: str, labels: Values = ()) -> None:
        self.name = name
        self.type = type
        self.help = help
        self.labels = labels
        self.samples: list[tuple[Values, float]] = []

    def add(self, values: Values, value: float) -> None:
        self.samples.append((values, value))

    def __repr__(self) -> str:
        return f"<{self.name} {self.type}: {len(self.samples)} series>"


class Metric(NamedTuple):
    """A family as the collectors' literal tables and docs/metrics.md have it.

    `labels` come after those of the CT. `field` names the value in the record of core's reader.
    """

    name: str
    type: str
    help: str
    field: str = ""
    labels: Values = ()
    of_ct: bool = True  # False: about CT0 or about the scrape, without a CT's labels


class Faulty(ValueError):
    """Families that no monitoring system could take as they are: a bug of a collector's."""


def check(families: list[Family]) -> None:
    """Raises Faulty for what promtool does not notice: a family that comes twice (its samples would
    be interleaved with others), a series that comes twice, samples with too few labels."""
    names = set()
    for family in families:
        if family.name in names:
            raise Faulty(f"{family.name} comes twice")
        names.add(family.name)
        check_family(family)


def check_family(family: Family) -> None:
    name, labels = family.name, family.labels
    if not NAME.fullmatch(name) or not all(map(NAME.fullmatch, labels)):
        raise Faulty(f"{name}: a name or label is not in snake_case")
    if name.endswith("_total") is not (family.type == COUNTER):
        raise Faulty(f"{name}: _total is the suffix of counters, and of them alone")
    if name.endswith("_info") is not (family.type == INFO):
        raise Faulty(f"{name}: _info is the suffix of facts, and of them alone")
    if len(set(labels)) != len(labels):
        raise Faulty(f"{name}: a label comes twice")
    keys = [values for values, _ in family.samples]
    if len(set(keys)) != len(keys):
        (values, _), *_ = Counter(keys).most_common(1)
        raise Faulty(f"{name}: the series {dict(zip(labels, values))} comes twice")
    if not set(map(len, keys)) <= {len(labels)}:
        raise Faulty(f"{name}: a sample has not the labels {', '.join(labels)}")
