"""The Python that will run the shims on a host, and byte code made by it."""

from __future__ import annotations

import os

from ct0.errors import Unavailable
from ct0_shims.delivery.tree import inside

FLOOR = (3, 9)

ASK = """
import sys, _frozen_importlib_external as external
print(sys.implementation.cache_tag, *sys.version_info[:2], external.MAGIC_NUMBER.hex())
"""
# The bundle's text comes in by standard input; it can import itself once it was executed.
MAKE = """
import sys
text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
space = {"__name__": "bundle"}
exec(compile(text, "ct0-shims", "exec"), space)
held = space["unpacked"](text)
space.update(SOURCES=held["sources"], PLACES={})
exec(held["loader"], space)
sys.modules["__main__"].unpacked = lambda: held
from ct0_shims.delivery.byte_code import byte_code
sys.stdout.buffer.write(byte_code(held["sources"], space["BUILD"]))
"""


def byte_code(root: str, python: str, text: str) -> tuple[str, bytes] | None:
    """(cache tag, byte code of the bundle), None below another root than "/".

    Raises Unavailable as tag_and_magic does.
    """
    found = tag_and_magic(root, python)
    if found is None:
        return None
    return found[0], ask(python, MAKE, text.encode("utf-8", "surrogateescape"))


def tag_and_magic(root: str, python: str) -> tuple[str, bytes] | None:
    """What this interpreter calls its byte code, and what marks it; None below another root.

    Another root's interpreter is not run: it may be of another machine, or of somebody else.
    Raises Unavailable when it is missing, does not run, or is older than 3.9.
    """
    if not os.path.lexists(inside(root, python)):
        raise Unavailable(f"{python}: no such interpreter below {root}; name one with --python")
    if root != "/":
        return None
    words = ask(python, ASK, b"").decode().split()
    if len(words) != 4 or (int(words[1]), int(words[2])) < FLOOR:
        said = " ".join(words[:3])
        raise Unavailable(f"{python}: is {said}; the shims need Python 3.9 or later")
    return words[0], bytes.fromhex(words[3])


def ask(python: str, program: str, text: bytes) -> bytes:
    import subprocess

    try:
        run = subprocess.run(
            [python, "-IS", "-c", program], input=text, capture_output=True, check=False
        )
    except OSError as error:
        raise Unavailable(f"{python}: {error.strerror}") from error
    if run.returncode:
        reason = run.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise Unavailable(f"{python}: does not run: {reason}")
    return run.stdout
