"""/proc/bc/CTID/ioacct: what an OpenVZ container reads, writes and syncs; "0" is CT0 itself.

        read                              18046976
        write                                16384
        dirty                                53248
        cancel                               12288
        missed                                   0
        syncs_total                              0
        ...

Bytes and counts since the CT started, all devices together. kernel/bc/io_acct.c.
"""

from __future__ import annotations

from typing import NamedTuple

from ct0.beancounters import bc_file
from ct0.cgroup_files import read_cgroup, read_flat
from ct0.errors import Malformed
from ct0.host import Host


class IOAccount(NamedTuple):
    """Counters; None for a line that this kernel does not have."""

    read_bytes: int | None = None
    written_bytes: int | None = None  # of page cache written back; direct writes too
    dirtied_bytes: int | None = None
    cancelled_bytes: int | None = None  # made dirty, and deleted before it was written
    missed_bytes: int | None = None  # written, and nobody knows any more for whom
    syncs: int | None = None
    fsyncs: int | None = None
    fdatasyncs: int | None = None
    range_syncs: int | None = None


def read_ioacct(host: Host, ctid: str) -> IOAccount:
    """Raises Unavailable: no OpenVZ kernel, no such running CT, or not root; Malformed."""
    found = read_flat(bc_file(host, ctid, "ioacct"))
    return IOAccount(
        found.get("read"),
        found.get("write"),
        found.get("dirty"),
        found.get("cancel"),
        found.get("missed"),
        found.get("syncs_total"),
        found.get("fsyncs_total"),
        found.get("fdatasyncs_total"),
        found.get("range_syncs_total"),
    )


def read_ioprio(host: Host, ctid: str) -> int:
    """The I/O priority, 0 (last) to 7 (first), 4 is usual: `prio: 4` of /proc/bc/CTID/ioprio."""
    path = bc_file(host, ctid, "ioprio")
    text = read_cgroup(path)
    value = text.strip()[5:].strip()
    if not text.startswith("prio:") or not value.isdecimal():
        raise Malformed(path, text)
    return int(value)
