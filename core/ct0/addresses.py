"""The IP addresses that CT0 gave its containers, as its own files say.

What a container says of itself (its /etc, the interfaces in its network namespace) does not count:
its root could claim anybody's address.

    /proc/vz/veinfo, IP_ADDRESS="10.1.0.101 2001:db8::5"      OpenVZ
    lxc.net.0.ipv4.address = 10.0.3.5/24                      LXC
    net0: name=eth0,bridge=vmbr0,ip=192.0.2.10/24             Proxmox VE
    "NetworkSettings": {"Networks": {"bridge": {"IPAddress": "172.17.0.2", ...   Docker

nspawn, Podman, containerd and Incus keep none in files of their own, or in a database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from ct0.container import CT, FROZEN, RUNNING
from ct0.engines import proxmox
from ct0.errors import Unavailable
from ct0.host import Host
from ct0.text import read_text, settings
from ct0.veinfo import read_veinfo

NO_ADDRESS = ("", "dhcp", "manual", "auto", "none")


def read_addresses(host: Host, cts: list[CT]) -> list[tuple[str, ...]]:
    """For each CT its addresses in the order its engine has them, each once and in its usual form.

    None for a CT whose files name none, or may not be read. Raises Malformed (/proc/vz/veinfo).
    """
    try:
        venet = {ctid: info.addresses for ctid, info in read_veinfo(host).items()}
    except Unavailable:
        venet = {}
    return [tuple(clean(named(host, ct, venet))) for ct in cts]


def named(host: Host, ct: CT, venet: dict[str, tuple[str, ...]]) -> list[str]:
    """The words that may be addresses."""
    if ct.engine == "openvz" and ct.state in (RUNNING, FROZEN) and venet.get(ct.ctid):
        # What the kernel routes to it now; the newest comes first there.
        return list(reversed(venet[ct.ctid]))
    read = READERS.get(ct.engine)
    if read is None or not ct.config:
        return []
    try:
        return list(read(read_text(host.path(ct.config))))
    except Unavailable:
        return []


def clean(words: list[str]) -> Iterator[str]:
    seen = set()
    for word in words:
        try:
            address = ip_address(word.partition("/")[0])
        except ValueError:
            continue  # dhcp, a typing error: no address in any case
        if address not in seen and not (address.is_unspecified or address.is_loopback):
            seen.add(address)
            yield str(address)


def openvz(text: str) -> Iterator[str]:
    """CTID.conf: IP_ADDRESS, separated by blanks, Virtuozzo with /NETMASK."""
    yield from settings(text).get("IP_ADDRESS", "").split()


def lxc(text: str) -> Iterator[str]:
    """config: `ADDRESS/PREFIX [BROADCAST]`, several of them; lxc.network.* up to LXC 2."""
    for line in text.split("\n"):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not key.startswith(("lxc.net.", "lxc.network.")):
            continue
        if key.endswith((".ipv4", ".ipv4.address", ".ipv6", ".ipv6.address")):
            yield from value.split()[:1]


def pve(text: str) -> Iterator[str]:
    """CTID.conf: netN with ip= and ip6=, where `dhcp`, `manual` and `auto` are no addresses."""
    keys = proxmox.parse_config(text)
    for key in sorted(key for key in keys if key.startswith("net") and key[3:].isdecimal()):
        for option in keys[key].split(","):
            name, _, value = option.partition("=")
            if name in ("ip", "ip6") and value not in NO_ADDRESS:
                yield value


def docker(text: str) -> Iterator[str]:
    """config.v2.json; a stopped CT's networks have empty addresses."""
    try:
        networks = json.loads(text)["NetworkSettings"]["Networks"].values()
        for network in networks:
            for key in ("IPAddress", "GlobalIPv6Address"):
                yield str(network.get(key, ""))
    except (ValueError, KeyError, TypeError, AttributeError):
        return  # half written: next time


READERS: dict[str, Callable[[str], Iterator[str]]] = {
    "openvz": openvz,
    "lxc": lxc,
    "proxmox": pve,
    "docker": docker,
}
