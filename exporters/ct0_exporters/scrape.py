"""One look at the host: what every collector is handed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from ct0.cgroup_files import Cgroups
from ct0.container import CT, FROZEN, RUNNING
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.text import plain
from ct0_exporters.families import Family, Metric, Values
from ct0_exporters.options import Options
from ct0_exporters.own_share import OwnShare

STEADY = ("engine", "ctid")  # the labels of every series of a CT; `name` joins them if wanted


class Scrape:
    """`cts` are those asked for (--ct.include, --ct.exclude), `all_cts` all there are."""

    __slots__ = (
        "all_cts",
        "cgroups",
        "cts",
        "host",
        "identities",
        "labels",
        "options",
        "own_share",
    )

    def __init__(
        self, host: Host, cts: list[CT], options: Options, own_share: OwnShare | None = None
    ) -> None:
        self.host = host
        self.cgroups = Cgroups(host)
        self.options = options
        self.own_share = own_share  # None: this process makes one scrape only
        self.all_cts = cts
        self.cts = [ct for ct in cts if options.wants(ct)]
        self.labels = (*STEADY, "name") if options.name_on_series else STEADY
        self.identities = identities(self.cts, options.name_on_series)

    def running(self) -> Iterator[tuple[CT, Values]]:
        """The CTs that have processes, each with the values of `labels`."""
        for ct, identity in zip(self.cts, self.identities):
            if ct.state in (RUNNING, FROZEN):
                yield ct, identity

    def openvz(self) -> dict[str, Values]:
        """CTID -> label values of OpenVZ's CTs, for files that hold them all."""
        pairs = zip(self.cts, self.identities)
        return {ct.ctid: identity for ct, identity in pairs if ct.engine == "openvz"}

    def family(self, metric: Metric) -> Family:
        labels = (*self.labels, *metric.labels) if metric.of_ct else metric.labels
        return Family(metric.name, metric.type, metric.help, labels)

    def families(self, metrics: Iterable[Metric]) -> dict[str, Family]:
        """By field, or where a metric is of none by name."""
        return {metric.field or metric.name: self.family(metric) for metric in metrics}

    def per_ct(
        self, metrics: tuple[Metric, ...], read: Callable[[Cgroups, CT], Any]
    ) -> Iterator[Family]:
        """One record a running CT: its fields are the metrics' values.

        What is not offered (None) and what is unlimited (infinite) gives no series.
        Raises the first Malformed, after all families: the other CTs' series are good.
        """
        families = self.families(metrics)
        trouble: Malformed | None = None
        for ct, identity in self.running():
            try:
                record = read(self.cgroups, ct)
            except Unavailable:
                continue
            except Malformed as error:
                trouble = trouble or error
                continue
            add(families, identity, record)
        yield from families.values()
        if trouble is not None:
            raise trouble


def add(families: dict[str, Family], identity: Values, record: object) -> None:
    """A sample for each family whose field the record has a finite value in."""
    for field, family in families.items():
        value = getattr(record, field)
        if value is not None and value != math.inf:
            family.samples.append((identity, value))


def distinct(names: Iterable[str]) -> dict[str, str]:
    """Names that somebody else chose -> clean label values, all different."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        clean = base = plain(name)
        number = 2
        while clean in taken:
            clean = f"{base}~{number}"
            number += 1
        taken.add(clean)
        found[name] = clean
    return found


def identities(cts: list[CT], with_names: bool) -> list[Values]:
    """Clean label values, different for different CTs whatever their names were made of."""
    found: list[Values] = []
    taken: set[Values] = set()
    for ct in cts:
        key = plain(ct.engine), plain(ct.ctid)
        number = 2
        while key in taken:
            key = key[0], f"{plain(ct.ctid)}~{number}"
            number += 1
        taken.add(key)
        found.append((*key, plain(ct.name or ct.ctid)) if with_names else key)
    return found
