"""Keys that may log in (authorized_keys), and beginnings of private keys.

    from="10.0.0.0/8",command="/usr/local/bin/backup" ssh-ed25519 AAAAC3NzaC1lZDI1… backup@db1

sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; RFC 4253, 6.6, for the blob; OpenSSH's PROTOCOL.key for
private keys: after a line -----BEGIN OPENSSH PRIVATE KEY----- "openssh-key-v1", a NUL, and the name
of the cipher, which is "none" for a key without a passphrase.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Sequence
from typing import NamedTuple

TYPE = re.compile(r"(?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[A-Za-z0-9@.-]{1,80}")
OPTION = re.compile(r'([A-Za-z0-9-]+)(?:="((?:\\"|[^"])*)")?(?:,|$)')
MAGIC = b"openssh-key-v1\0"
OPENSSH = "-----BEGIN OPENSSH PRIVATE KEY-----"

PLAIN, ENCRYPTED, UNKNOWN = "plain", "encrypted", "unknown"


class Key(NamedTuple):
    """A public key; `bits` is 0 where the type does not tell. Comments are anybody's text."""

    file: str
    line: int
    type: str
    bits: int
    fingerprint: str  # SHA256:…, as ssh-keygen -l prints it
    comment: str
    options: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def told(self) -> str:
        return f"{self.fingerprint} ({self.type}, {self.comment or 'no comment'})"


class NoKey(NamedTuple):
    """A line that reads as no key; sshd passes such over."""

    file: str
    line: int


def parse_authorized(file: str, lines: Sequence[tuple[int, str]]) -> list[Key | NoKey]:
    """The keys of numbered lines; comments and empty lines are passed over."""
    found = []
    for number, line in lines:
        text = line.strip(" \t\r")
        if text and not text.startswith("#"):
            found.append(parse_key(text, file, number) or NoKey(file, number))
    return found


def parse_key(text: str, file: str = "", line: int = 0) -> Key | None:
    """As sshd does: a key, or else options up to the first blank that is not quoted and a key."""
    key = parse_plain(text, file, line)
    if key is not None:
        return key
    end = options_end(text)
    key = parse_plain(text[end:].lstrip(" \t"), file, line)
    options = parse_options(text[:end])
    return None if key is None or options is None else key._replace(options=options)


def options_end(text: str) -> int:
    quoted = False
    place = 0
    while place < len(text) and (quoted or text[place] not in " \t"):
        if text.startswith('\\"', place):
            place += 1
        elif text[place] == '"':
            quoted = not quoted
        place += 1
    return place


def parse_options(text: str) -> tuple[tuple[str, str], ...] | None:
    """Names in lower case, with their values; None for what is none."""
    found, place = [], 0
    while place < len(text):
        match = OPTION.match(text, place)
        if match is None:
            return None
        found.append((match[1].lower(), (match[2] or "").replace('\\"', '"')))
        place = match.end()
    return tuple(found)


def parse_plain(text: str, file: str, line: int) -> Key | None:
    words = text.split(None, 2)
    if len(words) < 2 or not TYPE.fullmatch(words[0]):
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    fields = parse_blob(blob)
    if not fields or fields[0] != words[0].encode("ascii"):
        return None
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii").rstrip("=")
    comment = words[2].strip() if len(words) > 2 else ""
    return Key(file, line, words[0], bits(fields), f"SHA256:{digest}", comment)


def parse_blob(blob: bytes) -> list[bytes]:
    """Its fields; [] unless it is of whole fields to its end."""
    found, place = [], 0
    while place < len(blob):
        if place + 4 > len(blob):
            return []
        (size,) = struct.unpack_from(">I", blob, place)
        place += 4
        if size > len(blob) - place:
            return []
        found.append(blob[place : place + size])
        place += size
    return found


def bits(fields: list[bytes]) -> int:
    kind = fields[0].decode("ascii", "replace")
    if kind == "ssh-rsa" and len(fields) == 3:
        return int.from_bytes(fields[2], "big").bit_length()
    if kind == "ssh-dss" and len(fields) == 5:
        return int.from_bytes(fields[1], "big").bit_length()
    curve = re.search(r"nistp([0-9]{3})", kind)
    return int(curve[1]) if curve else 256 if "ed25519" in kind else 0


def weakness(key: Key, least: int) -> str:
    """What is wrong with a key's strength, in words; "" if nothing is known against it."""
    if key.type.startswith("ssh-dss"):
        return "DSA keys are weak, and today's OpenSSH refuses them"
    if key.type == "ssh-rsa" and key.bits < least:
        return f"RSA of {key.bits} bits, should be {least} at least"
    return ""


def passphrase(header: Sequence[str]) -> str:
    """PLAIN, ENCRYPTED or UNKNOWN, by the first line of a private key and the one after it."""
    first, second = [*header, "", ""][:2]
    if first.startswith("PuTTY-"):
        name, _, cipher = second.partition(":")
        if name != "Encryption" or not cipher.strip():
            return UNKNOWN
        return PLAIN if cipher.strip() == "none" else ENCRYPTED
    if not first.startswith(OPENSSH):
        if "ENCRYPTED" in first or (second.startswith("Proc-Type:") and "ENCRYPTED" in second):
            return ENCRYPTED
        return PLAIN
    try:
        blob = base64.b64decode(second[: len(second) // 4 * 4])
    except (binascii.Error, ValueError):
        return UNKNOWN
    place = len(MAGIC)
    if not blob.startswith(MAGIC) or len(blob) < place + 4:
        return UNKNOWN
    (size,) = struct.unpack_from(">I", blob, place)
    cipher_name = blob[place + 4 : place + 4 + size]
    if len(cipher_name) != size or not size:
        return UNKNOWN
    return PLAIN if cipher_name == b"none" else ENCRYPTED
