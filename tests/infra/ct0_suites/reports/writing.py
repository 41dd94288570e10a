"""The files that reports become."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from ct0.errors import reason
from ct0.replacing import replacing
from ct0_suites.expectations.files import Wrong


def check(path: str, replaced: bool = True) -> None:
    """Say before a run of an hour what would be said after it. Raises Wrong.

    `replaced`: the file is made anew beside what is there.
    """
    if path == "-":
        return
    real = os.path.realpath(path)
    folder = os.path.dirname(real)
    if os.path.isdir(real):
        raise Wrong(f"{path}: is a folder, not a file for the report")
    if not os.path.isdir(folder):
        raise Wrong(f"{path}: there is no folder {folder}")
    anew = not os.path.exists(real) or (replaced and os.path.isfile(real))
    if not os.access(folder if anew else real, os.W_OK):
        what = f"the folder {folder}" if anew else "it"
        raise Wrong(f"{path}: {what} may not be written: run as root, or give another place")


@contextmanager
def written(path: str, mode: int | None = None) -> Iterator[BinaryIO]:
    """A stream that becomes the file at once, or standard output for "-". Raises Wrong."""
    try:
        if path == "-":
            sys.stdout.flush()
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with replacing(path, mode) as stream:
                yield stream
    except OSError as error:
        error.filename = error.filename or path
        raise Wrong(f"the report cannot be written: {reason(error)}") from error


class Spool:
    """Pieces of text by group, kept in a file without a name until the run is over."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - until the run is over
        self.places: dict[Hashable, list[tuple[int, int]]] = {}
        self.end = 0
        self.trouble: OSError | None = None

    def add(self, group: Hashable, text: str) -> None:
        """Never raises: a full disk is told of at the end, it is no node's fault."""
        data = text.encode("utf-8", "replace")
        try:
            self.file.write(data)
        except OSError as error:
            self.trouble = self.trouble or error
            return
        self.places.setdefault(group, []).append((self.end, len(data)))
        self.end += len(data)

    def pieces(self, group: Hashable) -> Iterator[bytes]:
        """Those of a group in the order they came. Raises OSError."""
        if self.trouble:
            raise self.trouble
        for start, length in self.places.get(group, ()):
            self.file.seek(start)
            yield self.file.read(length)

    def close(self) -> None:
        try:
            self.file.close()
        except OSError as error:
            self.trouble = self.trouble or error
