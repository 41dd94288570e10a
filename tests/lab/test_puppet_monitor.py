"""The module's exporter, checks and server on real hosts, by `puppet apply`: set up, changed, off.

Debian 12 has the exporter as a service of its own, Debian 13 as one that systemd's socket starts.
Each step is taken on both at once.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import bcrypt
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from . import ct0_debs
from . import icinga2 as i2
from . import nagios as n4
from .command import attempt, wait_for
from .fleet import sure
from .lxc import LxcCT, lxc_ct
from .managed import APART, ENVIRONMENT, HIERA, SITE
from .puppet_tools import MODULE
from .recipes import PUPPET_NODE_BOOKWORM, PUPPET_NODE_TRIXIE
from .run import Run
from .schedulers import Answer, answer, environment, programs
from .tree import difference, tree

# A request as Prometheus makes it, without checking the certificate: it is compared instead.
FETCH = """\
import base64, ssl, sys, urllib.request, urllib.error
url, login = sys.argv[1:]
headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()} if login else {}
context = ssl._create_unverified_context()
try:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), context=context,
                                timeout=20) as reply:
        print(reply.status, reply.read().decode().count("\\nct_"))
except urllib.error.HTTPError as error:
    print(error.code, 0)
"""
FETCHED = "/root/fetch.py"
URL = "https://127.0.0.1:9955"
TEXTFILE = "/var/lib/prometheus/node-exporter"
USER, PASSWORD = "prometheus", "a secret: of 'some' \"kind\""


class Host(NamedTuple):
    ct: LxcCT
    data: dict[str, Any]

    def puppet(self, **changed: Any) -> int:
        """A run with these parameters of ct0's classes changed (`__` is `::`); the exit status."""
        self.data.update({f"ct0::{key.replace('__', '::')}": x for key, x in changed.items()})
        self.ct.write(f"{ENVIRONMENT}/data/common.yaml", yaml.safe_dump(self.data))
        return self.apply(SITE)

    def apply(self, *words: str) -> int:
        done = self.ct.run(["puppet", "apply", "--detailed-exitcodes", *words], timeout=300)
        assert done.returncode in (0, 2), f"{done.stdout}{done.stderr}"
        return done.returncode

    def fetch(self, url: str, login: str = "") -> tuple[int, int]:
        """The status, and how many samples of CTs came."""
        done = self.ct.run(["python3", FETCHED, url, login])
        assert done.returncode == 0, done.stderr
        status, samples = map(int, done.stdout.split())
        return status, samples

    def served(self) -> str:
        """The certificate that the exporter shows."""
        line = "import ssl; print(ssl.get_server_certificate(('127.0.0.1', 9955)), end='')"
        return sure(self.ct, f'python3 -c "{line}"')

    def main_pid(self) -> str:
        return sure(self.ct, "systemctl show -P MainPID ct0-exporter.service").strip()

    def nrpe(self, command: str) -> Answer:
        plugin = f"{programs()}/usr/lib/nagios/plugins/check_nrpe"
        line = ["nsenter", "-t", str(self.ct.init), "-n", plugin, "-H", "127.0.0.1", "-t", "30"]
        done = attempt([*line, "-c", command], env={**environment(), "PATH": "/usr/bin:/bin"})
        return answer(done.returncode, done.stdout)

    def tree(self) -> dict[str, str]:
        return tree(Path(f"/proc/{self.ct.init}/root"), APART)


class Pair(NamedTuple):
    """A certificate and its key."""

    cert: str
    key: str


def pair(name: str) -> Pair:
    """For 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(own, own, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(made.public_bytes(Encoding.PEM).decode(), private.decode())


FIRST, SECOND = pair("first"), pair("second")


def common() -> dict[str, Any]:
    return {
        "ct0::features": ["exporter", "checks"],
        "ct0::install_method": "none",
        "ct0::exporter::tls": {"cert": FIRST.cert, "key": FIRST.key},
        "ct0::exporter::users": {
            USER: bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
        },
        "ct0::exporter::collectors": {"top": True, "network": False},
        "ct0::checks::nrpe": True,
        "ct0::checks::monitoring": True,
        "ct0::checks::sudoers": True,
        # Every character that a value may hold and a shell would read.
        "ct0::checks::checks": {
            "odd": {"plugin": "check_ct_state", "options": {"--include": r"a b|c*(d)?[e]{1}\x2e"}}
        },
    }


@pytest.fixture(scope="module")
def hosts(run: Run) -> Iterator[tuple[Host, Host]]:
    """Both, with ct0's packages and the module; Puppet has not run yet."""
    recipes = PUPPET_NODE_BOOKWORM, PUPPET_NODE_TRIXIE
    packages = ct0_debs.built()
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        begun = []
        for number, recipe in enumerate(recipes):
            context = lxc_ct(run, f"monitor{number}", recipe)
            begun.append((context, pool.submit(context.__enter__)))
        for context, entering in begun:
            if entering.exception() is None:
                stack.push(context)
        service, socket = (Host(entering.result(), common()) for _, entering in begun)
        socket.data["ct0::exporter::socket_activation"] = True
        for host in (service, socket):
            for part in ("ct0", "ct0-checks", "ct0-exporter"):
                (deb,) = packages.glob(f"{part}_*_all.deb")
                host.ct.copy_in(deb, f"/srv/debs/{part}.deb")
            host.ct.copy_in(MODULE, f"{ENVIRONMENT}/modules/ct0")
            host.ct.write(f"{ENVIRONMENT}/hiera.yaml", yaml.safe_dump(HIERA))
            host.ct.write(SITE, "include ct0\n")
            host.ct.write(FETCHED, FETCH)
        both((service, socket), prepare)
        yield service, socket


def prepare(host: Host) -> int:
    sure(host.ct, "ip link set lo up && dpkg --install /srv/debs/*.deb")
    sure(host.ct, f"mkdir -p {TEXTFILE} && systemctl restart nagios-nrpe-server")
    return 0


def both(hosts: tuple[Host, Host], do: Any) -> list[Any]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(do, hosts))


@pytest.fixture(scope="module")
def before(hosts: tuple[Host, Host]) -> list[dict[str, str]]:
    return both(hosts, Host.tree)


@pytest.fixture(scope="module")
def applied(hosts: tuple[Host, Host], before: list[dict[str, str]]) -> tuple[Host, Host]:
    """The first run, and the second, which has nothing to do."""
    assert both(hosts, Host.puppet) == [2, 2]
    assert both(hosts, Host.puppet) == [0, 0]
    return hosts


def test_the_exporter_answers_over_tls_who_has_the_password(applied: tuple[Host, Host]) -> None:
    for host in applied:
        assert host.served() == FIRST.cert
        assert host.fetch(f"{URL}/metrics")[0] == 401
        assert host.fetch(f"{URL}/metrics", f"{USER}:wrong")[0] == 401
        status, samples = host.fetch(f"{URL}/metrics", f"{USER}:{PASSWORD}")
        assert (status, samples > 0) == (200, True)


def test_only_root_may_read_the_secrets_and_the_exporter_is_not_root(
    applied: tuple[Host, Host],
) -> None:
    for host in applied:
        said = sure(host.ct, "cd /etc/ct0 && stat -c '%a %U' web.yml exporter.key").splitlines()
        assert said == ["600 root", "600 root"]
        assert int(sure(host.ct, f"stat -c %u /proc/{host.main_pid()}")) > 1000


def test_what_was_chosen_is_what_runs(applied: tuple[Host, Host]) -> None:
    service, socket = applied
    for host, running, waiting in ((service, "service", "socket"), (socket, "socket", "service")):
        states = f"systemctl is-enabled ct0-exporter.{running} ct0-exporter.{waiting} || :"
        assert sure(host.ct, states).split() == ["enabled", "disabled"]
    options = sure(socket.ct, f"tr '\\0' ' ' </proc/{socket.main_pid()}/cmdline").split()
    assert {"--collector.top", "--no-collector.network"} < set(options)


def test_nrpe_answers(applied: tuple[Host, Host]) -> None:
    for host in applied:
        state = "/run/ct0/state.json"
        wait_for(f"{host.ct!r}: {state}", partial(exists, host, state), 60)
        health = host.nrpe("ct0_health")
        assert health.text.startswith("CT0_HEALTH ")
        assert health.state in (0, 1), health
        assert host.nrpe("ct_state").text == "CT_STATE OK - no containers on this host"
        # What the shell made of the value reached the plugin as it was.
        assert host.nrpe("odd").text.startswith("CT_STATE UNKNOWN - "), host.nrpe("odd")


def exists(host: Host, path: str) -> bool:
    return host.ct.run(["test", "-e", path]).returncode == 0


def test_sudo_takes_the_rule(applied: tuple[Host, Host]) -> None:
    allowed = "runuser -u nagios -- sudo -n /usr/lib/ct0/ct0-read"
    for host in applied:
        assert sure(host.ct, allowed).startswith("{")
        assert host.ct.run(["sh", "-c", f"{allowed} --help"]).returncode != 0


def test_the_generated_commands_are_nrpes(applied: tuple[Host, Host]) -> None:
    for host in applied:
        sure(host.ct, "systemctl start ct0-monitoring.service")
        name = sure(host.ct, "facter networking.hostname").strip()
        assert exists(host, f"/etc/nagios/nrpe.d/ct0-{name}.cfg")
        assert exists(host, f"/var/lib/ct0/monitoring/ct0-{name}.conf")


@pytest.fixture(scope="module")
def changed(applied: tuple[Host, Host]) -> tuple[str, str]:
    """A new certificate and no password on one host, a file in place of the server on the other:
    the first one's PID before and after."""
    service = applied[0]
    before = service.main_pid()
    new = {"cert": SECOND.cert, "key": SECOND.key}

    def change(host: Host) -> int:
        if host is service:
            return host.puppet(exporter__tls=new, exporter__users={})
        return host.puppet(exporter__textfile=True)

    assert both(applied, change) == [2, 2]
    return before, service.main_pid()


def test_a_new_certificate_counts_without_a_restart(
    applied: tuple[Host, Host], changed: tuple[str, str]
) -> None:
    assert applied[0].served() == SECOND.cert
    assert applied[0].fetch(f"{URL}/metrics")[0] == 200
    assert changed[0] == changed[1]


def test_a_file_in_place_of_the_server(
    applied: tuple[Host, Host], changed: tuple[str, str]
) -> None:
    host = applied[1]
    sure(host.ct, "systemctl is-active ct0-textfile.timer && systemctl start ct0-textfile.service")
    assert "\nct_" in sure(host.ct, f"cat {TEXTFILE}/ct0.prom")
    units = ["ct0-exporter.socket", "ct0-exporter.service"]
    said = host.ct.run(["systemctl", "is-active", *units]).stdout
    assert said.split() == ["inactive", "inactive"]
    assert not exists(host, "/etc/ct0/exporter.key")


def test_absent_leaves_the_tree_as_it_was(
    applied: tuple[Host, Host], changed: tuple[str, str], before: list[dict[str, str]]
) -> None:
    assert both(applied, lambda host: host.puppet(ensure="absent")) == [2, 2]
    for was, now in zip(before, both(applied, Host.tree)):
        assert difference(was, now) == []
    for host in applied:
        loaded = sure(host.ct, "systemctl list-units --all --no-legend 'ct0-*'")
        assert [line for line in loaded.splitlines() if " active " in line] == []
        assert host.nrpe("ct_state").text == "NRPE: Command 'ct_state' not defined"
    assert both(applied, Host.puppet) == [0, 0]


SERVER = """\
class { 'ct0::server':
  prometheus        => true,
  prometheus_dir    => '/srv/server/prometheus',
  scrape_config     => '/srv/server/scrape.yml',
  ca_file           => '/srv/server/ca.crt',
  username          => 'prometheus',
  password_file     => '/srv/server/password',
  nagios            => true,
  nagios_dir        => '/srv/server/nagios',
  icinga2           => true,
  icinga2_dir       => '/srv/server/icinga2',
  icinga2_templates => '/srv/server/ct0.conf',
}
$containers = [
  { 'engine' => 'lxc', 'id' => 'web1', 'name' => 'web1' },
  { 'engine' => 'openvz', 'id' => '102', 'name' => 'shop.example.com' },
]
$services = { 'ct0 health' => 'ct0_health', 'containers' => 'ct_state', 'processes' => 'ct0_procs' }
ct0::nagios_host { 'alpha':
  address => '192.0.2.1', containers => $containers, services => $services,
}
ct0::nagios_host { 'beta':
  address => '192.0.2.2', containers => [$containers[1] + { 'name' => 'mail' }],
}
ct0::nagios_host { 'gamma': address => '192.0.2.3' }
ct0::nagios_service { 'raid of alpha': host => 'alpha', command => 'raid' }
ct0::icinga2_host { 'alpha':
  address => '192.0.2.1', containers => $containers, services => $services,
}
ct0::icinga2_host { 'gamma': address => '192.0.2.3' }
ct0::scrape_job { 'alpha':
  targets => ['alpha.example.com:9955', '[2001:db8::1]:9955'], labels => { 'rack' => 'a: #1' },
}
"""


@pytest.fixture(scope="module")
def server(hosts: tuple[Host, Host]) -> Path:
    """The folder of what a monitoring server is told; a file that no host stands for is removed."""
    host = hosts[0]
    sure(host.ct, "mkdir -p /srv/server/nagios && touch /srv/server/nagios/ct0-gone.cfg")
    assert host.apply("-e", SERVER) == 2
    assert not exists(host, "/srv/server/nagios/ct0-gone.cfg")
    return Path(f"/proc/{host.ct.init}/root/srv/server")


def test_nagios_loads_the_hosts(run: Run, server: Path) -> None:
    files = {path.name: path.read_text("utf-8") for path in (server / "nagios").iterdir()}
    with n4.prepared(run, "nagios-puppet", files, "/usr/lib") as folder:
        # gamma has no containers: nothing depends on it.
        assert n4.verify(folder) == []
        said = attempt([f"{programs()}/usr/sbin/nagios4", "-v", f"{folder}/nagios.cfg"]).stdout
    counted = dict(re.findall(r"Checked (\d+) (hosts|services|service dependencies)\b", said))
    found = {what: int(number) for number, what in counted.items()}
    # Hosts' agents and own services: 1 + 3 + 1 of alpha, twice 1 + 1; CTs': 3 each, load of two.
    assert found == {"hosts": 6, "services": 9 + 3 * 3 + 2, "service dependencies": 2 * 11}


def test_icinga2_loads_the_hosts(run: Run, server: Path) -> None:
    files = {path.name: path.read_text("utf-8") for path in (server / "icinga2").iterdir()}
    files["ct0.conf"] = (server / "ct0.conf").read_text("utf-8")
    agents = {"alpha": 1, "gamma": 2}
    with i2.prepared(run, "icinga2-puppet", files, agents=agents) as folder:
        assert i2.verify(folder) == []


def test_prometheus_loads_the_targets(run: Run, server: Path) -> None:
    folder = run.folder / "puppet-prometheus"
    folder.mkdir()
    text = (server / "scrape.yml").read_text("utf-8").replace("/srv/server", str(folder))
    (folder / "prometheus.yml").write_text(text, "utf-8")
    (folder / "prometheus").mkdir()
    for path in (server / "prometheus").iterdir():
        (folder / "prometheus" / path.name).write_bytes(path.read_bytes())
    (folder / "ca.crt").write_text(FIRST.cert, "ascii")
    (folder / "password").write_text("secret", "ascii")
    done = attempt(["promtool", "check", "config", str(folder / "prometheus.yml")])
    assert done.returncode == 0, done.stdout + done.stderr
    (groups,) = [yaml.safe_load(each.read_text()) for each in (folder / "prometheus").iterdir()]
    assert groups == [
        {
            "targets": ["alpha.example.com:9955", "[2001:db8::1]:9955"],
            "labels": {"rack": "a: #1"},
        }
    ]
