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
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise Unavailable(f"{folder}: {error.strerror}") from error
    for name in names:
        # hugetlb.2MB.rsvd.current counts reservations: another thing.
        size = name[len("hugetlb.") : -len(SUFFIX[version])]
        if not (name.startswith("hugetlb.") and name.endswith(SUFFIX[version])) or "." in size:
            continue
        usage = optional(read_number, f"{folder}/{name}")
        if usage is not None:
            limit = optional(read_limit, f"{folder}/hugetlb.{size}{LIMIT[version]}")
            sizes[size] = HugePages(usage, limit)
    if not sizes:
        raise Unavailable(f"{folder}: no huge page files")
    return sizes
