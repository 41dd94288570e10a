"""Files that somebody else reads at any moment: they are replaced at once or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO


def replace_file(path: str, body: bytes) -> None:
    """The whole file, readable for everybody. Raises OSError about `path`, and leaves what was
    there."""
    with replacing(path, 0o644) as stream:
        stream.write(body)


@contextmanager
def replacing(path: str, mode: int | None = None) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file when the block ends well; else what was there stays.

    Raises OSError about `path`. `mode` None: what the umask leaves. A link's target is replaced,
    not the link. What is no regular file (/dev/stdout, a pipe) cannot be replaced: it is written.

    node_exporter reads *.prom only, Prometheus the files it was told: the temporary name is none.
    """
    real = os.path.realpath(path)
    if other(path):
        with open(path, "wb") as stream:
            yield stream
        return
    folder, name = os.path.split(real)
    temporary = os.path.join(folder, f".{name[:200]}.{secrets.token_hex(4)}.tmp")
    try:
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
        file = os.open(temporary, flags, 0o666)
    except OSError as error:
        error.filename = path  # the temporary name would tell nobody anything
        raise
    try:
        with os.fdopen(file, "wb") as stream:
            yield stream
            stream.flush()
            if mode is not None:
                os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        os.replace(temporary, real)
    except OSError as error:
        os.unlink(temporary)
        if error.filename in (None, temporary):
            error.filename, error.filename2 = path, None
        raise
    except BaseException:
        os.unlink(temporary)
        raise


def other(path: str) -> bool:
    """Whether something is there that is neither a regular file nor a folder."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
