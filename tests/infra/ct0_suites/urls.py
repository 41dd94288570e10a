"""URLs of machines and containers: who is meant, and the way there.

local://                                  this machine
ssh://root@node1:2222                     a machine
ct://web*                                 containers of this machine, by name or CTID
ct+ssh://root@node1?container=web*        containers of a node
ct+ssh://root@node1                       the node and all its containers
ct+ssh://root@node1?container=0           the node alone; 0 is OpenVZ's own word for the host
openvz://101  lxc-attach+ssh://node1      by one engine's own command (`SCHEMES`)
nsenter://4711                            the namespaces of a process

Options: container, ssh_config, ssh_identity_file, timeout (seconds of one command) and sudo (true:
what the machine runs, it runs by sudo). testinfra keeps these and a URL's authority, and nothing
else of it (testinfra.backend.parse_hostspec, 10.2): no path, no other option.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from ct0.text import plain
from ct0_suites.expectations.files import Wrong

# Scheme -> the engine whose containers it is about ("": any) and the commands that may enter them
# (none: what their engine has, `ct0_suites.entering`). docker, podman and lxc are testinfra's own.
SCHEMES: dict[str, tuple[str, tuple[str, ...]]] = {
    "ct": ("", ()),
    "openvz": ("openvz", ("vzctl",)),
    "virtuozzo": ("openvz", ("prlctl",)),
    "lxc-attach": ("lxc", ("lxc-attach",)),
    "incus": ("incus", ("incus",)),
    "lxd": ("incus", ("lxc",)),
    "pct": ("proxmox", ("pct",)),
    "nspawn": ("nspawn", ()),
    "docker-exec": ("docker", ("docker",)),
    "podman-exec": ("podman", ("podman",)),
    "containerd": ("containerd", ()),
    "nsenter": ("", ("nsenter",)),
}
THEIRS = {"docker": "docker-exec", "podman": "podman-exec", "lxc": "lxd"}
OPTIONS = ("container", "ssh_config", "ssh_identity_file", "timeout", "sudo")
LONGEST = 1000  # characters of a URL

USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+\\$-]{0,63}")
HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}")
IPV6 = re.compile(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]{1,15})?")


class Address(NamedTuple):
    """Whom a URL means. `host` is "" for this machine, `pattern` "" for a machine with all its
    containers, "0" for the machine alone."""

    scheme: str  # local, ssh, or of SCHEMES
    host: str = ""  # without brackets
    user: str = ""
    port: int = 0
    pattern: str = ""  # of containers, as a shell pattern
    ssh_config: str = ""
    ssh_identity_file: str = ""
    timeout: float = 0.0  # seconds of one command; 0: as everybody's
    sudo: bool = False

    @property
    def destination(self) -> str:
        """As ssh takes it."""
        return f"{self.user}@{self.host}" if self.user else self.host

    @property
    def name(self) -> str:
        """What the URL calls the machine, without user; "" for this one."""
        host = f"[{self.host}]" if self.port and ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host

    @property
    def alone(self) -> bool:
        """Whether the machine is meant without its containers."""
        return self.scheme in ("local", "ssh") or self.pattern == "0"


def parse_url(text: str) -> Address:
    """Raises Wrong: what is wrong with it, in a line."""
    if len(text) > LONGEST:
        raise Wrong(f"{plain(text, 40)}…: longer than {LONGEST} characters")
    scheme, colon, rest = text.partition("://")
    if not colon:
        raise Wrong(f"{plain(text)}: no URL such as ct+ssh://root@node1?container=web*")
    if "#" in rest:
        raise Wrong(f"{plain(text)}: # has no meaning in it; write %23")
    authority, question, query = rest.partition("?")
    if question and not query:
        raise Wrong(f"{plain(text)}: ? begins the options; write %3F in a pattern")
    if "/" in authority.rstrip("/") or authority.count("/") > 1:
        raise Wrong(f"{plain(text)}: nothing may follow the name; a container is ?container=NAME")
    try:
        return address(scheme, authority.rstrip("/"), options(query))
    except Wrong as error:
        raise Wrong(f"{plain(text)}: {error}") from None


def options(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in query.split("&") if query else ():
        key, equals, value = pair.partition("=")
        if key not in OPTIONS:
            raise Wrong(f"no option {plain(key)!r}; there are {', '.join(OPTIONS)}")
        if key in found:
            raise Wrong(f"{key} is given twice")
        found[key] = decoded(value.replace("+", " "))
        if not equals or not found[key]:
            raise Wrong(f"{key} has no value")
    return found


def decoded(text: str) -> str:
    try:
        found = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise Wrong(f"{plain(text)!r} is no UTF-8") from None
    if not found.isprintable():
        raise Wrong(f"{plain(found)!r} has characters that nobody can see")
    return found


def address(scheme: str, authority: str, given: Mapping[str, str]) -> Address:
    """Of a URL's parts; `given` are its options. Raises Wrong."""
    base, plus, way = scheme.partition("+")
    if (base not in SCHEMES and scheme not in ("local", "ssh")) or (plus and way != "ssh"):
        hint = f"; docker, podman and lxc are testinfra's: {THEIRS[base]}" if base in THEIRS else ""
        known = ", ".join(("local", "ssh", *SCHEMES))
        raise Wrong(f"no scheme {plain(scheme)!r}{hint}; there are {known}, and each +ssh")
    remote = bool(plus) or scheme == "ssh"
    found = Address(
        base,
        pattern=given.get("container", ""),
        ssh_config=given.get("ssh_config", ""),
        ssh_identity_file=given.get("ssh_identity_file", ""),
        timeout=seconds(given["timeout"]) if "timeout" in given else 0.0,
        sudo=truth(given.get("sudo", "false")),
    )
    if found.pattern and base in ("local", "ssh"):
        raise Wrong(f"{base}:// is a machine; its containers are ct{'+ssh' * remote}://")
    if remote:
        found = at(found, authority)
    elif found.ssh_config or found.ssh_identity_file:
        raise Wrong(f"{base}:// goes nowhere by ssh; {base}+ssh:// does")
    elif base == "local":
        if authority:
            raise Wrong("local:// is this machine and has no name")
    elif authority and found.pattern:
        raise Wrong(f"the container is given twice; {base}+ssh:// is for those of a node")
    elif authority:
        found = found._replace(pattern=decoded(authority))
    if base == "nsenter" and not re.fullmatch("[1-9][0-9]{0,9}", found.pattern):
        raise Wrong("nsenter needs the PID of a process")
    return found


def at(found: Address, authority: str) -> Address:
    """With the machine that an authority names: [user@]host[:port]."""
    user, sign, place = authority.rpartition("@")
    if ":" in user:
        raise Wrong("no passwords in a URL, everybody sees them: use a key")
    user = decoded(user)
    if sign and not USER.fullmatch(user):
        raise Wrong(f"no user {plain(user)!r}")
    if place.startswith("["):
        host, bracket, port = place[1:].partition("]")
        host, form = decoded(host), IPV6
        if not bracket or (port and not port.startswith(":")):
            raise Wrong("an IPv6 address is written [2001:db8::1], then :port")
    else:
        host, _, port = place.partition(":")
        host, form, port = decoded(host), HOST, place[len(host) :] if ":" in place else ""
        if port.count(":") > 1:
            raise Wrong("an IPv6 address is written in brackets: [2001:db8::1]")
    if not host:
        raise Wrong("it names no machine")
    if not form.fullmatch(host):
        raise Wrong(f"no machine's name: {plain(host)!r}")
    if port and not (re.fullmatch(":[0-9]{1,5}", port) and 0 < int(port[1:]) < 65536):
        raise Wrong(f"no port: {plain(port[1:])!r}")
    return found._replace(host=host, user=user, port=int(port[1:]) if port else 0)


def seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,3})?", text) or float(text) == 0:
        raise Wrong(f"timeout is a number of seconds, not {plain(text)!r}")
    return float(text)


def truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise Wrong(f"sudo is true or false, not {plain(text)!r}")
    return text.lower() == "true"
