from __future__ import annotations

import os
from pathlib import Path

import pytest

from ct0.host import Host
from ct0_shims.terminal import terminal_number


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("?", 0),
        ("tty1", 0x0401),
        ("ttyS0", 0x0440),
        ("pts/3", 0x8803),
        ("pts/256", 0x8900),
        ("nosuch", None),
        ("/dev/tty1", None),
        ("../dev/null", None),
        ("", None),
        ("tty²", None),
    ],
)
def test_number_of_a_name(name: str, number: int | None, tmp_path: Path) -> None:
    assert terminal_number(Host(str(tmp_path)), name) == number


@pytest.mark.skipif(not os.path.exists("/dev/ptmx"), reason="needs a /dev")
def test_other_names_are_looked_up() -> None:
    assert terminal_number(Host(), "ptmx") == 0x0502
    assert terminal_number(Host(), "pts") is None  # a folder
