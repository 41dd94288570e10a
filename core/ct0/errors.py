"""The two ways reading a host can fail: what is not there, and what does not read as documented.

A process that vanished while it was read is neither: that is Python's own ProcessLookupError.
"""

from __future__ import annotations


class Error(Exception):
    """Base of ct0's own errors; each part turns it into its own exit status at its edge."""


def reason(error: Exception) -> str:
    """An error in words for a person: where, what, and what to do where that is known."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    more = ": run as root" if isinstance(error, PermissionError) else ""
    return f"{where}{error.strerror}{more}"


class Unavailable(Error):
    """The kernel, the engine or this caller's rights do not offer it here. Not a bug: say so."""


class Malformed(Error):
    """The file is there but does not read as its documentation says. A bug, here or there."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(f"{path}: cannot read {text[:80]!r}")
        self.path = path
