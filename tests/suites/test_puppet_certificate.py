"""Until when certificates and revocation lists are valid; made by a library that knows."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed
from ct0.puppet.certificate import Validity, parse_validity

BEGIN = datetime(2020, 1, 1, tzinfo=timezone.utc)
END = datetime(2026, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
FAR = datetime(2070, 6, 1, tzinfo=timezone.utc)  # a GeneralizedTime


@cache
def certificate(end: datetime = END) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "web1.example.com")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(BEGIN)
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode("ascii")


@cache
def revocations(end: datetime = END) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Puppet CA")])
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name)
        .last_update(BEGIN)
        .next_update(end)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode("ascii")


def test_certificates_and_lists() -> None:
    text = f"Certificate:\n{certificate()}\n{certificate(FAR)}{revocations(FAR)}"
    assert parse_validity(text, "x") == [
        Validity("certificate", END.timestamp()),
        Validity("certificate", FAR.timestamp()),
        Validity("revocation list", FAR.timestamp()),
    ]


def test_the_last_century() -> None:
    end = datetime(1999, 12, 31, tzinfo=timezone.utc)
    pem = certificate(BEGIN + timedelta(days=1))
    assert parse_validity(pem, "x")[0].expires > end.timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        certificate()[:300],
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
        certificate().replace("\nM", "\nN", 1),
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_validity(text, "x")


@given(st.data())
def test_no_bytes_are_a_traceback(data: st.DataObject) -> None:
    pem = certificate()
    at = data.draw(st.integers(28, len(pem) - 30))
    put = data.draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=6))
    try:
        parse_validity(pem[:at] + put + pem[at + 1 :], "x")
    except Malformed:
        pass
