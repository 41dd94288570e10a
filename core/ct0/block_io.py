"""What a container reads from and writes to block devices, and its limits there.

    version 2   io.stat, io.max
    version 1   blkio.throttle.io_service_bytes_recursive (and kin), blkio.throttle.*_device
    OpenVZ 6    blkio.io_service_bytes (CFQ's own) below /proc/vz/beancounter

Buffered writes are the CT's on version 2 only: version 1 books what is written back later on
nobody.  OpenVZ's own count of bytes, without devices, is in ct0.ioacct. Kernel:
admin-guide/cgroup-v2.rst "IO Interface Files", cgroup-v1/blkio-controller.rst.
"""

from __future__ import annotations

from typing import NamedTuple

from ct0.cgroup_files import Cgroups
from ct0.container import CT


class BlockIO(NamedTuple):
    """Of one CT on one device. None: not offered here, or no limit is set for this device."""

    read_bytes: int | None = None
    written_bytes: int | None = None
    reads: int | None = None
    writes: int | None = None
    discarded_bytes: int | None = None
    discards: int | None = None
    read_limit_bytes: float | None = None  # a second; math.inf is no limit
    write_limit_bytes: float | None = None
    read_limit_ops: float | None = None
    write_limit_ops: float | None = None


def read_block_io(cgroups: Cgroups, ct: CT) -> dict[str, BlockIO]:
    """Device name (sda, dm-0; 8:0 when CT0 no longer knows it) -> what the CT did there.

    Devices the CT never touched and that have no limit are not in. Raises Unavailable when nothing
    accounts for it here, Malformed.
    """
    raise NotImplementedError
