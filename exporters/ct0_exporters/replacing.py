"""Files that somebody else reads at any moment: they are replaced at once or not at all."""

from __future__ import annotations

import os
import tempfile


def replace_file(path: str, body: bytes) -> None:
    """Raises OSError about `path`, and leaves what was there.

    node_exporter reads *.prom only, Prometheus the files it was told: the temporary name is none.
    """
    folder, name = os.path.split(path)
    try:
        file, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=folder or ".")
    except OSError as error:
        error.filename = path  # the temporary name would tell nobody anything
        raise
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(body)
            stream.flush()
            os.fchmod(stream.fileno(), 0o644)
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        os.unlink(temporary)
        error.filename, error.filename2 = path, None
        raise
    except BaseException:
        os.unlink(temporary)
        raise
