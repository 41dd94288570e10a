"""One look at the host: what every collector is handed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from operator import attrgetter
from typing import Any, Callable

from ct0.cgroup_files import Cgroups
from ct0.container import CT, FROZEN, RUNNING
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.text import plain
from ct0_exporters.families import Family, Metric, Values
from ct0_exporters.host_cpu import host_name
from ct0_exporters.options import Options
from ct0_exporters.own_share import OwnShare

INFINITE = float("inf")

# Safe for a label; the same texts come at every scrape.
clean = lru_cache(maxsize=16384)(plain)

STEADY = ("engine", "ctid")  # the labels of every series of a CT; `name` joins them if wanted


class Scrape:
    """`cts` are those asked for (--ct.include, --ct.exclude), `all_cts` all there are.

    Where they could not be listed this time (`listed`) they are those of the last time: what they
    use is read now, and right or absent; their states would be a guess.
    """

    __slots__ = (
        "all_cts",
        "cgroups",
        "cts",
        "host",
        "identities",
        "labels",
        "listed",
        "options",
        "own_share",
    )

    def __init__(
        self,
        host: Host,
        cts: list[CT],
        options: Options,
        own_share: OwnShare | None = None,
        cgroups: Cgroups | None = None,
        listed: bool = True,
    ) -> None:
        self.host = host
        self.cgroups = cgroups or Cgroups(host)
        self.options = options
        self.own_share = own_share  # None: this process makes one scrape only
        self.all_cts = cts
        self.listed = listed
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

    def own_identity(self) -> Values:
        """CT0 in the families in which it stands for the host without its CTs."""
        return ("host", "0", host_name(self.host))[: len(self.labels)]

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
        fill = Filler(families)
        trouble: Malformed | None = None
        for ct, identity in self.running():
            try:
                record = read(self.cgroups, ct)
            except Unavailable:
                continue
            except Malformed as error:
                trouble = trouble or error
                continue
            fill(identity, record)
        yield from families.values()
        if trouble is not None:
            raise trouble


class Filler:
    """Adds a sample to each of the families for a record's field of the same name."""

    __slots__ = ("_appends", "_get")

    def __init__(self, families: dict[str, Family]) -> None:
        # Two at least, so that the getter gives a tuple in any case.
        self._get = (
            attrgetter(*families, *families) if len(families) == 1 else attrgetter(*families)
        )
        self._appends = [family.samples.append for family in families.values()]

    def __call__(self, identity: Values, record: object) -> None:
        """What is not offered (None) and what is unlimited (infinite) gives no sample."""
        for append, value in zip(self._appends, self._get(record)):
            if value is not None and value != INFINITE:
                append((identity, value))


def distinct(names: Iterable[str]) -> dict[str, str]:
    """Names that somebody else chose -> clean label values, all different."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        label = base = clean(name)
        number = 2
        while label in taken:
            label = f"{base}~{number}"
            number += 1
        taken.add(label)
        found[name] = label
    return found


def identities(cts: list[CT], with_names: bool) -> list[Values]:
    """Clean label values, different for different CTs whatever their names were made of."""
    found: list[Values] = []
    taken: set[Values] = set()
    for ct in cts:
        key = clean(ct.engine), clean(ct.ctid)
        number = 2
        while key in taken:
            key = key[0], f"{clean(ct.ctid)}~{number}"
            number += 1
        taken.add(key)
        found.append((*key, clean(ct.name or ct.ctid)) if with_names else key)
    return found
