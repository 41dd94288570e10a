"""A real sshd on the loopback for one test run, with keys, known hosts and a client's configuration
of its own: nothing of /etc/ssh or ~/.ssh is read or written."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import call
from .run import Run
from .service import service

SERVER = """\
ListenAddress 127.0.0.1:{port}
HostKey {folder}/host_key
PidFile none
AuthorizedKeysFile {folder}/key.pub
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
LogLevel VERBOSE
"""

CLIENT = """\
Host {name}
    HostName 127.0.0.1
    Port {port}
    User root
    IdentityFile {folder}/key
    IdentitiesOnly yes
    UserKnownHostsFile {folder}/known_hosts
    GlobalKnownHostsFile /dev/null
"""


class Sshd:
    """`config` is a client's configuration that knows this machine as `name`."""

    def __init__(self, folder: Path, name: str, port: int, pid: int) -> None:
        self.folder = folder
        self.name = name
        self.port = port
        self.pid = pid
        self.config = folder / "config"

    def logins(self) -> int:
        """How many connections have logged in so far."""
        return (self.folder / "log").read_text(encoding="utf-8").count("Accepted publickey")


@contextmanager
def sshd(run: Run, name: str = "ct0-lab-node") -> Iterator[Sshd]:
    folder = run.folder / "sshd"
    folder.mkdir(mode=0o700)
    # sshd gives up its rights in this folder; Debian's service makes it.
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port = free_port()
    for key in ("host_key", "key"):
        call(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)])
    server = folder / "sshd_config"
    server.write_text(SERVER.format(folder=folder, port=port), encoding="ascii")
    client = CLIENT.format(folder=folder, port=port, name=name)
    (folder / "config").write_text(client, encoding="ascii")
    host_key = (folder / "host_key.pub").read_text(encoding="ascii")
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}", encoding="ascii")

    argv = ["/usr/sbin/sshd", "-D", "-e", "-f", str(server)]
    with service(argv, folder / "log", lambda: answers(port)) as pid:
        yield Sshd(folder, name, port, pid)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
