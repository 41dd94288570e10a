"""LXC, and the cgroup layout it shares with LXD, Incus and Proxmox VE.

/lxc.payload.web1[/...]         LXC 4 and later, LXD, Incus
/lxc.payload/web1               LXC 3.1
/lxc/web1                       before; the monitor sat in it as well, so the mark is weak
/lxc/101/ns                     Proxmox VE (lxc.cgroup.dir.container.inner = ns)
/lxc.monitor.web1, /lxc.monitor/101     the monitor: CT0's own
"""

from __future__ import annotations

from ct0.engines.mark import Mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ct0.container import CT
    from ct0.host import Host


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts, 1):
        if part.startswith("lxc.payload.") and len(part) > 12:
            return Mark(depth, part[12:])
        if part == "lxc.payload" and depth < len(parts):
            return Mark(depth + 1, parts[depth])
        if part == "lxc" and depth < len(parts):
            inner = parts[depth + 1 : depth + 2] == ["ns"]
            return Mark(depth + 1, parts[depth], weak=not inner)
    return None


def configured(host: Host, commands: list[list[str]]) -> Iterator[CT]:
    """Every CT with a `config` below an lxcpath: the default one, and those of running monitors."""
    from ct0.container import CT
    from ct0.errors import Unavailable
    from ct0.text import entries, read_text

    for folder in ["/var/lib/lxc", *monitored(commands)]:
        for name in entries(host.path(folder)):
            config = f"{folder}/{name}/config"
            try:
                keys = parse_config(read_text(host.path(config)))
            except Unavailable:
                continue  # another user's, or no CT at all
            yield CT(
                "lxc",
                name,
                keys.get("lxc.uts.name") or name,
                config=config,
                root=root(keys),
                autostart=keys.get("lxc.start.auto", "0") == "1",
            )


def monitored(commands: list[list[str]]) -> list[str]:
    """The lxcpaths of running monitors, from their titles: `[lxc monitor] /srv/lxc web1`."""
    paths = []
    for command in commands:
        words = " ".join(command).split()
        if words[:2] == ["[lxc", "monitor]"] and len(words) >= 4 and words[2].startswith("/"):
            paths.append(words[2].rstrip("/"))
    return sorted(set(paths) - {"/var/lib/lxc"})


def parse_config(text: str) -> dict[str, str]:
    """lxc.container.conf(5): `key = value` lines; included files are not followed."""
    from ct0.text import settings

    return settings(text)


def root(keys: dict[str, str]) -> str:
    """The root directory: dir:/srv/lxc/web1/rootfs -> /srv/lxc/web1/rootfs; others as written."""
    path = keys.get("lxc.rootfs.path") or keys.get("lxc.rootfs", "")
    kind, colon, rest = path.partition(":")
    return rest if colon and kind == "dir" else path
