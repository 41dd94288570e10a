"""The web configuration file, as every Prometheus exporter has it: TLS, headers, basic auth.

    tls_server_config:
      cert_file: server.crt            # relative to this file
      key_file: server.key
      client_auth_type: RequireAndVerifyClientCert
      client_ca_file: clients.crt
    http_server_config:
      headers:
        Strict-Transport-Security: max-age=63072000
    basic_auth_users:
      prometheus: $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG

https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md
`promtool check web-config` accepts the same files, save for what docs/exporter.md names.

No message here holds a value of the file that could be a secret: neither hash nor key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Mapping
from typing import Any, NamedTuple, cast

import yaml

from ct0.errors import Error

AUTH_TYPES = (
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
)
VERSIONS = ("TLS10", "TLS11", "TLS12", "TLS13")
CURVES = ("CurveP256", "CurveP384", "CurveP521", "X25519")

# Those the toolkit lets one set, with the values it allows; none: any.
HEADERS: dict[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}

# Go's names for TLS up to 1.2, and OpenSSL's. Of TLS 1.3 both use all; naming them changes nothing.
CIPHERS = {
    "TLS_AES_128_GCM_SHA256": "",
    "TLS_AES_256_GCM_SHA384": "",
    "TLS_CHACHA20_POLY1305_SHA256": "",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    # Go counts these as insecure since 1.22; promtool built before takes them.
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
}

_BCRYPT = re.compile(r"\$2[aby]?\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
_TRUE = ("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y")
_FALSE = ("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N")
_NULL = ("", "~", "null", "Null", "NULL")


class WebConfigError(Error):
    """The file cannot be used: which place in it, why, and no secret of it."""


class Tls(NamedTuple):
    """tls_server_config; "" is not given. Paths are joined to the file's folder already."""

    cert_file: str = ""
    key_file: str = ""
    cert: str = ""
    key: str = ""
    client_ca_file: str = ""
    client_ca: str = ""
    client_auth_type: str = ""
    client_allowed_sans: tuple[str, ...] | None = None
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True
    curve_preferences: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Tls({self.cert_file!r})"  # not the key, wherever this ends up

    @property
    def enabled(self) -> bool:
        return any(self[:7])


class WebConfig(NamedTuple):
    """The whole file. `http2` is asked for and not offered: HTTP/1.1 serves every scraper."""

    tls: Tls = Tls()
    headers: Mapping[str, str] = {}
    users: Mapping[str, str] = {}  # name -> bcrypt hash
    http2: bool | None = None
    empty: bool = True

    def __repr__(self) -> str:
        return f"WebConfig({self.tls!r}, users: {len(self.users)})"


def parse_web_config(text: str, folder: str = "") -> WebConfig:
    """The file's text as a record; WebConfigError says what is wrong with it and where."""
    top = _mapping(_load(text), "", ("tls_server_config", "http_server_config", "basic_auth_users"))
    http = _mapping(top.get("http_server_config"), "http_server_config", ("http2", "headers"))
    http2 = _bool(http, "http2", "http_server_config")
    headers = _mapping(http.get("headers"), "http_server_config: headers")
    return WebConfig(
        _tls(top.get("tls_server_config"), folder),
        {name: _header(name, value) for name, value in headers.items()},
        {
            name: _hash(name, value)
            for name, value in _mapping(top.get("basic_auth_users"), "basic_auth_users").items()
        },
        http2,
        not top,
    )


def _tls(given: object, folder: str) -> Tls:
    place = "tls_server_config"
    section = _mapping(given, place, Tls._fields)
    files = {
        name: os.path.join(folder, _string(section, name, place)) if section.get(name) else ""
        for name in ("cert_file", "key_file", "client_ca_file")
    }
    inline = {name: _string(section, name, place) for name in ("cert", "key", "client_ca")}
    auth_type = _string(section, "client_auth_type", place)
    if auth_type == "RequireClientCert":
        auth_type = "RequireAnyClientCert"  # its name before Go's was taken
    prefer = _bool(section, "prefer_server_cipher_suites", place)
    tls = Tls(
        **files,
        **inline,
        client_auth_type=_one_of(auth_type or "", ("", *AUTH_TYPES), "client_auth_type"),
        client_allowed_sans=_list(section, "client_allowed_sans"),
        min_version=_one_of(_string(section, "min_version", place) or "TLS12", VERSIONS, "version"),
        max_version=_one_of(_string(section, "max_version", place) or "TLS13", VERSIONS, "version"),
        cipher_suites=_each(section, "cipher_suites", tuple(CIPHERS)),
        prefer_server_cipher_suites=prefer is not False,
        curve_preferences=_each(section, "curve_preferences", CURVES),
    )
    _check_sense(tls, place)
    return tls


def _check_sense(tls: Tls, place: str) -> None:
    if not tls.enabled:
        if tls.client_allowed_sans:
            # promtool lets it pass; then whoever comes would be let in without TLS.
            raise WebConfigError(f"{place}: client_allowed_sans without cert_file and key_file")
        return
    for name in ("cert", "key"):
        if not getattr(tls, name) and not getattr(tls, name + "_file"):
            raise WebConfigError(f"{place}: {name}_file is missing")
    if tls.client_auth_type in ("", "NoClientCert") and (tls.client_ca_file or tls.client_ca):
        raise WebConfigError(f"{place}: client_ca_file without client_auth_type")
    if tls.client_allowed_sans is not None and not tls.client_auth_type.startswith("Require"):
        raise WebConfigError(
            f"{place}: client_allowed_sans needs client_auth_type RequireAndVerifyClientCert"
        )
    if VERSIONS.index(tls.min_version) > VERSIONS.index(tls.max_version):
        raise WebConfigError(f"{place}: min_version is above max_version: nobody could connect")


class _Loader(yaml.BaseLoader):
    """Every scalar a string, as Go's yaml fills a string field; a key given twice is refused."""

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Hashable, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "no mapping", node.start_mark)
        found: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(
                    None, None, "a key that is no string", key_node.start_mark
                )
            if key_node.value in found:
                raise yaml.constructor.ConstructorError(
                    None, None, "a key given twice", key_node.start_mark
                )
            found[key_node.value] = self.construct_object(value_node, deep=True)
        return found


def _load(text: str) -> object:
    try:
        # _Loader makes strings, lists and mappings of strings, nothing else.
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        # PyYAML's own text quotes the line, which may be the one with the password.
        why = re.sub(r"""'[^']*'|"[^"]*\"""", "…", error.problem or "not YAML")
        where = f"line {mark.line + 1}: " if mark else ""
        raise WebConfigError(f"{where}{why}") from None
    except yaml.YAMLError:
        raise WebConfigError("not YAML: a character that may not be in a text") from None
    except RecursionError:
        raise WebConfigError("nested too deeply") from None


def _mapping(value: object, place: str, known: tuple[str, ...] = ()) -> dict[str, object]:
    before = f"{place}: " if place else ""
    if value is None or (isinstance(value, str) and value in _NULL):
        return {}
    if not isinstance(value, dict):
        raise WebConfigError(f"{before}must be a mapping, `key: value`")
    for key in value:
        if known and key not in known:
            raise WebConfigError(f"{before}unknown key {key[:40]!r}; known: {', '.join(known)}")
    return cast("dict[str, object]", value)


def _string(section: dict[str, object], key: str, place: str) -> str:
    value = section.get(key, "")
    if not isinstance(value, str):
        raise WebConfigError(f"{place}: {key} must be a string")
    return "" if value in _NULL else value


def _bool(section: dict[str, object], key: str, place: str) -> bool | None:
    value = section.get(key, "")
    if value in _NULL:
        return None
    if value in _TRUE or value in _FALSE:
        return value in _TRUE
    raise WebConfigError(f"{place}: {key} must be true or false")


def _list(section: dict[str, object], key: str) -> tuple[str, ...] | None:
    value = section.get(key, "")
    if isinstance(value, str) and value in _NULL:
        return None
    items = value if isinstance(value, list) else [value]  # Go's yaml takes one for a list of one
    if not all(isinstance(item, str) for item in items):
        raise WebConfigError(f"tls_server_config: {key} must be a list of strings")
    return tuple(cast("list[str]", items))


def _each(section: dict[str, object], key: str, known: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_one_of(item, known, key) for item in _list(section, key) or ())


def _one_of(value: str, known: tuple[str, ...], what: str) -> str:
    if value not in known:
        choices = ", ".join(filter(None, known))
        raise WebConfigError(f"tls_server_config: unknown {what} {value[:60]!r}; known: {choices}")
    return value


def _header(name: str, value: object) -> str:
    if name not in HEADERS:
        raise WebConfigError(
            f"http_server_config: header {name[:40]!r} cannot be set; known: {', '.join(HEADERS)}"
        )
    allowed = HEADERS[name]
    if not isinstance(value, str) or (allowed and value not in allowed):
        raise WebConfigError(f"http_server_config: {name} must be {' or '.join(allowed) or 'text'}")
    if any(not character.isprintable() for character in value) or not value.isascii():
        raise WebConfigError(f"http_server_config: {name} has a character no header can have")
    return value


def _hash(name: str, value: object) -> str:
    if not name or ":" in name:
        raise WebConfigError("basic_auth_users: a user's name is empty or has a colon")
    if not isinstance(value, str) or not _BCRYPT.fullmatch(value):
        raise WebConfigError(
            f"basic_auth_users: {name[:40]}: not a bcrypt hash; `htpasswd -nBC 10 ''` makes one"
        )
    return value
