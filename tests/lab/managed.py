"""Bare nodes that Puppet installs ct0 on: what it finds on a host, and what it leaves there.

    node-a   Debian 12   Puppet 7   CT 101        node-b   Debian 13   Puppet 8   CT 201

Each is CT0 in a CT, on a bridge of the run's own; root comes in by ssh with the run's key. ct0's
Debian packages are an archive in a folder of theirs, the only one they reach.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Callable, NamedTuple, TypeVar

import yaml

from . import ct0_debs
from .command import LabError, call, wait_for
from .fleet import bridge, free_network, interface, make_key, ssh_files, sure
from .node import Node, node_ct
from .puppet_tools import MODULE
from .recipes import FLEET_CT_SYSVINIT, PUPPET_NODE_BOOKWORM, PUPPET_NODE_TRIXIE, Recipe, rootfs
from .run import Run
from .tree import Tree, tree

ENVIRONMENT = "/etc/puppet/code/environments/production"
SITE = f"{ENVIRONMENT}/manifests/site.pp"
SUMMARY = "/var/cache/puppet/public/last_run_summary.yaml"
ARCHIVE = "/srv/ct0"
HIERA = {
    "version": 5,
    "defaults": {"datadir": "data", "data_hash": "yaml_data"},
    "hierarchy": [{"name": "of this host", "path": "common.yaml"}],
}
# Not the module's doing: what Puppet, apt, dpkg and a running system keep of their own, the CTs'
# roots, and what the tests themselves put there.
APART = (
    *("/dev", "/proc", "/root", "/run", "/srv", "/sys", "/tmp", "/var/tmp"),
    *("/etc/puppet", "/etc/mtab", "/etc/apt/sources.list.d/ct0.list"),
    *("/var/cache/apt", "/var/cache/puppet", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/lxc"),
    *("/var/backups", "/var/cache/man", "/var/lib/private", "/var/lib/puppet", "/var/log"),
    *("/var/lib/systemd", "/var/lib/ucf", "/var/cache/debconf", "/etc/.pwd.lock"),
)

Result = TypeVar("Result")


class Applied(NamedTuple):
    """A run of `puppet apply`: 0 nothing to do, 2 changed, 4 and 6 failures."""

    status: int
    text: str
    summary: dict[str, Any]


class Managed(NamedTuple):
    """One of the nodes, how it is reached, and the folder its files are prepared in."""

    name: str
    node: Node
    ctid: str
    address: str
    folder: Path

    def configure(self, data: dict[str, Any], site: str = "include ct0\n") -> None:
        """Its Hiera data and manifest, and the module as it is in this checkout."""
        self.node.write(f"{ENVIRONMENT}/hiera.yaml", yaml.safe_dump(HIERA))
        # JSON: an unquoted `:9955` is no text to Ruby's YAML.
        self.node.write(f"{ENVIRONMENT}/data/common.yaml", json.dumps(data))
        self.node.write(SITE, site)

    def puppet(self, *options: str) -> Applied:
        """One run; whoever wants a status other than 0 and 2 looks for it."""
        words = ["puppet", "apply", "--detailed-exitcodes", *options, SITE]
        done = self.node.run(words, timeout=300)
        if done.returncode not in (0, 2, 4, 6):
            raise LabError(
                f"{self.name}: puppet apply: exit {done.returncode}: {done.stderr.strip()}"
            )
        summary = yaml.safe_load(self.sure(f"cat {SUMMARY}"))
        return Applied(done.returncode, f"{done.stdout}{done.stderr}", summary)

    def tree(self) -> Tree:
        """What lies on it, less what is nobody's configuration; its packages and diversions."""
        there = tree(Path(f"/proc/{self.node.init}/root"), APART)
        packages = self.sure("dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\\n'")
        return {**there, "packages": packages, "diversions": self.sure("dpkg-divert --list")}

    def sure(self, command: str) -> str:
        return sure(self.node, command)


class Estate(NamedTuple):
    """Both nodes, and the file by which ssh finds them."""

    nodes: tuple[Managed, ...]
    ssh_config: Path

    def both(self, do: Callable[[Managed], Result]) -> list[Result]:
        """The same on both, at once."""
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            return list(pool.map(do, self.nodes))


class Kind(NamedTuple):
    name: str
    recipe: Recipe
    ctid: str


KINDS = (Kind("node-a", PUPPET_NODE_BOOKWORM, "101"), Kind("node-b", PUPPET_NODE_TRIXIE, "201"))


@contextmanager
def estate_of(run: Run) -> Iterator[Estate]:
    """Both nodes, bare, with the archive and the module; gone at the end."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(rootfs, [kind.recipe for kind in KINDS]))
    debs = (
        ct0_debs.built()
    )  # not below: it has a run of its own, which the main thread alone begins
    folder = run.folder / "estate"
    folder.mkdir(mode=0o700)
    make_key(folder / "key")
    network = free_network(int(run.id, 16) + 7)
    here, *addresses = map(str, network.hosts())
    with ExitStack() as stack:
        link = stack.enter_context(bridge(f"{run.prefix}pb", f"{here}/{network.prefixlen}"))
        begun = []
        with ThreadPoolExecutor(len(KINDS)) as pool:
            for number, kind in enumerate(KINDS):
                make_key(folder / f"{kind.name}_key")
                keys = interface(f"{run.prefix}p{number}", link, addresses[number], network)
                context = managed(run, kind, keys, addresses[number], folder, debs)
                begun.append((context, pool.submit(context.__enter__)))
        for context, entering in begun:
            if entering.exception() is None:
                stack.push(context)
        nodes = tuple(entering.result() for _, entering in begun)
        config = ssh_files(folder, {each.name: each.address for each in nodes})
        for each in nodes:
            call(["ssh", "-F", str(config), each.name, "true"])
        yield Estate(nodes, config)


@contextmanager
def managed(
    run: Run, kind: Kind, keys: Sequence[str], address: str, folder: Path, debs: Path
) -> Iterator[Managed]:
    """One of them, as an owner has it who knows nothing of ct0 yet."""
    own = [f"lxc.uts.name = {kind.name}", *keys]
    cts = {kind.ctid: FLEET_CT_SYSVINIT}
    with node_ct(run, kind.recipe, cts, own, {kind.ctid: f"ct{kind.ctid}"}) as node:
        for path, text in {
            "/root/.ssh/authorized_keys": (folder / "key.pub").read_text(encoding="ascii"),
            "/etc/ssh/ssh_host_ed25519_key": (folder / f"{kind.name}_key").read_text("ascii"),
            "/etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {kind.name}\n",
            "/etc/apt/sources.list.d/ct0.list": f"deb [trusted=yes] file:{ARCHIVE} ./\n",
        }.items():
            node.write(path, text)
        sure(node, f"echo lxc.start.auto = 1 >>/var/lib/lxc/{kind.ctid}/config")
        node.copy_in(debs, ARCHIVE)
        node.write(f"{ARCHIVE}/Packages", index(debs))
        node.copy_in(MODULE, f"{ENVIRONMENT}/modules/ct0")
        sure(node, "chmod 700 /root/.ssh && chmod 600 /etc/ssh/ssh_host_ed25519_key")
        sure(node, "systemctl reset-failed ssh; systemctl restart ssh")
        # The archive in the folder alone: the others cannot be reached.
        only = "-o Dir::Etc::SourceList=/etc/apt/sources.list.d/ct0.list -o Dir::Etc::SourceParts=-"
        sure(node, f"apt-get -qq {only} update")
        yield Managed(kind.name, node, kind.ctid, address, folder)


def index(folder: Path) -> str:
    """What apt wants to know of an archive: each package's fields, where it lies and its sum."""
    entries = []
    for path in sorted(folder.glob("*.deb")):
        fields = call(["dpkg-deb", "--field", str(path)]).stdout.strip()
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        entries.append(f"{fields}\nFilename: ./{path.name}\nSize: {len(data)}\nSHA256: {digest}\n")
    return "\n".join(entries)


def until(what: str, true: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for it, saying what did not come."""
    wait_for(what, true, seconds)


def outcome(applied: Applied) -> str:
    """What a failed assertion about a run should show."""
    events = json.dumps(applied.summary.get("events"))
    return f"exit {applied.status}, {events}\n{applied.text}"


__all__ = ["Applied", "Estate", "LabError", "Managed", "estate_of", "outcome", "until"]
