"""TLS, client certificates, basic auth, and the configuration read again while serving."""

from __future__ import annotations

import http.client
import os
import select
import shutil
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import bcrypt
import pytest

from ct0_exporters.serving.tls import has_allowed_san
from exporters.served import TLS, Served, basic, certificates, served, trusting, write_config

SANS = "  client_allowed_sans: [{}]\n"


def hashed(password: str, cost: int = 5) -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).decode()


def policy(name: str, authority: bool = True) -> str:
    text = TLS + f"  client_auth_type: {name}\n"
    return text + "  client_ca_file: ca.crt\n" if authority else text


def comes_in(server: Served, client: str) -> bool:
    """Whether a client gets its metrics. `client` names its certificate, "" none."""
    try:
        return server.secure(context=trusting(client)).status == 200
    except (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected):
        # TLS 1.3: the client learns that its certificate is no good when it reads.
        return False


YES, NO = True, False


@pytest.mark.parametrize(
    ("text", "none", "ours", "stranger"),
    [
        pytest.param(policy("NoClientCert", False), YES, YES, YES, id="NoClientCert"),
        pytest.param(policy("RequestClientCert"), YES, YES, YES, id="RequestClientCert"),
        # Go would let the stranger in; Python's ssl takes no certificate unverified.
        pytest.param(policy("RequireAnyClientCert"), NO, YES, NO, id="RequireAnyClientCert"),
        pytest.param(policy("VerifyClientCertIfGiven"), YES, YES, NO, id="VerifyClientCertIfGiven"),
        pytest.param(
            policy("RequireAndVerifyClientCert"), NO, YES, NO, id="RequireAndVerifyClientCert"
        ),
        pytest.param(
            policy("RequireAndVerifyClientCert", False), NO, NO, NO, id="the system's authorities"
        ),
        *(
            pytest.param(
                policy("RequireAndVerifyClientCert") + SANS.format(san), NO, YES, NO, id=san
            )
            for san in ("prometheus.example", "'fe80::1'", "a@b.example", "'spiffe://a/b'")
        ),
        *(
            pytest.param(
                policy("RequireAndVerifyClientCert") + SANS.format(san), NO, NO, NO, id=san
            )
            for san in ("example", "'*.example'", "PROMETHEUS.example", "client", "''")
        ),
        pytest.param(
            policy("RequireAndVerifyClientCert") + SANS.format(""), NO, NO, NO, id="no name at all"
        ),
    ],
)
def test_who_comes_in(tmp_path: Path, text: str, none: bool, ours: bool, stranger: bool) -> None:
    config = write_config(tmp_path, text)
    with served("--web.config.file", str(config)) as server:
        came = comes_in(server, ""), comes_in(server, "client"), comes_in(server, "stranger")
        assert came == (none, ours, stranger)


@pytest.mark.parametrize(
    ("lines", "client", "agreed"),
    [
        ("", None, "TLSv1.3"),
        ("", ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
        ("  min_version: TLS13\n", ssl.TLSVersion.TLSv1_2, ""),
        ("  max_version: TLS12\n", None, "TLSv1.2"),
        ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", ssl.TLSVersion.TLSv1_2, ""),
        ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", None, "TLSv1.3"),
        ("  curve_preferences: [CurveP256]\n", None, "TLSv1.3"),
    ],
)
def test_versions(tmp_path: Path, lines: str, client: ssl.TLSVersion | None, agreed: str) -> None:
    config = write_config(tmp_path, TLS + lines)
    with served("--web.config.file", str(config)) as server:
        context = trusting(version=client)
        plain = server.connect()
        try:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                assert secure.version() == agreed
                secure.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
                assert secure.recv(4096).startswith(b"HTTP/1.1 200")
        except ssl.SSLError:
            assert agreed == ""


def test_cipher_of_tls_12_is_the_one_that_is_named(tmp_path: Path) -> None:
    suites = "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n"
    config = write_config(tmp_path, TLS + suites)
    context = trusting(version=ssl.TLSVersion.TLSv1_2)
    with (
        served("--web.config.file", str(config)) as server,
        context.wrap_socket(server.connect(), server_hostname="localhost") as secure,
    ):
        cipher = secure.cipher()
        assert cipher is not None
        assert cipher[0] == "ECDHE-ECDSA-AES256-GCM-SHA384"


def test_no_certificate_has_no_allowed_name() -> None:
    assert not has_allowed_san(None, ("x",))
    assert not has_allowed_san({}, ("x",))
    assert not has_allowed_san({"subjectAltName": (("DirName", "x"), ("DNS", "y"))}, ("x",))
    assert has_allowed_san({"subjectAltName": (("DNS", "y"), ("DNS", "x"))}, ("x",))


def test_configured_headers_are_on_every_answer(tmp_path: Path) -> None:
    config = write_config(
        tmp_path, "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
        "    Content-Security-Policy: 'default-src https:'\n    X-XSS-Protection: ''\n"
    )  # fmt: skip
    with served("--web.config.file", str(config)) as server:
        for path in ("/", "/metrics", "/nowhere"):
            headers = server.get(path).headers
            assert headers["X-Frame-Options"] == "deny"
            assert headers["Content-Security-Policy"] == "default-src https:"
            assert "X-XSS-Protection" not in headers


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    users = f"basic_auth_users:\n  alice: {hashed('s3cret')}\n  ü: {hashed('pä:ss')}\n"
    users += f"  long: {hashed('x' * 72)}\n"
    config = write_config(tmp_path_factory.mktemp("web"), users)
    with served("--web.config.file", str(config)) as server:
        yield server


@pytest.mark.parametrize(
    ("header", "status"),
    [
        pytest.param(basic("alice", "s3cret"), 200, id="right"),
        pytest.param(basic("alice", "s3cret").replace("Basic", "basic"), 200, id="any case"),
        pytest.param(basic("ü", "pä:ss"), 200, id="UTF-8, and a colon in the password"),
        pytest.param(basic("long", "x" * 72 + "y"), 200, id="bcrypt reads 72 bytes"),
        pytest.param(basic("long", "x" * 71), 401, id="and no less"),
        pytest.param(basic("alice", "s3cret\0"), 401, id="nor up to a NUL"),
        pytest.param(basic("alice", "wrong"), 401, id="wrong password"),
        pytest.param(basic("alice", ""), 401, id="no password"),
        pytest.param(basic("bob", "s3cret"), 401, id="unknown user"),
        pytest.param(basic("", ""), 401, id="nobody"),
        pytest.param(None, 401, id="no header"),
        pytest.param("Basic", 401, id="nothing in it"),
        pytest.param("Basic !!!!", 401, id="not base64"),
        pytest.param("Basic YWxpY2U=", 401, id="no colon"),
        pytest.param("Bearer s3cret", 401, id="another scheme"),
        pytest.param("Basic " + "A" * 8000, 401, id="long"),
    ],
)
def test_credentials(guarded: Served, header: str | None, status: int) -> None:
    for _ in range(2):  # the second time it is remembered
        headers = {"Authorization": header} if header is not None else {}
        answer = guarded.get(**headers)
        assert answer.status == status
        if status == 401:
            assert answer.headers["WWW-Authenticate"] == 'Basic realm="ct0-exporter"'
            assert answer.body == b"401: Unauthorized\n"


@pytest.mark.parametrize("path", ["/", "/-/healthy", "/-/ready", "/nowhere"])
def test_every_page_is_behind_basic_auth(guarded: Served, path: str) -> None:
    assert guarded.get(path).status == 401


def test_no_secret_in_the_log(guarded: Served) -> None:
    guarded.get(Authorization=basic("alice", "hunter2"))
    guarded.get("/metrics?collect[]=broken", Authorization=basic("alice", "s3cret"))
    with closing(guarded.connect()) as broken:
        broken.sendall(b"GET / HTTP/1.1\r\nAuthorization Basic hunter2\r\n\r\n")
        broken.recv(4096)
    text = guarded.text()
    assert not any(secret in text for secret in ("s3cret", "hunter2", "$2", "QWxpY2", "YWxpY2"))


def test_bcrypt_is_paid_once_for_a_password_and_never_skipped_for_a_name(tmp_path: Path) -> None:
    users = f"basic_auth_users:\n  alice: {hashed('s3cret', 12)}\n"
    config = write_config(tmp_path, users)
    with served("--web.config.file", str(config)) as server:

        def cpu(name: str, password: str) -> float:
            """Seconds of processor time: a busy machine takes longer, and uses no more."""
            before = processor_time(server)
            server.get("/-/healthy", Authorization=basic(name, password))
            return processor_time(server) - before

        first = cpu("alice", "s3cret")
        again = min(cpu("alice", "s3cret") for _ in range(5))
        wrong = min(cpu("alice", f"wrong{number}") for number in range(3))
        unknown = min(cpu("bob", f"wrong{number}") for number in range(3))
        assert again < first / 4
        assert wrong > first / 2
        assert unknown > first / 2
        assert 0.5 < unknown / wrong < 2
        # Who guesses has what we remember of guesses, not the place of who knows.
        assert cpu("alice", "s3cret") < first / 4


def processor_time(server: Served) -> float:
    """Seconds, of all its threads: clock_getcpuclockid(3), which Python does not have."""
    return time.clock_gettime(~server.process.pid << 3 | 2)


def test_guessing_does_not_hold_up_scrapes(tmp_path: Path) -> None:
    users = f"basic_auth_users:\n  alice: {hashed('s3cret', 12)}\n"
    config = write_config(tmp_path, users)
    good = {"Authorization": basic("alice", "s3cret")}
    with served("--web.config.file", str(config)) as server:
        assert server.get(**good).status == 200
        guesses = []
        for number in range(40):
            guess = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
            header = basic("alice", f"guess{number}")
            guess.request("GET", "/metrics", headers={"Authorization": header})
            guesses.append(guess)
        assert server.get(**good).status == 200
        answered = select.select([guess.sock for guess in guesses], [], [], 0)[0]
        assert len(answered) < len(guesses)  # those that are compared take seconds
        statuses = [guess.getresponse().status for guess in guesses]
        assert set(statuses) == {401, 503}
        assert statuses.count(401) >= 8
        for guess in guesses:
            guess.close()


def replace(path: Path, text: str) -> None:
    """As editors and configuration management do: a new file under the old name."""
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    os.replace(temporary, path)


def test_new_certificate_is_shown_at_the_next_handshake(tmp_path: Path) -> None:
    config = write_config(tmp_path, TLS)
    with served("--web.config.file", str(config)) as server:
        kept = http.client.HTTPSConnection("localhost", server.port, context=trusting(), timeout=20)
        with closing(kept):
            kept.request("GET", "/metrics")
            kept.getresponse().read()
            assert shown_name(server) == "server"

            pair = certificates()["renewed"]
            shutil.copy(pair.cert, tmp_path / "server.crt")
            assert shown_name(server) == "server"  # its key has not come yet
            server.wait_for("server.key: key values mismatch; the configuration from before")
            shutil.copy(pair.key, tmp_path / "server.key")
            assert shown_name(server) == "renewed"

            kept.request("GET", "/metrics")  # the connection from before lives on
            assert kept.getresponse().read().startswith(b"# HELP up")


def shown_name(server: Served) -> str:
    with trusting().wrap_socket(server.connect(), server_hostname="localhost") as secure:
        return str(secure.getpeercert()).split("'commonName', '")[1].split("'")[0]


def test_user_taken_out_is_out_at_the_next_request(tmp_path: Path) -> None:
    alice, bob = (f"  {name}: {hashed(name)}\n" for name in ("alice", "bob"))
    config = write_config(tmp_path, "basic_auth_users:\n" + alice + bob)
    with served("--web.config.file", str(config)) as server:
        kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        with closing(kept):
            for status in (200, 401):
                kept.request("GET", "/", headers={"Authorization": basic("bob", "bob")})
                response = kept.getresponse()
                response.read()
                assert response.status == status
                replace(config, "basic_auth_users:\n" + alice)
        assert server.get(Authorization=basic("alice", "alice")).status == 200


@pytest.mark.parametrize(
    ("new", "line"),
    [
        ("basic_auth_users: {alice: hunter2}\n", "alice: not a bcrypt hash"),
        ("basic_auth_users: [\n", "line 2: "),
        ("", "the web configuration is empty"),
        (TLS, "TLS is turned on or off by a restart only"),
    ],
)
def test_bad_new_configuration_changes_nothing_but_the_log(
    tmp_path: Path, new: str, line: str
) -> None:
    alice = {"Authorization": basic("alice", "s3cret")}
    good = f"basic_auth_users:\n  alice: {hashed('s3cret')}\n"
    config = write_config(tmp_path, good)
    with served("--web.config.file", str(config)) as server:
        replace(config, new)
        for _ in range(5):
            assert server.get(**alice).status == 200
            assert server.get().status == 401
        said = [each for each in server.lines if line in each]
        assert len(said) == 1
        assert said[0].startswith("ERROR: ")
        assert said[0].endswith("; the configuration from before stays in force")
        assert "hunter2" not in server.text()

        replace(config, good + f"  bob: {hashed('b0b')}\n")
        assert server.get(Authorization=basic("bob", "b0b")).status == 200


def test_configuration_that_vanishes_stays_in_force(tmp_path: Path) -> None:
    config = write_config(tmp_path, f"basic_auth_users:\n  alice: {hashed('s3cret')}\n")
    with served("--web.config.file", str(config)) as server:
        config.unlink()
        assert [server.get().status for _ in range(3)] == [401] * 3
        server.wait_for("No such file or directory")
        assert server.text().count("No such file or directory") == 1
