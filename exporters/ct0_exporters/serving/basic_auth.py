"""Basic auth against bcrypt hashes, without paying for bcrypt at each scrape.

    Authorization: Basic cHJvbWV0aGV1czpzZWNyZXQ=

bcrypt of cost 10 takes 50 to 100 ms on purpose. What was compared is remembered, under a hash with
a key that lives in this process only, so that the memory holds no password.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping

import bcrypt

from .workers import Workers

REMEMBERED = 256
WAITING = 8  # comparisons under way at once; more are told to come again


class BasicAuth:
    """The users of one configuration."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._hashes = {name.encode(): value.encode("ascii") for name, value in users.items()}
        # Compared for names that do not exist, at the same cost: time tells nobody which do.
        cost = max(int(value.split("$")[2]) for value in users.values())
        self._nobody = b"$2b$%02d$" % cost + b"ct0.ct0.ct0.ct0.ct0.cu" + 31 * b"."
        self._key = secrets.token_bytes(32)
        # Apart, so that guesses do not push out the one who knows.
        self._good: OrderedDict[bytes, None] = OrderedDict()
        self._bad: OrderedDict[bytes, None] = OrderedDict()
        self._one = threading.Lock()
        self._workers = Workers("password checks", WAITING)

    async def allows(self, header: str) -> bool:
        """Whether an Authorization header names a user and their password. Raises workers.Busy."""
        credentials = _credentials(header)
        if credentials is None:
            return False
        name, password = credentials
        known = name in self._hashes
        digest = self._digest(name, password)
        if digest in self._good:
            self._good.move_to_end(digest)
            return True
        if digest in self._bad:
            return False
        expected = self._hashes.get(name, self._nobody)
        same = await self._workers.run(lambda: self._compare(password, expected))
        remembered = self._good if same and known else self._bad
        remembered[digest] = None
        if len(remembered) > REMEMBERED:
            remembered.popitem(last=False)
        return same and known

    def _compare(self, password: bytes, expected: bytes) -> bool:
        # One at a time: a storm of guesses may take one CPU and no more.
        with self._one:
            # bcrypt reads 72 bytes; bcrypt 5 refuses more where htpasswd and Go leave them out.
            # A NUL ends the password in C; nobody's hash is of one that has it.
            same = bcrypt.checkpw(password[:72].replace(b"\0", b"?"), expected)
            return same and b"\0" not in password

    def _digest(self, name: bytes, password: bytes) -> bytes:
        keyed = hashlib.blake2b(key=self._key, digest_size=32)
        keyed.update(len(name).to_bytes(8, "big") + name + password)
        return keyed.digest()


def _credentials(header: str) -> tuple[bytes, bytes] | None:
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    name, colon, password = decoded.partition(b":")
    return (name, password) if colon else None
