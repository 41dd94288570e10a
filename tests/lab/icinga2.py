"""A real icinga2 on the loopback that runs plugins as user nagios; asked through its API."""

from __future__ import annotations

import base64
import json
import secrets
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .command import LabError, attempt, call, clean_environment, wait_for
from .prometheus import free_port
from .run import Run
from .schedulers import USER, Answer, answer, environment, give, own_folder, programs
from .service import service

NODE = "ct0-lab"

BASE = """\
const PluginDir = "{plugins}"
const NodeName = "{node}"
const ZoneName = NodeName
const TicketSalt = ""
include <itl>
include <plugins>
include "{tree}/etc/icinga2/conf.d/templates.conf"
object Endpoint NodeName {{ }}
object Zone ZoneName {{ endpoints = [ NodeName ] }}
object CheckerComponent "checker" {{ }}
object FileLogger "main" {{ severity = "information"; path = LogDir + "/icinga2.log" }}
object ApiListener "api" {{ bind_host = "127.0.0.1"; bind_port = {port} }}
object ApiUser "lab" {{ password = "{password}"; permissions = [ "*" ] }}
"""


class Icinga2:
    """A running icinga2."""

    def __init__(self, port: int, password: str) -> None:
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

    def _attributes(self, kind: str, where: str, **names: str) -> dict[str, Any]:
        found = self.ask("GET", f"objects/{kind}", filter=where, filter_vars=names)
        attributes: dict[str, Any] = found[0]["attrs"] if found else {}
        return attributes

    def run_check(self, host: str, service: str | None = None, timeout: float = 60) -> Answer:
        """Have a service's plugin, or a host's, run now; return what came of it."""
        what = f"{host}/{service}" if service else host

        def seen() -> dict[str, Any]:
            return self.service(host, service) if service else self.host(host)

        before = seen()["last_check"]
        kind = "Service" if service else "Host"
        where = "host.name == host_name" + (" && service.name == service_name" if service else "")
        names = {"host_name": host, "service_name": service or ""}
        self.ask("POST", "actions/reschedule-check", type=kind, force=True,
                 filter=where, filter_vars=names)  # fmt: skip
        wait_for(f"icinga2: {what} to be checked", lambda: seen()["last_check"] > before, timeout)
        result = seen()["last_check_result"]
        said = answer(int(result["exit_status"]), result["output"])
        return said._replace(perfdata=" ".join(map(str, result["performance_data"])))


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
    run: Run, name: str, objects: dict[str, str], plugins: str, port: int = 1, password: str = "x"
) -> Iterator[Path]:
    """A folder with icinga2.conf, certificates and the object files (name -> text)."""
    folder = own_folder(run, name)
    for each in ("lib/certs", "lib/ca", "log", "cache", "run", "spool/perfdata", "spool/tmp"):
        (folder / each).mkdir(parents=True)
    zone = folder / "etc/zones.d" / NODE  # whose objects may name a command_endpoint
    zone.mkdir(parents=True)
    base = BASE.format(tree=programs(), plugins=plugins, node=NODE, port=port, password=password)
    (folder / "etc/icinga2.conf").write_text(base, encoding="utf-8")
    for each, text in objects.items():
        path = zone / each
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    give(folder)
    certs = folder / "lib/certs"
    key, csr, cert = (str(certs / f"{NODE}.{end}") for end in ("key", "csr", "crt"))
    for words in (
        ("pki", "new-ca"),
        ("pki", "new-cert", "--cn", NODE, "--key", key, "--csr", csr),
        ("pki", "sign-csr", "--csr", csr, "--cert", cert),
    ):
        call(command(folder, *words), env={**clean_environment(), **environment()})
    (certs / "ca.crt").write_bytes((folder / "lib/ca/ca.crt").read_bytes())
    give(folder)
    yield folder


def verify(folder: Path) -> list[str]:
    """What `icinga2 daemon -C` says is wrong: none when the configuration would load."""
    line = command(folder, "daemon", "-C", "-c", f"{folder}/etc/icinga2.conf")
    done = attempt(line, env={**clean_environment(), **environment()})
    wrong = [x for x in done.stdout.splitlines() if "critical/" in x or "warning/" in x]
    return wrong if done.returncode == 0 else [*wrong, f"exit {done.returncode}"]


def parse_performance_data(folder: Path, perfdata: str) -> dict[str, Any]:
    """What icinga2's own parser makes of one value; LabError where it finds fault."""
    escaped = json.dumps(perfdata)
    line = command(folder, "console", "--eval", f"Json.encode(parse_performance_data({escaped}))")
    done = attempt(line, env={**clean_environment(), **environment()})
    try:
        parsed: dict[str, Any] = json.loads(json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, IndexError) as reason:
        raise LabError(f"icinga2: {perfdata}: {done.stdout} {done.stderr}") from reason
    return parsed


@contextmanager
def icinga2(
    run: Run, objects: dict[str, str], plugins: str = "/nonexistent", name: str = "icinga2"
) -> Iterator[Icinga2]:
    """The daemon with these object files (name -> text)."""
    port, password = free_port(), secrets.token_hex(8)
    with prepared(run, name, objects, plugins, port, password) as folder:
        daemon = Icinga2(port, password)
        line = command(folder, "daemon", "-c", f"{folder}/etc/icinga2.conf")

        def ready() -> bool:
            try:
                return bool(daemon.ask("GET", "status"))
            except OSError:
                return False  # not listening yet

        with service(line, folder / "daemon.log", ready, environment(), 60):
            yield daemon
