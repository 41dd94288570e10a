"""A server of ours in a process of its own, certificates for it, and plain clients."""

from __future__ import annotations

import atexit
import base64
import functools
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).parents[2]

# What the server under test runs: made-up metrics that take a while, of a given size.
SERVER = """
import argparse, json, sys, time
from ct0_exporters.serving.connections import Limits
from ct0_exporters.serving.options import add_web_options
from ct0_exporters.serving.server import serve

parser = argparse.ArgumentParser(prog="ct0-exporter")
add_web_options(parser)
parser.add_argument("--seconds", type=float, default=0)
parser.add_argument("--bytes", type=int, default=0)
parser.add_argument("--limits", type=json.loads, default={})
options = parser.parse_args()

def metrics(collect, accept):
    print("scrape", sorted(collect) if collect else collect, file=sys.stderr, flush=True)
    if collect == frozenset(["broken"]):
        raise RuntimeError("no such luck")
    time.sleep(options.seconds)
    body = b"# HELP up It is.\\n# TYPE up gauge\\nup 1\\n"
    return body + (b"#" + 78 * b" " + b"\\n") * (options.bytes // 80), accept

names = ("broken", "cpu", "memory")
sys.exit(serve(metrics, options, collectors=names, limits=Limits(**options.limits)))
"""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Served:
    """The running server. What it writes on stderr is collected in `lines`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self.addresses: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def port(self) -> int:
        return int(self.addresses[0].rpartition(":")[2])

    def text(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, text: str, seconds: float = 60) -> str:
        """The first line that holds `text`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            if ended:
                self._reader.join(5)
            for line in list(self.lines):
                if text in line:
                    return line
            if ended:
                break
            time.sleep(0.01)
        raise AssertionError(f"never said {text!r}, but: {self.text()}")

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self._reader.join(5)
        return status

    def get(self, path: str = "/metrics", method: str = "GET", **headers: str) -> Answer:
        """One request on a connection of its own; _ in a header's name is -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        return ask(connection, path, method, **headers)

    def secure(
        self, path: str = "/metrics", context: ssl.SSLContext | None = None, **headers: str
    ) -> Answer:
        context = context or trusting()
        connection = http.client.HTTPSConnection(
            "localhost", self.port, timeout=60, context=context
        )
        return ask(connection, path, **headers)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))
            found = re.search(r"serving https? on (.*)", line)
            if found:
                self.addresses = found[1].split(", ")


def ask(
    connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str
) -> Answer:
    with closing(connection):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=named)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())


@contextmanager
def served(
    *options: str, limits: Mapping[str, float] | None = None, listen: bool = True
) -> Iterator[Served]:
    """Start it on a port of the kernel's choice and wait until it serves; end it by its PID."""
    where = ["--web.listen-address", "127.0.0.1:0"] if listen else []
    command = [sys.executable, "-c", SERVER, *where, *options]
    process = subprocess.Popen(
        [*command, "--limits", json.dumps(limits or {})],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    server = Served(process)
    try:
        server.wait_for("serving ")
        yield server
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def environment() -> dict[str, str]:
    roots = [str(CHECKOUT / "core"), str(CHECKOUT / "exporters")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(roots)}


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


class Pair(NamedTuple):
    cert: Path
    key: Path


@functools.cache
def certificates() -> dict[str, Pair]:
    """Two authorities, `ca` and `other-ca`, and what they signed, made by openssl, once."""
    folder = Path(tempfile.mkdtemp(prefix="ct0-certificates-"))
    atexit.register(shutil.rmtree, folder)
    made = {name: _authority(folder, name) for name in ("ca", "other-ca")}
    for name, signer, names in (
        ("server", "ca", "DNS:localhost,IP:127.0.0.1,IP:::1"),
        ("renewed", "ca", "DNS:localhost,IP:127.0.0.1"),
        ("client", "ca", "DNS:prometheus.example,IP:fe80::1,email:a@b.example,URI:spiffe://a/b"),
        ("stranger", "other-ca", "DNS:prometheus.example"),
    ):
        made[name] = _signed(folder, name, made[signer], names)
    return made


def certificate(folder: Path, name: str, names: str) -> Pair:
    """One more, for the alternative names given as openssl writes them; without a name the
    authority itself."""
    ca = certificates()["ca"]
    return _signed(folder, name, ca, names) if name else ca


def trusting(client: str = "", version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A client's context that trusts `ca`, with a certificate of its own if named."""
    context = ssl.create_default_context(cafile=str(certificates()["ca"].cert))
    if client:
        pair = certificates()[client]
        context.load_cert_chain(pair.cert, pair.key)
    if version is not None:
        context.maximum_version = version
    return context


def write_config(folder: Path, text: str, server: str = "server") -> Path:
    """web.yml with copies of the certificates beside it: server.crt, server.key, ca.crt."""
    pair = certificates()[server]
    shutil.copy(pair.cert, folder / "server.crt")
    shutil.copy(pair.key, folder / "server.key")
    shutil.copy(certificates()["ca"].cert, folder / "ca.crt")
    path = folder / "web.yml"
    path.write_text(text)
    return path


TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"


def _authority(folder: Path, name: str) -> Pair:
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    _openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "2", "-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
        *("-keyout", str(pair.key), "-out", str(pair.cert)),
    )
    return pair


def _signed(folder: Path, name: str, signer: Pair, names: str) -> Pair:
    pair = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    # The key identifier: Python 3.13 as a client insists on it.
    extensions.write_text(f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\n")
    _openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-subj", f"/CN={name}", "-keyout", str(pair.key), "-out", str(request)),
    )
    _openssl(
        *("x509", "-req", "-in", str(request), "-CA", str(signer.cert), "-CAkey", str(signer.key)),
        *("-CAcreateserial", "-days", "2", "-extfile", str(extensions), "-out", str(pair.cert)),
    )
    return pair


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
