"""What the module lays out is what the other parts ship: copies, for a module is installed alone.

To renew them all: cd tests && python -m puppet_files
"""

from __future__ import annotations

import pytest

import puppet_files


@pytest.mark.parametrize("copy", puppet_files.COPIES, ids=str)
def test_a_copy_is_its_original(copy: str) -> None:
    original = puppet_files.ROOT / puppet_files.COPIES[copy]
    same = (puppet_files.MODULE / copy).read_bytes() == original.read_bytes()
    assert same, f"puppet/{copy} is not {puppet_files.COPIES[copy]}; renew it: {puppet_files.RENEW}"


@pytest.mark.parametrize("folder", puppet_files.WHOLE)
def test_no_shipped_unit_is_forgotten(folder: str) -> None:
    shipped = {f"{folder}/{path.name}" for path in (puppet_files.ROOT / folder).iterdir()}
    assert shipped <= set(puppet_files.COPIES.values()), f"renew: {puppet_files.RENEW}"


def test_old_systemds_drop_in_is_for_units_that_need_it() -> None:
    """What files/checks/old-systemd.conf takes back is in the unit that it is for."""
    dropin = (puppet_files.MODULE / "files/checks/old-systemd.conf").read_text("utf-8")
    unit = (puppet_files.MODULE / "files/checks/ct0-state.service").read_text("utf-8")
    taken = [line for line in dropin.splitlines() if line.endswith("=")]
    assert taken == ["SystemCallFilter=", "RuntimeDirectory="]
    assert all(line in unit for line in taken)
