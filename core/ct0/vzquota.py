"""/proc/vz/vzquota: disk usage and limits of OpenVZ's running simfs containers.

    qid: path            usage      softlimit      hardlimit       time     expire
    101: /vz/private/101
      1k-blocks         102724        2097152        2306867          0          0
         inodes           2649         131072         144179          0          0

Root alone may read it. A CT without a quota, or with a ploop image, is not in. kernel/vzquota.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ct0.cgroup_files import read_cgroup
from ct0.errors import Malformed
from ct0.host import Host


class Quota(NamedTuple):
    """Of one CT. A limit of 0 in the file, or of 2**64 - 1 bytes, is none: math.inf."""

    path: str  # its private area on CT0
    used_bytes: int
    soft_limit_bytes: float
    hard_limit_bytes: float
    inodes: int
    soft_limit_inodes: float
    hard_limit_inodes: float


def read_vzquota(host: Host) -> dict[str, Quota]:
    """CTID -> its quota. Raises Unavailable: no vzquota here, or not root; Malformed."""
    path = f"{host.proc}/vz/vzquota"
    return parse_vzquota(read_cgroup(path), path)


def parse_vzquota(text: str, path: str = "") -> dict[str, Quota]:
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or not lines[0].startswith("qid:") or len(lines) % 3 != 1:
        raise Malformed(path, lines[-1] if lines else text)
    found = {}
    for head, blocks, inodes in zip(lines[1::3], lines[2::3], lines[3::3]):
        ctid, colon, folder = head.partition(":")
        if not colon or not ctid.strip():
            raise Malformed(path, head)
        usage, soft, hard = parse_quota(blocks, "1k-blocks", path)
        files, soft_files, hard_files = parse_quota(inodes, "inodes", path)
        found[ctid.strip()] = Quota(
            folder.strip(),
            int(usage * 1024),
            soft * 1024,
            hard * 1024,
            int(files),
            soft_files,
            hard_files,
        )
    return found


def parse_quota(line: str, name: str, path: str = "") -> tuple[float, float, float]:
    """Usage, soft and hard limit of one row."""
    words = line.split()
    if len(words) < 4 or words[0] != name or not all(map(str.isdecimal, words[1:4])):
        raise Malformed(path, line)
    usage, soft, hard = map(int, words[1:4])
    return usage, limited(soft), limited(hard)


def limited(value: int) -> float:
    return value if 0 < value < 1 << 53 else math.inf
