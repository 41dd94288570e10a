"""A real NRPE on the loopback: the server runs its commands as user nagios, check_nrpe asks it.

Each has an address of its own in 127.0.0.0/8, so that the port is NRPE's usual one, as in the
shipped commands.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import attempt
from .run import Run
from .schedulers import USER, Answer, answer, environment, give, own_folder, programs
from .service import service

# Debian's own settings, save for the places.
SETTINGS = """\
log_facility=daemon
pid_file={folder}/nrpe.pid
server_address={address}
server_port=5666
nrpe_user={user}
nrpe_group={user}
allowed_hosts=127.0.0.0/8
dont_blame_nrpe=0
allow_bash_command_substitution=0
command_timeout=150
connection_timeout=300
include_dir={folder}/nrpe.d
"""


class Nrpe:
    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.folder = folder
        self.pid = 0

    def line(self, command: str = "") -> list[str]:
        """How check_nrpe asks for a command; without one, for the server's version."""
        line = [f"{programs()}/usr/lib/nagios/plugins/check_nrpe", "-H", self.address]
        return [*line, "-t", "150:3", *(["-c", command] if command else [])]

    def run_check(self, command: str) -> Answer:
        done = attempt(self.line(command), timeout=180)
        return answer(done.returncode, done.stdout)


@contextmanager
def nrpe(run: Run, commands: dict[str, str], name: str = "nrpe") -> Iterator[Nrpe]:
    """The server with these files (name -> text) in its nrpe.d."""
    folder = own_folder(run, name)
    address = "127." + ".".join(str(random.randrange(2, 250)) for _ in range(3))
    (folder / "nrpe.d").mkdir()
    for each, text in commands.items():
        path = folder / "nrpe.d" / each
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    settings = SETTINGS.format(folder=folder, address=address, user=USER)
    (folder / "nrpe.cfg").write_text(settings, encoding="utf-8")
    give(folder)
    server = Nrpe(address, folder)
    command = [f"{programs()}/usr/sbin/nrpe", "-c", f"{folder}/nrpe.cfg", "-f"]

    def ready() -> bool:
        return server.run_check("").text.startswith("NRPE v")

    with service(command, folder / "log", ready, environment(), 120) as server.pid:
        yield server
