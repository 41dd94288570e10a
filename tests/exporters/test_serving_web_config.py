"""The web configuration file, beside promtool's judgement on the same text."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_exporters.serving.web_config import WebConfig, WebConfigError, parse_web_config
from ct0_exporters.serving.web_config_file import check_web_config
from exporters.served import TLS, certificates, write_config

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
MTLS = TLS + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"

GOOD = {
    "empty": "",
    "comment": "# nothing yet\n",
    "empty sections": "tls_server_config:\nhttp_server_config: {}\nbasic_auth_users: ~\n",
    "tls": TLS,
    "flow style": "{tls_server_config: {cert_file: server.crt, key_file: server.key}}",
    "mutual tls": MTLS,
    "NoClientCert": TLS + "  client_auth_type: NoClientCert\n",
    "RequestClientCert": TLS + "  client_auth_type: RequestClientCert\n",
    "RequireAnyClientCert": TLS
    + "  client_auth_type: RequireAnyClientCert\n  client_ca_file: ca.crt\n",
    "RequireClientCert, its old name": TLS
    + "  client_auth_type: RequireClientCert\n  client_ca_file: ca.crt\n",
    "VerifyClientCertIfGiven": TLS
    + "  client_auth_type: VerifyClientCertIfGiven\n  client_ca_file: ca.crt\n",
    "verified by the system's authorities": TLS
    + "  client_auth_type: RequireAndVerifyClientCert\n",
    "versions": TLS + "  min_version: TLS10\n  max_version: TLS12\n",
    "only 1.3": TLS + "  min_version: TLS13\n",
    "ciphers": TLS + "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,"
    " TLS_AES_128_GCM_SHA256]\n  prefer_server_cipher_suites: no\n",
    "curves": TLS + "  curve_preferences: [CurveP384, CurveP256, CurveP521, X25519]\n",
    "http2": "http_server_config:\n  http2: true\n",
    "no http2": TLS + "http_server_config: {http2: off}\n",
    "headers": "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
    "    X-Content-Type-Options: nosniff\n    X-XSS-Protection: '1'\n"
    "    Strict-Transport-Security: max-age=1\n    Content-Security-Policy: default-src 'none'\n",
    "users": f"basic_auth_users:\n  alice: {HASH}\n  bob: '{HASH}'\n  007: {HASH}\n",
    "anchors": f"basic_auth_users:\n  alice: &same {HASH}\n  bob: *same\n",
}

# Debian 12's promtool (2.42) is older than these.
NEWER = {
    "names": MTLS + "  client_allowed_sans: [prometheus.example, 10.0.0.1]\n",
    "one name, no list": MTLS + "  client_allowed_sans: prometheus.example\n",
}

BAD = {
    "unknown key": ("tls_config: {}", "unknown key 'tls_config'"),
    "unknown tls key": (TLS + "  cert_fil: x\n", "tls_server_config: unknown key 'cert_fil'"),
    "unknown http key": ("http_server_config: {http3: true}", "unknown key 'http3'"),
    "key given twice": (TLS + TLS, "line 4: a key given twice"),
    "user given twice": (f"basic_auth_users: {{a: {HASH}, a: {HASH}}}", "a key given twice"),
    "list for a mapping": ("- tls_server_config", "must be a mapping"),
    "text": ("hunter2", "must be a mapping"),
    "list of users": (f"basic_auth_users: [{HASH}]", "basic_auth_users: must be a mapping"),
    "not YAML": ("tls_server_config: [", "line 1: "),
    "tab": ("basic_auth_users:\n\talice: hunter2\n", "line 2: "),
    "no key": ("tls_server_config: {cert_file: server.crt}", "key_file is missing"),
    "no certificate": ("tls_server_config: {key_file: server.key}", "cert_file is missing"),
    "authority alone": ("tls_server_config: {client_ca_file: ca.crt}", "cert_file is missing"),
    "missing file": (
        "tls_server_config: {cert_file: no.crt, key_file: server.key}",
        "no.crt: No such file or directory",
    ),
    "the key of another": (
        "tls_server_config: {cert_file: ca.crt, key_file: server.key}",
        "server.key: key values mismatch",
    ),
    "no certificate in it": (
        "tls_server_config: {cert_file: web.yml, key_file: server.key}",
        "web.yml and ",
    ),
    "authority without policy": (
        TLS + "  client_ca_file: ca.crt\n",
        "client_ca_file without client_auth_type",
    ),
    "authority not there": (MTLS.replace("ca.crt", "no.crt"), "no.crt: No such file"),
    "invented policy": (TLS + "  client_auth_type: Maybe\n", "unknown client_auth_type 'Maybe'"),
    "invented version": (TLS + "  min_version: TLS14\n", "unknown version 'TLS14'"),
    "invented cipher": (TLS + "  cipher_suites: [ROT13]\n", "unknown cipher_suites 'ROT13'"),
    "insecure cipher": (
        TLS + "  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n",
        "unknown cipher_suites",
    ),
    "invented curve": (TLS + "  curve_preferences: [P1]\n", "unknown curve_preferences 'P1'"),
    "http2 sometimes": ("http_server_config: {http2: sometimes}", "must be true or false"),
    "header of ours": ("http_server_config: {headers: {Server: x}}", "'Server' cannot be set"),
    "frame options": (
        "http_server_config: {headers: {X-Frame-Options: allow}}",
        "X-Frame-Options must be deny or sameorigin",
    ),
    "password as it is": ("basic_auth_users: {alice: hunter2}", "alice: not a bcrypt hash"),
    "no password": ("basic_auth_users: {alice: }", "alice: not a bcrypt hash"),
    "other hash": ("basic_auth_users: {alice: $6$x$hunter2}", "alice: not a bcrypt hash"),
    "names nobody is asked for": (
        TLS + "  client_allowed_sans: [prometheus.example]\n",
        "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert",
    ),
    "names without TLS": (
        "tls_server_config: {client_allowed_sans: [x]}",
        "client_allowed_sans without cert_file",
    ),
}

# What promtool lets pass and we do not: nobody could get in, or more than meant.
STRICTER = {
    "any certificate": (
        TLS + "  client_auth_type: RequireAnyClientCert\n",
        "use RequireAndVerifyClientCert and client_ca_file",
    ),
    "versions the wrong way round": (
        TLS + "  min_version: TLS13\n  max_version: TLS12\n",
        "min_version is above max_version",
    ),
    "authorities in no PEM": (MTLS.replace("ca.crt", "web.yml"), "no certificate in PEM form"),
    "user nobody can be": (f"basic_auth_users: {{'a:b': {HASH}}}", "empty or has a colon"),
    "header in two lines": (
        'http_server_config: {headers: {X-XSS-Protection: "1\\r\\nX: y"}}',
        "no header can have",
    ),
    "damaged hash": (f"basic_auth_users: {{alice: '{HASH[:-1]}!'}}", "alice: not a bcrypt hash"),
}


def promtool(path: Path) -> bool:
    if shutil.which("promtool") is None:
        pytest.skip("no promtool: Debian's package prometheus has it")
    command = ["promtool", "check", "web-config", str(path)]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_good_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = write_config(tmp_path, text)
    assert check_web_config(str(path)) == 0
    assert capsys.readouterr().out.startswith(f"SUCCESS: {path}: ")
    assert promtool(path)


@pytest.mark.parametrize("text", NEWER.values(), ids=NEWER)
def test_good_file_of_later_toolkits(tmp_path: Path, text: str) -> None:
    assert check_web_config(str(write_config(tmp_path, text))) == 0


@pytest.mark.parametrize(("text", "why"), BAD.values(), ids=BAD)
def test_bad_file(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, why: str) -> None:
    path = write_config(tmp_path, text)
    assert check_web_config(str(path)) == 1
    assert_said(capsys, path, why)
    assert not promtool(path)


@pytest.mark.parametrize(("text", "why"), STRICTER.values(), ids=STRICTER)
def test_bad_file_that_promtool_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    path = write_config(tmp_path, text)
    assert check_web_config(str(path)) == 1
    assert_said(capsys, path, why)
    assert promtool(path)


def assert_said(capsys: pytest.CaptureFixture[str], path: Path, why: str) -> None:
    said = capsys.readouterr().out
    assert said.startswith(f"FAILED: {path}: ")
    assert why in said
    assert said.count("\n") == 1
    assert not any(secret in said for secret in ("hunter2", HASH[8:], "$6$", "PRIVATE"))


def test_certificates_in_the_file_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # In the toolkit since 0.12; Debian 12's promtool does not know it.
    pair, authority = certificates()["server"], certificates()["ca"]
    inline = {"cert": pair.cert, "key": pair.key, "client_ca": authority.cert}
    text = "tls_server_config:\n  client_auth_type: VerifyClientCertIfGiven\n"
    for name, path in inline.items():
        lines = path.read_text().splitlines()
        text += f"  {name}: |\n" + "".join(f"    {line}\n" for line in lines)
    path = write_config(tmp_path, text)
    assert check_web_config(str(path)) == 0
    assert capsys.readouterr().out.endswith(": TLS, VerifyClientCertIfGiven, no basic auth users\n")


def test_key_with_a_passphrase_is_refused_without_asking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_config(tmp_path, TLS)
    subprocess.run(
        ["openssl", "ec", "-aes128", "-passout", "pass:hunter2", "-out", tmp_path / "server.key"],
        stdin=certificates()["server"].key.open("rb"),
        check=True,
        capture_output=True,
    )
    assert check_web_config(str(path)) == 1
    assert_said(capsys, path, "server.key: has a passphrase")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"\xff\xfe", "not UTF-8"), (b"a: \x00", "not YAML"), (b"[" * 5000, "nested too deeply")],
)
def test_garbage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, why: str
) -> None:
    path = tmp_path / "web.yml"
    path.write_bytes(content)
    assert check_web_config(str(path)) == 1
    assert_said(capsys, path, why)


def test_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "web.yml"
    assert check_web_config(str(path)) == 1
    assert capsys.readouterr().out == f"FAILED: {path}: No such file or directory\n"


def test_paths_are_relative_to_the_file() -> None:
    tls = parse_web_config(TLS.replace("server.key", "/etc/key"), "/etc/ct0").tls
    assert (tls.cert_file, tls.key_file) == ("/etc/ct0/server.crt", "/etc/key")


def test_secrets_do_not_show_in_records() -> None:
    config = parse_web_config(f"{{tls_server_config: {{cert: c, key: k3y}},"
                              f" basic_auth_users: {{alice: {HASH}}}}}")  # fmt: skip
    assert HASH not in repr(config)
    assert "k3y" not in repr(config)
    assert "k3y" not in repr(config.tls)


@given(st.text())
def test_any_text_is_a_configuration_or_an_error_in_one_line(text: str) -> None:
    assert "\n" not in outcome(text)


KEYS = (
    *("tls_server_config", "http_server_config", "basic_auth_users", "headers", "http2"),
    *("cert_file", "key_file", "client_allowed_sans", "cipher_suites", "X-Frame-Options"),
)
NODES = st.recursive(
    st.sampled_from(["", "x", "true", HASH, "TLS13", "nosniff"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
)


@given(NODES)
def test_any_nesting_is_a_configuration_or_an_error_in_one_line(node: object) -> None:
    assert "\n" not in outcome(json.dumps(node))


def outcome(text: str) -> str:
    """What is wrong with it, "" for nothing; any other exception is a failure."""
    try:
        assert isinstance(parse_web_config(text), WebConfig)
    except WebConfigError as reason:
        return str(reason)
    return ""
