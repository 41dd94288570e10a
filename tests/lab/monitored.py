"""Two CT0s as the schedulers' tests know them: a recorded host, and this machine with a real CT.

For each the configuration is what `ct0 monitoring generate` writes for it, word for word.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence
from typing import NamedTuple

import planted
from ct0_checks.launch import PLUGINS
from ct0_checks.monitoring.services import ALL, OF_CT, OF_CT0, STATE, Service

from .command import call, system_environment
from .ct import CT
from .plugins import ROOT, Plugins, laid_out, readable
from .run import Run
from .schedulers import account


class Monitored(NamedTuple):
    """A CT0, one of its CTs, and its plugins, which user nagios runs."""

    name: str
    guest: str  # its CT's host
    root: str
    plugins: Plugins
    only: tuple[str, ...]  # options of `ct0 monitoring generate` that choose its CTs

    def generate(self, form: str, *words: str) -> str:
        """What the real command prints; with the services too that the host does not offer."""
        command = [sys.executable, "-m", "ct0.cli", "--root", self.root, "monitoring", "generate"]
        command += [f"--{form}", "--name", self.name, "--plugins", str(self.plugins.folder)]
        every = [f"--with={service.command}" for service in OF_CT]
        return ct0(*command, *every, *self.only, *words)

    def definitions(self, form: str) -> str:
        command = [sys.executable, "-m", "ct0.cli", "monitoring", "definitions", f"--{form}"]
        text = ct0(*command, "--plugins", str(self.plugins.folder))
        # This machine may be busy with all the other tests.
        return text.replace("-t 30:3", "-t 150:3").replace("timeout = 30s", "timeout = 150s")

    def place(self, service: Service) -> tuple[str, str | None]:
        """The host and the service by which a plugin is asked; a CT's state is its host's own."""
        if service == STATE:
            return self.guest, None
        return (self.name if service in OF_CT0 else self.guest), service.description


def service_of(plugin: str) -> Service:
    return next(service for service in ALL if service.plugin == plugin)


def ct0(*command: str) -> str:
    paths = [str(ROOT / part) for part in ("core", "checks")]
    environment = {**system_environment(), "PYTHONPATH": os.pathsep.join(paths)}
    return call(command, env=environment, timeout=300).stdout


def recorded(
    run: Run, host: str = "openvz6", guest: str = "web1", folder: str = "recorded"
) -> Monitored:
    """A recorded host, copied to where user nagios may read it."""
    root = readable(planted.plant(host, run.folder / folder))
    # As the OpenVZ kernels have it that count one; the recorded one does not.
    load = root / "proc/vz/fairsched/101/cpu.proc.loadavg"
    load.parent.mkdir(parents=True, exist_ok=True)
    load.write_text("16.20 4.00 1.00 1/9 345\n", encoding="ascii")
    # -v: with lines below the first one.
    commands = plugins(run, folder, [f"--root={root}", "-v"])
    return Monitored("recorded", guest, str(root), commands, ())


def live(run: Run, ct: CT, folder: str = "live") -> Monitored:
    """This machine; what needs root comes from the state file that root wrote."""
    state = run.folder / "state.json"
    command = [sys.executable, "-I", "-c", READ, str(ROOT / "core"), str(ROOT / "checks")]
    state.write_text(call(command, timeout=300).stdout, encoding="utf-8")
    os.chown(state, 0, account().pw_gid)
    state.chmod(0o640)
    only = ("--engine", ct.engine, "--include", ct.ctid)
    more = ["--source=state", f"--state-file={state}", "--max-age=3600"]
    return Monitored("live", ct.ctid, "/", plugins(run, folder, more), only)


# ct0-read as sudo or the timer starts it, from the checkout.
READ = """\
import sys
sys.path[:0] = sys.argv[1:]
del sys.argv[1:]
from ct0_checks.reader import main
sys.exit(main())
"""


def plugins(run: Run, name: str, source: Sequence[str]) -> Plugins:
    """All of them, with these options on where their figures are; check_procs reads /proc itself
    and knows --root alone."""
    states = run.folder / f"{name}-states"
    more = {}
    for plugin in PLUGINS:
        words = [*source, f"--state-dir={states}", "--timeout=120"]
        if plugin == "check_procs":
            words = [word for word in source if word.startswith("--root=")]
        more[plugin] = " ".join(map(shlex.quote, words))
    states.mkdir(mode=0o700)
    user = account()
    os.chown(states, user.pw_uid, user.pw_gid)
    return laid_out(run, f"{name}-plugins", more)
