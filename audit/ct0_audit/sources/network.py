"""What runs when an interface, a link or a tunnel comes and goes.

    /etc/network/interfaces           post-down kill $(pidof dhclient)
    /etc/openvpn/server.conf          up "/etc/openvpn/up.sh"
    /etc/wireguard/wg0.conf           PostDown = pkill -x foo

and the scripts of ifupdown, pppd, dhclient, dhcpcd, NetworkManager, networkd-dispatcher.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Snippet
from ct0_audit.sources.lines import command, shell, without_comments
from ct0_audit.sources.scripts import Found, configured, folders, named, paths_in

KIND = "network"

FOLDERS = (
    *(f"/etc/network/if-{when}.d" for when in ("pre-up", "up", "down", "post-down")),
    *(f"/etc/ppp/{name}.d" for name in ("ip-pre-up", "ip-up", "ip-down", "ipv6-up", "ipv6-down")),
    "/etc/dhcp/dhclient-enter-hooks.d",
    "/etc/dhcp/dhclient-exit-hooks.d",
    "/etc/dhcp/dhclient.d",
    "/usr/lib/dhcpcd/dhcpcd-hooks",
    "/etc/sysconfig/network-scripts",
    "/etc/udhcpc",
    "/etc/openvpn/scripts",
)
NESTED = (
    "/etc/NetworkManager/dispatcher.d",
    "/usr/lib/NetworkManager/dispatcher.d",
    "/etc/networkd-dispatcher",
    "/usr/lib/networkd-dispatcher",
)
SCRIPTS = (
    *(f"/etc/ppp/{name}" for name in ("ip-up", "ip-down", "ipv6-up", "ipv6-down", "auth-up")),
    *(f"/etc/dhcp/dhclient-{when}-hooks" for when in ("enter", "exit")),
    "/etc/dhcpcd.enter-hook",
    "/etc/dhcpcd.exit-hook",
    "/sbin/dhclient-script",
    "/etc/openvpn/update-resolv-conf",
)
IFUPDOWN = re.compile(r"\s*(pre-up|up|post-up|down|pre-down|post-down)\s+(?=\S)")
OPENVPN = re.compile(
    r"\s*(up|down|route-up|route-pre-down|ipchange|client-connect|client-disconnect|learn-address"
    r"|auth-user-pass-verify|tls-verify)\s+(?=[\"'/])"
)
WIREGUARD = re.compile(r"\s*(PreUp|PostUp|PreDown|PostDown)\s*=\s*(?=\S)", re.IGNORECASE)


def read(host: Host) -> Found:
    yield from folders(host, FOLDERS, KIND)
    yield from folders(host, NESTED, KIND, depth=2)
    for path in SCRIPTS:
        yield from named(host, path, KIND)
    interfaces = ["/etc/network/interfaces", *paths_in(host, "/etc/network/interfaces.d")]
    yield from configured(host, interfaces, parse_interfaces)
    tunnels = paths_in(host, "/etc/openvpn", depth=2, ends=(".conf", ".ovpn"))
    yield from configured(host, tunnels, parse_openvpn)
    wireguard = paths_in(host, "/etc/wireguard", ends=(".conf",))
    yield from configured(host, wireguard, parse_wireguard)


def parse_interfaces(text: str, path: str) -> Iterator[Snippet]:
    """The commands of interfaces(5), which sh runs."""
    for line in without_comments(text, join=True):
        begins = IFUPDOWN.match(line.text)
        if begins:
            yield shell(line.part(begins.end()), path, KIND, f"{begins[1]} of interfaces")


def parse_openvpn(text: str, path: str) -> Iterator[Snippet]:
    """OpenVPN's hooks, which are run without a shell."""
    for line in without_comments(text, "#;"):
        begins = OPENVPN.match(line.text)
        if begins:
            ran = line.part(begins.end()).stripped().unquoted()
            yield command(ran, path, KIND, f"{begins[1]} of OpenVPN")


def parse_wireguard(text: str, path: str) -> Iterator[Snippet]:
    """wg-quick's hooks, which bash runs."""
    for line in without_comments(text):
        begins = WIREGUARD.match(line.text)
        if begins:
            yield shell(line.part(begins.end()), path, KIND, f"{begins[1]} of wg-quick")
