"""Files that somebody else reads at any moment: they are replaced at once or not at all."""

from __future__ import annotations

import os
import tempfile


def replace_file(path: str, body: bytes) -> None:
    """Raises OSError, and leaves what was there.

    node_exporter reads *.prom only, Prometheus the files it was told: the temporary name is none.
    """
    folder, name = os.path.split(path)
    file, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=folder or ".")
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(body)
            stream.flush()
            os.fchmod(stream.fileno(), 0o644)
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
