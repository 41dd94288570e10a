"""Where a plugin gets its survey from."""

from __future__ import annotations

import argparse
from collections.abc import Collection

from ct0.host import Host
from ct0.survey import Survey, survey


def obtain(options: argparse.Namespace, parts: Collection[str]) -> Survey:
    """Raises ct0.errors' Unavailable and Malformed, OSError."""
    return survey(Host(options.root), parts)
