"""/proc/vz/veinfo."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.veinfo import VEInfo, parse_veinfo, read_veinfo
from planted import HOSTS


def test_openvz6(host: Callable[[str], Path]) -> None:
    assert read_veinfo(Host(str(host("openvz6")))) == {
        "103": VEInfo(4, ("10.1.0.103",)),
        "102": VEInfo(6, ("10.1.0.112", "10.1.0.102")),
        "101": VEInfo(6, ("10.1.0.101",)),
        "0": VEInfo(56),
    }


def test_virtuozzo7() -> None:
    found = parse_veinfo((HOSTS / "openvz7-derived/vz7.proc.vz.veinfo").read_text())
    assert "3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1" in found


def test_empty() -> None:
    assert parse_veinfo("") == {}


@pytest.mark.parametrize("text", ["101 0\n", "101 0 six\n", "\0"])
def test_truncated_or_garbage(text: str) -> None:
    with pytest.raises(Malformed):
        parse_veinfo(text)


def test_no_openvz(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="veinfo"):
        read_veinfo(Host(str(tmp_path)))


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    try:
        parse_veinfo(text)
    except Malformed:
        pass
