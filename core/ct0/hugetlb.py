"""Huge pages of a container, by page size.

version 1  hugetlb.2MB.usage_in_bytes, .limit_in_bytes
version 2  hugetlb.2MB.current, .max
"""

from __future__ import annotations

import os
from typing import NamedTuple

from ct0.cgroup_files import Cgroups, optional, read_limit, read_number
from ct0.container import CT
from ct0.errors import Unavailable
from ct0.host import Host
from ct0.text import entries

SUFFIX = {1: ".usage_in_bytes", 2: ".current"}
LIMIT = {1: ".limit_in_bytes", 2: ".max"}


class HugePages(NamedTuple):
    """Bytes; math.inf is no limit, None not offered."""

    usage: int
    limit: float | None = None


def read_hugetlb(cgroups: Cgroups, ct: CT) -> dict[str, HugePages]:
    """Page size as the kernel writes it (2MB, 1GB) -> its use. Raises Unavailable, Malformed."""
    found = cgroups.folder(ct, "hugetlb")
    if found is None:
        raise Unavailable(f"no huge page accounting of {ct.engine} {ct.ctid} here")
    version, folder = found
    sizes = {}
    for size in cgroups.shared(page_sizes) or sizes_in(folder, SUFFIX[version]):
        usage = optional(read_number, f"{folder}/hugetlb.{size}{SUFFIX[version]}")
        if usage is not None:
            limit = optional(read_limit, f"{folder}/hugetlb.{size}{LIMIT[version]}")
            sizes[size] = HugePages(usage, limit)
    if not sizes:
        raise Unavailable(f"{folder}: no huge page files")
    return sizes


def page_sizes(host: Host) -> list[str]:
    """The sizes of this machine, from /sys/kernel/mm/hugepages/hugepages-2048kB; listing one folder
    of four names is cheaper than every CT's of a hundred. None on a record without them."""
    found = []
    for name in entries(host.path("/sys/kernel/mm/hugepages")):
        size = name[len("hugepages-") : -len("kB")]
        if size.isdecimal():
            found.append(written(int(size)))
    return found


def written(size: int) -> str:
    """KiB as hugetlb_cgroup writes them in names: 64KB, 2MB, 1GB."""
    for unit, one in (("GB", 1 << 20), ("MB", 1 << 10)):
        if size >= one:
            return f"{size // one}{unit}"
    return f"{size}KB"


def sizes_in(folder: str, suffix: str) -> list[str]:
    """The sizes that a cgroup has files of. Raises Unavailable."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise Unavailable(f"{folder}: {error.strerror}") from error
    # hugetlb.2MB.rsvd.current counts reservations: another thing.
    ours = [name for name in names if name.startswith("hugetlb.") and name.endswith(suffix)]
    sizes = [name[len("hugetlb.") : -len(suffix)] for name in ours]
    return [size for size in sizes if "." not in size]
