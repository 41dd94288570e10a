"""A real icinga2 on the loopback that runs plugins as user nagios; asked through its API."""

from __future__ import annotations

import base64
import json
import secrets
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .command import LabError, attempt, call, clean_environment, wait_for
from .prometheus import free_port
from .run import Run
from .schedulers import USER, Answer, answer, environment, give, own_folder, programs
from .service import service

NODE = "ct0-lab"

BASE = """\
const NodeName = "{node}"
const ZoneName = NodeName
const TicketSalt = ""
const PluginDir = "/usr/lib/nagios/plugins"
{constants}
include <itl>
include "{tree}/etc/icinga2/conf.d/templates.conf"
object CheckerComponent "checker" {{ }}
object FileLogger "main" {{ severity = "information"; path = LogDir + "/icinga2.log" }}
object ApiListener "api" {{
  bind_host = "127.0.0.1"
  bind_port = {port}
  accept_commands = true
}}
object ApiUser "lab" {{ password = "{password}"; permissions = [ "*" ] }}
object Endpoint NodeName {{ }}
"""

MASTER = """\
object Zone ZoneName {{ endpoints = [ NodeName ] }}
"""

# How the master knows an agent, and the agent itself and its master.
AGENT_OF = """\
object Endpoint "{agent}" {{ host = "127.0.0.1"; port = {port}; log_duration = 0 }}
object Zone "{agent}" {{ endpoints = [ "{agent}" ]; parent = NodeName }}
"""
AGENT = """\
object Endpoint "{master}" {{ }}
object Zone "{master}" {{ endpoints = [ "{master}" ] }}
object Zone ZoneName {{ endpoints = [ NodeName ]; parent = "{master}" }}
"""


class Icinga2:
    """A running icinga2."""

    def __init__(self, folder: Path, port: int, password: str) -> None:
        self.folder = folder
        self.port = port
        self.token = base64.b64encode(f"lab:{password}".encode()).decode()

    def ask(self, method: str, path: str, **body: Any) -> list[dict[str, Any]]:
        """`results` of the API's answer; [] where it knows no such object."""
        # A GET with a body: the API's own way for filters that fit into no address.
        headers = {
            "Accept": "application/json",
            "Authorization": f"Basic {self.token}",
            "X-HTTP-Method-Override": method,
        }
        url = f"https://127.0.0.1:{self.port}/v1/{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
        unverified = ssl._create_unverified_context()
        try:
            with urllib.request.urlopen(request, timeout=20, context=unverified) as reply:
                results: list[dict[str, Any]] = json.load(reply)["results"]
                return results
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []
            raise LabError(f"icinga2 API: {path}: {error.read().decode()}") from error

    def host(self, name: str) -> dict[str, Any]:
        return self._attributes("hosts", "host.name == name", name=name)

    def service(self, host: str, service: str) -> dict[str, Any]:
        where = "host.name == host_name && service.name == service_name"
        return self._attributes("services", where, host_name=host, service_name=service)

    def wait_for_agent(self, name: str) -> None:
        """Until the master is connected to an agent."""
        wait_for(
            f"icinga2: the agent {name}",
            lambda: bool(self.ask("GET", f"objects/endpoints/{name}")[0]["attrs"]["connected"]),
            180,
        )

    def _attributes(self, kind: str, where: str, **names: str) -> dict[str, Any]:
        found = self.ask("GET", f"objects/{kind}", filter=where, filter_vars=names)
        attributes: dict[str, Any] = found[0]["attrs"] if found else {}
        return attributes

    def run_check(self, host: str, service: str | None = None, timeout: float = 200) -> Answer:
        """Have a service's plugin, or a host's, run now; return what came of it."""
        before = self._seen(host, service)["last_check"]
        self.order_check(host, service)
        wait_for(
            f"icinga2: {host} {service or ''} to be checked",
            lambda: self._seen(host, service)["last_check"] > before,
            timeout,
        )
        return self.answer(host, service)

    def order_check(self, host: str, service: str | None = None) -> None:
        where = "host.name == host_name" + (" && service.name == service_name" if service else "")
        self.ask(
            "POST",
            "actions/reschedule-check",
            type="Service" if service else "Host",
            force=True,
            filter=where,
            filter_vars={"host_name": host, "service_name": service or ""},
        )

    def answer(self, host: str, service: str | None = None) -> Answer:
        """What came of the last check."""
        result = self._seen(host, service)["last_check_result"]
        said = answer(int(result["exit_status"]), result["output"])
        return said._replace(perfdata=" ".join(map(str, result["performance_data"])))

    def _seen(self, host: str, service: str | None) -> dict[str, Any]:
        return self.service(host, service) if service else self.host(host)


def command(folder: Path, *words: str) -> list[str]:
    """An icinga2 command line with every place below `folder`."""
    tree = programs()
    places = {
        "ConfigDir": "etc",
        "DataDir": "lib",
        "LogDir": "log",
        "CacheDir": "cache",
        "InitRunDir": "run",
        "SpoolDir": "spool",
        "ZonesDir": "etc/zones.d",
    }
    defined = [f"Configuration.{key}={folder}/{place}" for key, place in places.items()]
    defined += [f"Configuration.PkgDataDir={tree}/usr/share/icinga2"]
    defined += [f"Configuration.RunAsUser={USER}", f"Configuration.RunAsGroup={USER}"]
    (program,) = tree.glob("usr/lib/*/icinga2/sbin/icinga2")
    options = [word for each in defined for word in ("-D", each)]
    return [str(program), *words, *options, "-I", f"{tree}/usr/share/icinga2/include"]


@contextmanager
def prepared(
    run: Run,
    name: str,
    objects: dict[str, str],
    plugins: str = "/nonexistent",
    agents: Mapping[str, int] = MappingProxyType({}),
    port: int = 1,
    password: str = "x",
) -> Iterator[Path]:
    """A master's folder: icinga2.conf, certificates, the object files (name -> text) in its zone.

    `agents`: the agents' names and the ports where they are found.
    """
    text = MASTER.format() + "".join(
        AGENT_OF.format(agent=agent, port=number) for agent, number in agents.items()
    )
    folder = filled(run, name, NODE, text, plugins, port, password)
    zone = folder / "etc/zones.d" / NODE  # whose objects may name a command_endpoint
    zone.mkdir(parents=True)
    for each, content in objects.items():
        (zone / each).write_text(content, encoding="utf-8", errors="surrogateescape")
    certify(folder, folder, NODE)
    yield folder


@contextmanager
def icinga2_agent(
    run: Run, master: Path, node: str, definitions: str, plugins: str, port: int
) -> Iterator[int]:
    """An agent of the master in that folder; yields its PID. It has commands, and no hosts."""
    text = AGENT.format(master=NODE) + definitions
    folder = filled(run, f"icinga2-{node}", node, text, plugins, port, secrets.token_hex(8))
    certify(master, folder, node)
    line = command(folder, "daemon", "-c", f"{folder}/etc/icinga2.conf")

    def ready() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    with service(line, folder / "daemon.log", ready, environment(), 180) as pid:
        yield pid


def filled(
    run: Run, name: str, node: str, text: str, plugins: str, port: int, password: str
) -> Path:
    folder = own_folder(run, name)
    for each in ("etc", "lib/certs", "lib/ca", "log", "cache", "run", "spool/perfdata"):
        (folder / each).mkdir(parents=True)
    constants = f'const Ct0PluginDir = "{plugins}"' if plugins else ""
    base = BASE.format(
        tree=programs(), constants=constants, node=node, port=port, password=password
    )
    (folder / "etc/icinga2.conf").write_text(base + text, encoding="utf-8")
    give(folder)
    return folder


def certify(master: Path, folder: Path, node: str) -> None:
    """A certificate from the master's CA, which is made when there is none."""
    certs = folder / "lib/certs"
    key, csr, cert = (str(certs / f"{node}.{end}") for end in ("key", "csr", "crt"))
    new = [] if (master / "lib/ca/ca.crt").exists() else [("pki", "new-ca")]
    for words in (
        *new,
        ("pki", "new-cert", "--cn", node, "--key", key, "--csr", csr),
        ("pki", "sign-csr", "--csr", csr, "--cert", cert),
    ):
        call(command(master, *words), env={**clean_environment(), **environment()}, timeout=300)
    (certs / "ca.crt").write_bytes((master / "lib/ca/ca.crt").read_bytes())
    give(folder)


def verify(folder: Path) -> list[str]:
    """What `icinga2 daemon -C` says is wrong: none when the configuration would load."""
    line = command(folder, "daemon", "-C", "-c", f"{folder}/etc/icinga2.conf")
    done = attempt(line, env={**clean_environment(), **environment()}, timeout=300)
    wrong = [x for x in done.stdout.splitlines() if "critical/" in x or "warning/" in x]
    return wrong if done.returncode == 0 else [*wrong, f"exit {done.returncode}"]


def parse_performance_data(folder: Path, values: list[str]) -> list[dict[str, Any]]:
    """What icinga2's own parser makes of each value; LabError where it finds fault."""
    told = "{ label = p.label, value = p.value, unit = p.unit, min = p.min, max = p.max }"
    read = f"function read(text) {{ var p = parse_performance_data(text); return {told} }}; "
    script = f"{read}Json.encode({json.dumps(values)}.map(read))"
    line = command(folder, "console", "--eval", script)
    done = attempt(line, env={**clean_environment(), **environment()}, timeout=300)
    try:
        parsed: list[dict[str, Any]] = json.loads(json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, IndexError) as reason:
        raise LabError(f"icinga2: {values}: {done.stdout} {done.stderr}") from reason
    return parsed


@contextmanager
def icinga2(
    run: Run,
    objects: dict[str, str],
    plugins: str = "/nonexistent",
    agents: Mapping[str, int] = MappingProxyType({}),
    name: str = "icinga2",
) -> Iterator[Icinga2]:
    """The daemon with these object files (name -> text)."""
    port, password = free_port(), secrets.token_hex(8)
    with prepared(run, name, objects, plugins, agents, port, password) as folder:
        daemon = Icinga2(folder, port, password)
        line = command(folder, "daemon", "-c", f"{folder}/etc/icinga2.conf")

        def ready() -> bool:
            try:
                return bool(daemon.ask("GET", "status"))
            except OSError:
                return False  # not listening yet

        with service(line, folder / "daemon.log", ready, environment(), 180):
            yield daemon
