"""The fleet: two nodes as their owners have them, reached by ssh and by nothing else.

    node-a   Debian 12   nftables   Puppet 7   CTs 101 "web" (sysvinit), 102 "mail" (systemd)
    node-b   Debian 13   iptables   Puppet 8   CTs 201 "shop" (sysvinit), 202 "base" (systemd)

The CTs with sysvinit are Debian 12's, those with systemd Debian 13's; Puppet has run on both nodes
and in 101 and 202. The nodes' sshd are Debian's, behind a bridge of the run's own from which no way
leads anywhere else. Keys, known hosts and ssh_config lie in the run's folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import NamedTuple

from .command import LabError, attempt, call
from .ct import CT
from .node import Node, node_ct
from .recipes import (
    FLEET_BOOKWORM,
    FLEET_CT_SYSTEMD,
    FLEET_CT_SYSVINIT,
    FLEET_TRIXIE,
    Recipe,
    rootfs,
)
from .run import Run
from .shims import laid_out

FILES = Path(__file__).parent / "files" / "fleet"
SITE = "/etc/puppet/code/environments/production/manifests/site.pp"
PUPPET = ("puppet", "apply", "--detailed-exitcodes", SITE)
ONE_FILE = "/root/ct0-shims"


class Member(NamedTuple):
    """How a node is made: where its ruleset is kept, and what loads it from there."""

    name: str
    recipe: Recipe
    cts: dict[str, str]  # CTID -> host name: the first with sysvinit, the second with systemd
    rules: str
    load: str
    managed: str  # the CTID of the CT in which Puppet has run


MEMBERS = (
    Member(
        "node-a",
        FLEET_BOOKWORM,
        {"101": "web", "102": "mail"},
        "/etc/nftables.conf",
        "systemctl enable --now nftables",
        "101",
    ),
    Member(
        "node-b",
        FLEET_TRIXIE,
        {"201": "shop", "202": "base"},
        "/etc/iptables/rules.v4",
        "iptables-restore /etc/iptables/rules.v4",
        "202",
    ),
)

CTS = (FLEET_CT_SYSVINIT, FLEET_CT_SYSTEMD)  # of each node, in the order of its CTIDs

# Every CT has its own ruleset: an empty one in those with nft, this in those with iptables.
CT_RULES = "iptables -P FORWARD DROP"


class Fleet(NamedTuple):
    """Both nodes, running, and the file by which ssh finds them."""

    a: Node
    b: Node
    ssh_config: Path

    def url(self, name: str, container: str = "") -> str:
        """The node and all its CTs; with a glob, those CTs alone."""
        more = f"&container={container}" if container else ""
        return f"ct+ssh://root@{name}?ssh_config={self.ssh_config}{more}"

    @property
    def urls(self) -> list[str]:
        return [self.url(member.name) for member in MEMBERS]


@contextmanager
def fleet_of(run: Run) -> Iterator[Fleet]:
    """Both nodes with their CTs, managed and filtered; gone at the end."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(rootfs, (FLEET_BOOKWORM, FLEET_TRIXIE, *CTS)))
    folder = run.folder / "fleet"
    folder.mkdir(mode=0o700)
    make_key(folder / "key")
    network = free_network(int(run.id, 16))
    here, *addresses = map(str, network.hosts())
    with ExitStack() as stack:
        shims = stack.enter_context(laid_out(run.folder / "fleet-shims"))
        link = stack.enter_context(bridge(f"{run.prefix}br", f"{here}/{network.prefixlen}"))
        begun = []
        with ThreadPoolExecutor(len(MEMBERS)) as pool:
            for number, member in enumerate(MEMBERS):
                make_key(folder / f"{member.name}_key")
                keys = interface(f"{run.prefix}{number}", link, addresses[number], network)
                context = node_of(run, member, keys, folder, shims.file)
                begun.append((context, pool.submit(context.__enter__)))
        for context, entering in begun:
            if entering.exception() is None:
                stack.push(context)
        a, b = (entering.result() for _, entering in begun)
        config = ssh_files(folder, dict(zip([each.name for each in MEMBERS], addresses)))
        for member in MEMBERS:
            call(["ssh", "-F", str(config), member.name, "true"])
        yield Fleet(a, b, config)


@contextmanager
def node_of(
    run: Run, member: Member, keys: Sequence[str], folder: Path, shims: Path
) -> Iterator[Node]:
    """One of them, set up as its owner would."""
    own = [f"lxc.uts.name = {member.name}", *keys]
    with node_ct(run, member.recipe, dict(zip(member.cts, CTS)), own, member.cts) as node:
        for path, text in {
            "/root/.ssh/authorized_keys": (folder / "key.pub").read_text(encoding="ascii"),
            "/etc/ssh/ssh_host_ed25519_key": (folder / f"{member.name}_key").read_text("ascii"),
            "/etc/hosts": f"127.0.0.1 localhost\n127.0.1.1 {member.name}\n",
        }.items():
            node.write(path, text)
        node.copy_in(FILES / "site.pp", SITE)
        node.copy_in(FILES / Path(member.rules).name, member.rules)
        node.copy_in(shims, ONE_FILE)
        sure(node, "chmod 700 /root/.ssh && chmod 600 /etc/ssh/ssh_host_ed25519_key")
        sure(node, f"{ONE_FILE} install && rm {ONE_FILE}")
        # Without a host key it did not start.
        sure(node, "systemctl reset-failed ssh; systemctl restart ssh")
        sure(node, member.load)
        sure(node.ct(next(iter(member.cts))), CT_RULES)
        managed = node.ct(member.managed)
        managed.copy_in(FILES / "site.pp", SITE)
        for place in (node, managed):
            apply(place)
        yield node


def apply(place: CT, manifest: str = SITE) -> int:
    """Puppet run there, its state where Debian has it: 0 nothing changed, 2 changed, 4 failures."""
    done = place.run([*PUPPET[:-1], manifest], timeout=120)
    if done.returncode not in (0, 2, 4, 6):
        raise LabError(f"{place!r}: puppet apply: {done.returncode}: {done.stderr.strip()}")
    return done.returncode


def sure(place: CT, command: str) -> str:
    """What a shell's text prints there; LabError when it fails."""
    done = place.run(["sh", "-c", command])
    if done.returncode != 0:
        raise LabError(f"{place!r}: {command}: {done.stderr.strip()}")
    return done.stdout


@contextmanager
def bridge(name: str, address: str) -> Iterator[str]:
    """A bridge with an address of this machine's; whoever is on it reaches that and each other."""
    call(["ip", "link", "add", name, "type", "bridge"])
    try:
        call(["ip", "address", "add", address, "dev", name])
        call(["ip", "link", "set", name, "up"])
        yield name
    finally:
        attempt(["ip", "link", "delete", name])


def interface(name: str, link: str, address: str, network: IPv4Network) -> list[str]:
    """LXC's keys for a CT on a bridge, without a default route; `name` is the bridge's end."""
    return [
        "lxc.net.0.type = veth",
        f"lxc.net.0.link = {link}",
        f"lxc.net.0.veth.pair = {name}",
        "lxc.net.0.flags = up",
        f"lxc.net.0.ipv4.address = {address}/{network.prefixlen}",
    ]


def free_network(number: int) -> IPv4Network:
    """One of 10.0.0.0/8 for five machines, the first from `number` on that no route touches."""
    routes = json.loads(call(["ip", "-json", "-4", "route", "show", "table", "all"]).stdout)
    taken = [IPv4Network(each["dst"]) for each in routes if each["dst"] != "default"]
    for offset in range(256):
        network = IPv4Network((10 << 24 | (number + offset) % (1 << 21) << 3, 29))
        if not any(map(network.overlaps, taken)):
            return network
    raise LabError("no network of 10.0.0.0/8 is free for the fleet")


def make_key(path: Path, passphrase: str = "") -> None:
    call(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "ct0 lab", "-f", str(path)])


def ssh_files(folder: Path, addresses: dict[str, str]) -> Path:
    """known_hosts with the nodes' keys, and the ssh_config by which they are called by name."""
    known, config = folder / "known_hosts", folder / "ssh_config"
    keys = {name: (folder / f"{name}_key.pub").read_text(encoding="ascii") for name in addresses}
    known.write_text("".join(f"{name} {key}" for name, key in keys.items()), encoding="ascii")
    config.write_text(
        "".join(
            f"Host {name}\n  HostName {address}\n  HostKeyAlias {name}\n"
            for name, address in addresses.items()
        )
        + f"Host *\n  User root\n  IdentityFile {folder}/key\n  IdentitiesOnly yes\n"
        + f"  UserKnownHostsFile {known}\n  GlobalKnownHostsFile /dev/null\n"
        + "  StrictHostKeyChecking yes\n",
        encoding="utf-8",
    )
    return config
