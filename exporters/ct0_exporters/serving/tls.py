"""An ssl.SSLContext as tls_server_config describes it.

What Python's ssl cannot do, and what is done instead, on the side of letting in less:

* It cannot take a client's certificate without verifying it. RequestClientCert lets everybody in
  with or without one, so none is asked for. RequireAnyClientCert is RequireAndVerifyClientCert.
* It takes one curve. Of curve_preferences the first that this Python knows is used.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import ssl
from typing import Any

from .web_config import CIPHERS, Tls, WebConfigError

log = logging.getLogger("ct0_exporters.serving")

VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
CURVES = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
# What Go offers where nothing is said: forward secrecy only, and AES in GCM first.
DEFAULT_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!aNULL:!aPSK"

# X509_V_FLAG_PARTIAL_CHAIN: ssl has a name for it since 3.10.
PARTIAL_CHAIN = 0x80000


def server_context(tls: Tls) -> ssl.SSLContext:
    """The context for new connections. WebConfigError says which file or value is no good."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = VERSIONS[tls.min_version]
    context.maximum_version = VERSIONS[tls.max_version]
    context.options |= ssl.OP_NO_COMPRESSION
    # Else one client could have the keys made anew without end. Named since OpenSSL 1.1.0h.
    context.options |= getattr(ssl, "OP_NO_RENEGOTIATION", 0)
    if tls.prefer_server_cipher_suites:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    _set_ciphers(context, tls)
    _set_curve(context, tls)
    _load_chain(context, tls)
    _ask_clients(context, tls)
    return context


def has_allowed_san(certificate: dict[str, Any] | None, allowed: tuple[str, ...]) -> bool:
    """Whether one of a client's subjectAltNames is among the allowed ones, letter by letter."""
    for kind, value in (certificate or {}).get("subjectAltName", ()):
        if kind == "IP Address":
            value = _address(value)
        if kind in ("DNS", "email", "IP Address", "URI") and value in allowed:
            return True
    return False


def _address(text: str) -> str:
    """OpenSSL writes FE80:0:0:0:0:0:0:1, Go and people fe80::1."""
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        return text


def _set_ciphers(context: ssl.SSLContext, tls: Tls) -> None:
    if not tls.cipher_suites:
        context.set_ciphers(DEFAULT_CIPHERS)
        return
    names = [CIPHERS[suite] for suite in tls.cipher_suites if CIPHERS[suite]]
    if not names:
        # Those of TLS 1.3 alone: nothing below it is wanted.
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        return
    try:
        context.set_ciphers(":".join(names))
    except ssl.SSLError:
        raise WebConfigError("tls_server_config: this OpenSSL has none of cipher_suites") from None


def _set_curve(context: ssl.SSLContext, tls: Tls) -> None:
    for curve in tls.curve_preferences:
        try:
            context.set_ecdh_curve(CURVES[curve])
        except (ValueError, ssl.SSLError):
            continue  # X25519 with Python 3.9
        if len(set(tls.curve_preferences)) > 1:
            log.info("curve_preferences: only %s is used, Python's ssl takes one", curve)
        return
    if tls.curve_preferences:
        raise WebConfigError("tls_server_config: this Python can use none of curve_preferences")


def _load_chain(context: ssl.SSLContext, tls: Tls) -> None:
    cert, key = tls.cert_file, tls.key_file
    descriptors = []
    try:
        if cert:
            _check_readable(cert)
        else:
            descriptors.append(_in_memory(tls.cert))
            cert = f"/proc/self/fd/{descriptors[-1]}"
        if key:
            _check_readable(key)
        else:
            descriptors.append(_in_memory(tls.key))
            key = f"/proc/self/fd/{descriptors[-1]}"
        # Without a password function OpenSSL would ask on the terminal.
        context.load_cert_chain(cert, key, password=_no_password)
    except ssl.SSLError as reason:
        why = (reason.reason or "not PEM").replace("_", " ").lower()
        shown = f"{tls.cert_file or 'cert'} and {tls.key_file or 'key'}"
        raise WebConfigError(f"{shown}: {why}") from None
    except _Encrypted:
        raise WebConfigError(f"{tls.key_file or 'key'}: has a passphrase; take it off") from None
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def _ask_clients(context: ssl.SSLContext, tls: Tls) -> None:
    if tls.client_auth_type in ("", "NoClientCert", "RequestClientCert"):
        return
    context.verify_mode = ssl.CERT_OPTIONAL
    if tls.client_auth_type.startswith("Require"):
        context.verify_mode = ssl.CERT_REQUIRED
    if tls.client_auth_type == "RequireAnyClientCert":
        if not tls.client_ca_file and not tls.client_ca:
            raise WebConfigError(
                "tls_server_config: RequireAnyClientCert means any certificate, even one the client"
                " made itself; not here: use RequireAndVerifyClientCert and client_ca_file"
            )
        log.info("RequireAnyClientCert: certificates are verified all the same")
    # Any certificate of the file is trusted as it is, an intermediate one too, as Go does.
    context.verify_flags = ssl.VerifyFlags(context.verify_flags | PARTIAL_CHAIN)
    shown = tls.client_ca_file or "client_ca"
    try:
        if tls.client_ca_file:
            _check_readable(tls.client_ca_file)
            context.load_verify_locations(cafile=tls.client_ca_file)
        elif tls.client_ca:
            context.load_verify_locations(cadata=tls.client_ca)
        else:
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)  # the system's, as Go does
    except (ssl.SSLError, ValueError):
        raise WebConfigError(f"{shown}: no certificate in PEM form in it") from None


def _check_readable(path: str) -> None:
    """ssl says "No such file or directory" and not which."""
    try:
        with open(path, "rb"):
            pass
    except OSError as reason:
        raise WebConfigError(f"{path}: {os.strerror(reason.errno or 0)}") from None


def _in_memory(text: str) -> int:
    """A file for load_cert_chain, which takes only files, that is never on a disk."""
    descriptor = os.memfd_create("ct0-exporter", os.MFD_CLOEXEC)
    with open(descriptor, "w", encoding="utf-8", closefd=False) as file:
        file.write(text)
    return descriptor


class _Encrypted(Exception):
    pass


def _no_password() -> str:
    raise _Encrypted
