"""Proxmox VE: LXC underneath, with /etc/pve/lxc/CTID.conf as the configuration.

/lxc/101/ns[/...]
"""

from __future__ import annotations

from ct0.engines.mark import Mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ct0.container import CT
    from ct0.host import Host


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts):
        if part == "lxc" and parts[depth + 2 : depth + 3] == ["ns"] and parts[depth + 1].isdigit():
            return Mark(depth + 2, parts[depth + 1])
    return None


def configured(host: Host, commands: list[list[str]]) -> Iterator[CT]:
    """Every /etc/pve/lxc/CTID.conf of this node."""
    from ct0.container import CT
    from ct0.errors import Unavailable
    from ct0.text import entries, read_text

    for name in entries(host.path("/etc/pve/lxc")):
        ctid, dot, kind = name.partition(".")
        if not ctid.isdigit() or dot + kind != ".conf":
            continue
        config = f"/etc/pve/lxc/{name}"
        try:
            keys = parse_config(read_text(host.path(config)))
        except Unavailable:
            keys = {}  # it exists, which is what counts; /etc/pve is root's and www-data's
        # The volume is mounted here while the CT runs.
        yield CT(
            "proxmox",
            ctid,
            keys.get("hostname", ""),
            config=config,
            root=f"/var/lib/lxc/{ctid}/rootfs",
            autostart=keys.get("onboot", "0") == "1" if keys else None,
        )


def parse_config(text: str) -> dict[str, str]:
    """pct.conf(5): `key: value` lines; what follows the first `[snapshot]` line is the past."""
    keys = {}
    for line in text.split("\n"):
        if line.startswith("["):
            break
        key, colon, value = line.partition(":")
        if colon and not line.startswith("#"):
            keys[key.strip()] = value.strip()
    return keys
