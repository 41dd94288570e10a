"""Until when the certificates and the revocation lists in a PEM file are valid.

    -----BEGIN CERTIFICATE-----        RFC 5280 4.1: tbsCertificate, its validity, notAfter
    -----BEGIN X509 CRL-----           RFC 5280 5.1: tbsCertList, its nextUpdate

Nothing is verified: it is a date that is read, not trust.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime, timezone
from typing import NamedTuple

from ct0.errors import Malformed

LIMIT = 4 << 20  # characters of a file
BLOCK = re.compile(r"-----BEGIN (CERTIFICATE|X509 CRL)-----(.*?)-----END \1-----", re.DOTALL)

INTEGER, SEQUENCE, UTC_TIME, TIME, VERSION = 0x02, 0x30, 0x17, 0x18, 0xA0


class Validity(NamedTuple):
    kind: str  # certificate, or revocation list
    expires: float  # seconds since the epoch


def parse_validity(text: str, path: str) -> list[Validity]:
    """Of all that a PEM file holds, in its order. Raises Malformed, also when it holds none."""
    if len(text) > LIMIT:
        raise Malformed(path, f"{len(text)} characters")
    found = []
    for kind, body in BLOCK.findall(text):
        try:
            der = base64.b64decode("".join(body.split()), validate=True)
            end = end_of_certificate(der) if kind == "CERTIFICATE" else end_of_list(der)
        except (ValueError, IndexError, binascii.Error) as error:
            raise Malformed(path, f"{kind}: {error}") from None
        if end is not None:
            found.append(
                Validity("certificate" if kind == "CERTIFICATE" else "revocation list", end)
            )
    if not found:
        raise Malformed(path, text[:40] if text else "an empty file")
    return found


def end_of_certificate(der: bytes) -> float:
    fields = parts(part(part(der, SEQUENCE), SEQUENCE))
    if fields[0][0] == VERSION:
        del fields[0]
    # serialNumber, signature, issuer, validity
    begin_and_end = parts(expect(fields[3], SEQUENCE))
    return moment(begin_and_end[1])


def end_of_list(der: bytes) -> float | None:
    """nextUpdate, None when the list has none."""
    fields = parts(part(part(der, SEQUENCE), SEQUENCE))
    if fields[0][0] == INTEGER:
        del fields[0]
    # signature, issuer, thisUpdate, nextUpdate or what comes after
    return moment(fields[3]) if len(fields) > 3 and fields[3][0] in (UTC_TIME, TIME) else None


def moment(field: tuple[int, bytes]) -> float:
    tag, value = field
    text = value.decode("ascii")
    if tag == UTC_TIME:
        # RFC 5280 4.1.2.5.1: years from 50 on are of the last century.
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != TIME:
        raise ValueError(f"tag {tag:#x} is no time")
    if not re.fullmatch(r"\d{14}Z", text, re.ASCII):
        raise ValueError(f"no time: {text!r:.40}")
    whole = datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=timezone.utc)
    return whole.timestamp()


def part(der: bytes, tag: int) -> bytes:
    """The content of the first element, which is of that kind."""
    return expect(element(der)[0], tag)


def expect(field: tuple[int, bytes], tag: int) -> bytes:
    if field[0] != tag:
        raise ValueError(f"tag {field[0]:#x}, not {tag:#x}")
    return field[1]


def parts(der: bytes) -> list[tuple[int, bytes]]:
    found = []
    while der:
        field, der = element(der)
        found.append(field)
    return found


def element(der: bytes) -> tuple[tuple[int, bytes], bytes]:
    """The first element, tag and content, and what comes after it (X.690 8.1)."""
    tag, length, start = der[0], der[1], 2
    if length >= 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4:
            raise ValueError("a length of no use")
        start += size
        length = int.from_bytes(der[2:start], "big")
    if len(der) < start + length:
        raise ValueError("cut off")
    return (tag, der[start : start + length]), der[start + length :]
