"""From the command line to the exit status: where it listens, and how it ends."""

from __future__ import annotations

import argparse
import http.client
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ct0_exporters.serving.listening import CannotListen, listen, shown
from ct0_exporters.serving.options import PORT, WebOptions, add_web_options, web_options
from exporters.served import SERVER, Answer, Served, ask, environment, served


def test_options_and_their_defaults() -> None:
    parser = argparse.ArgumentParser()
    add_web_options(parser)
    assert web_options(parser.parse_args([])) == WebOptions((), False, None, 40)
    given = ["--web.listen-address=:1", "--web.listen-address", "unix:/x", "--web.systemd-socket"]
    given += ["--web.config.file=/y", "--web.max-requests=0"]
    assert web_options(parser.parse_args(given)) == WebOptions((":1", "unix:/x"), True, "/y", 0)


@pytest.mark.parametrize("number", ["-1", "many", "1.5", ""])
def test_max_requests_is_a_count(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_web_options(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([f"--web.max-requests={number}"])
    assert "is not a number of requests" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "families", "reached"),
    [
        ("127.0.0.1:0", ["AF_INET"], ["127.0.0.1"]),
        ("[::1]:0", ["AF_INET6"], ["::1"]),
        (":0", ["AF_INET6"], ["127.0.0.1", "::1"]),
        ("0.0.0.0:0", ["AF_INET"], ["127.0.0.1"]),
    ],
)
def test_addresses(address: str, families: list[str], reached: list[str]) -> None:
    sockets = listen([address])
    try:
        assert [each.family.name for each in sockets] == families
        for host in reached:
            socket.create_connection((host, sockets[0].getsockname()[1]), timeout=5).close()
    finally:
        for each in sockets:
            each.close()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("9955", "is no HOST:PORT"),
        ("localhost", "is no HOST:PORT"),
        ("::1:9955", "is no HOST:PORT"),
        ("localhost:http", "is no HOST:PORT"),
        ("localhost:65536", "is no HOST:PORT"),
        ("localhost:-1", "is no HOST:PORT"),
        ("", "is no HOST:PORT"),
        ("no.such.host.invalid:1", "no such host"),
        ("a..b:1", "no such host"),
        ("203.0.113.1:0", "Cannot assign requested address"),
        ("unix:/no/such/folder/socket", "No such file or directory"),
        ("unix:" + 120 * "x", "AF_UNIX path too long"),
        ("unix:/etc/passwd", "there is a file, and no socket"),
    ],
)
def test_address_that_is_none(address: str, why: str) -> None:
    with pytest.raises(CannotListen, match=why):
        listen([address])


def test_taken_port_is_one_line() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        address = shown(taken)
        run = run_once("--web.listen-address", address)
        assert run.returncode == 1
        assert run.stderr == (
            f"ct0-exporter: cannot listen on {address}: Address already in use;"
            f" `ss -ltnp 'sport = :{address.rpartition(':')[2]}'` tells by whom\n"
        )


def test_bad_configuration_is_one_line(tmp_path: Path) -> None:
    config = tmp_path / "web.yml"
    config.write_text("basic_auth_users: {alice: hunter2}")
    run = run_once("--web.listen-address=127.0.0.1:0", "--web.config.file", str(config))
    assert run.returncode == 1
    assert run.stderr.startswith(f"ct0-exporter: {config}: basic_auth_users: alice: not a bcrypt")
    assert run.stderr.count("\n") == 1


def test_default_is_loopback() -> None:
    try:
        with closing(socket.create_server(("127.0.0.1", PORT))):
            pass
    except OSError:
        pytest.skip(f"port {PORT} is taken on this machine")
    with served(listen=False) as server:
        assert server.addresses[0] == f"127.0.0.1:{PORT}"
        assert server.addresses[1:] in ([f"[::1]:{PORT}"], [])
        assert server.get().status == 200


def run_once(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", SERVER, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment())


def through(path: Path) -> Answer:
    """One request over a unix socket."""
    connection = http.client.HTTPConnection("localhost", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(20)
    connection.sock.connect(str(path))
    return ask(connection, "/metrics")


def test_unix_socket_and_tcp_together(tmp_path: Path) -> None:
    path = tmp_path / "ct0.sock"
    with served("--web.listen-address", f"unix:{path}") as server:
        assert server.addresses[1] == f"unix:{path}"
        assert (server.get().status, through(path).status) == (200, 200)
        assert path.stat().st_mode & 0o777 == 0o660
        assert "somebody is listening there" in run_once(f"--web.listen-address=unix:{path}").stderr
        assert server.stop() == 0
        assert not path.exists()


def test_unix_socket_left_behind_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "ct0.sock"
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(path))
    with served("--web.listen-address", f"unix:{path}", listen=False):
        assert through(path).status == 200


NEVER, SOON = 300, 60

# What systemd does: bind, put the sockets at descriptor 3 and on, say so, and become the service.
SYSTEMD = """
import os, socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))]
high = [os.dup2(each.fileno(), 50 + number) for number, each in enumerate(sockets)]
for number, descriptor in enumerate(high):
    os.dup2(descriptor, 3 + number)
    os.set_inheritable(3 + number, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="a:b")
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""


@contextmanager
def activated(*options: str) -> Iterator[Served]:
    command = [sys.executable, "-c", SYSTEMD, SERVER, *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment())
    server = Served(process)
    try:
        server.wait_for("serving ")
        yield server
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--web.systemd-socket",),
        ("--web.listen-address=127.0.0.1:1",),
        ("--web.systemd-socket", "--web.listen-address=127.0.0.1:1"),
    ],
    ids=["unasked", "asked", "rather than an address", "asked, rather than an address"],
)
def test_sockets_from_systemd(options: tuple[str, ...]) -> None:
    """Addresses are left in /etc/default/ct0-exporter by who enables the socket; taken, they would
    be refused as in use, by systemd."""
    with activated(*options) as server:
        unused = "--web.listen-address is not used: systemd passed the sockets"
        assert (unused in server.text()) is any("address" in each for each in options)
        assert len(server.addresses) == 2
        for address in server.addresses:
            connection = http.client.HTTPConnection(address, timeout=20)
            assert ask(connection, "/metrics").status == 200
        assert server.stop() == 0


@pytest.mark.parametrize(
    "variables",
    [{}, {"LISTEN_PID": "1", "LISTEN_FDS": "1"}, {"LISTEN_PID": "x", "LISTEN_FDS": "x"}],
    ids=["none", "for another process", "garbage"],
)
def test_no_socket_from_systemd_is_one_line(variables: dict[str, str]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", SERVER, "--web.systemd-socket"],
        capture_output=True,
        text=True,
        timeout=30,
        env={**environment(), **variables},
    )
    assert (run.returncode, run.stderr) == (
        1,
        "ct0-exporter: --web.systemd-socket: systemd passed no socket; start it by"
        " ct0-exporter.socket\n",
    )


def test_descriptor_that_is_no_socket_is_one_line() -> None:
    text = SYSTEMD.replace("for number, descriptor in enumerate(high):", "for number in ():")
    run = subprocess.run(
        [sys.executable, "-c", text, SERVER, "--web.systemd-socket"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(),
    )
    assert run.returncode == 1
    assert run.stderr.startswith("ct0-exporter: descriptor 3 from systemd: ")


def test_systemd_is_told_when_it_serves_and_when_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notify"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as notify:
        notify.bind(str(path))
        notify.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        with served() as server:
            assert notify.recv(100) == b"READY=1"
            assert server.stop() == 0
            assert notify.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_server_ends_at_once(number: signal.Signals) -> None:
    with served(limits={"drain": NEVER}) as server, closing(server.connect()):  # idle
        server.process.send_signal(number)
        assert server.process.wait(SOON) == 0


def test_sigterm_lets_running_scrapes_finish_and_takes_no_new_ones() -> None:
    with served("--seconds", "5", limits={"drain": NEVER}) as server:
        kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SOON)
        answers: list[Answer] = []
        scrape = threading.Thread(target=lambda: answers.append(ask(kept, "/metrics")))
        scrape.start()
        server.wait_for("scrape None")
        server.process.send_signal(signal.SIGTERM)
        refused(server)
        scrape.join()
        assert answers[0].status == 200
        assert answers[0].body.endswith(b"up 1\n")
        assert answers[0].headers["Connection"] == "close"
        assert server.process.wait(SOON) == 0


def test_scrape_that_hangs_does_not_outlive_the_deadline() -> None:
    with served("--seconds", str(NEVER), limits={"drain": 0.5, "linger": 0.5}) as server:
        with closing(server.connect()) as connection:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            server.wait_for("scrape None")
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(SOON) == 0
        server.wait_for("cut off")


def test_second_sigterm_ends_it_at_once() -> None:
    with (
        served("--seconds", str(NEVER), limits={"drain": NEVER, "linger": 0.5}) as server,
        closing(server.connect()) as connection,
    ):
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        server.wait_for("scrape None")
        server.process.send_signal(signal.SIGTERM)
        refused(server)  # the first one has arrived; two at once would be one
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(SOON) == 0


def refused(server: Served) -> None:
    """Wait until no new connection is taken."""
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        try:
            server.connect().close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    raise AssertionError("it still takes connections")


def test_sighup_is_no_end() -> None:
    with served() as server:
        server.process.send_signal(signal.SIGHUP)
        for _ in range(3):  # a signal that ends it does so before these are answered
            assert server.get().status == 200


def test_process_without_descriptors_left_comes_back() -> None:
    with served(limits={"connections": 400}) as server:
        used = len(os.listdir(f"/proc/{server.process.pid}/fd"))
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (used + 5, used + 5))
        crowd = [server.connect() for _ in range(20)]
        server.wait_for("cannot accept connections: Too many open files")
        for each in crowd:
            each.close()
        assert server.get().status == 200
        assert server.text().count("cannot accept") == 1
