"""/proc/vz/vzquota."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.vzquota import Quota, parse_vzquota, read_vzquota

HEAD = "qid: path            usage      softlimit      hardlimit       time     expire\n"


def test_openvz6(host: Callable[[str], Path]) -> None:
    found = read_vzquota(Host(str(host("openvz6"))))
    assert list(found) == ["101", "103", "102"]
    assert found["101"] == Quota(
        path="/vz/private/101",
        used_bytes=102724 * 1024,
        soft_limit_bytes=2 << 30,  # DISKSPACE="2G:2.2G"
        hard_limit_bytes=2306867 * 1024,
        inodes=2649,
        soft_limit_inodes=131072,  # DISKINODES="131072:144179"
        hard_limit_inodes=144179,
    )


@pytest.mark.parametrize("most", ["0", "9007199254740992", "18446744073709551615"])
def test_unlimited(most: str) -> None:
    text = f"{HEAD}7: /a b\n  1k-blocks 5 {most} {most} 0 0\n  inodes 6 {most} {most} 0 0\n"
    quota = parse_vzquota(text)["7"]
    assert quota == Quota("/a b", 5120, math.inf, math.inf, 6, math.inf, math.inf)


def test_no_quotas() -> None:
    assert parse_vzquota(HEAD) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEAD + "101: /vz/private/101\n",
        HEAD + "101: /vz/private/101\n 1k-blocks 1 2 3 0 0\n",
        HEAD + "101: /p\n inodes 1 2 3\n 1k-blocks 1 2 3\n",
        HEAD + "101: /p\n 1k-blocks a b c\n inodes 1 2 3\n",
        HEAD + ": /p\n 1k-blocks 1 2 3\n inodes 1 2 3\n",
    ],
    ids=["empty", "truncated", "truncated later", "in another order", "garbage", "nobody's"],
)
def test_does_not_read(text: str) -> None:
    with pytest.raises(Malformed):
        parse_vzquota(text)


def test_no_openvz(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="vzquota"):
        read_vzquota(Host(str(tmp_path)))


@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    try:
        parse_vzquota(HEAD + text)
    except Malformed:
        pass
