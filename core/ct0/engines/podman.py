"""Podman: libpod's containers, in system and user sessions.

/machine.slice/libpod-<64 hex>.scope[/container]          systemd driver
/libpod_parent/libpod-<64 hex>                            cgroupfs driver
/system.slice/web.service/libpod-payload-<64 hex>         --cgroups=split, Quadlet
/machine.slice/libpod-conmon-<64 hex>.scope               the monitor: CT0's own
"""

from __future__ import annotations

from ct0.engines.mark import Mark, is_id, scope_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ct0.container import CT
    from ct0.host import Host


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts, 1):
        found = scope_id(part, "libpod-payload-") or scope_id(part, "libpod-")
        if found:
            return Mark(depth, found)
    return None


def configured(host: Host, commands: list[list[str]]) -> Iterator[CT]:
    """The storage library's containers.json and, for `podman run --rm`, volatile-containers.json;
    for `--rootfs` CTs, which it does not know, the running monitors:
    `conmon ... -c <64 hex> ... -n web1 ...`."""
    import json

    from ct0.container import CT
    from ct0.errors import Unavailable
    from ct0.text import entries, read_text

    storage = "/var/lib/containers/storage"
    names = monitored(commands)
    for folder in entries(host.path(storage)):
        driver, dash, kind = folder.rpartition("-")
        if not dash or kind != "containers":
            continue
        for name in ("containers.json", "volatile-containers.json"):
            config = f"{storage}/{folder}/{name}"
            try:
                for record in json.loads(read_text(host.path(config))):
                    ctid, layer = str(record["id"]), str(record.get("layer", ""))
                    called = str([*record.get("names", []), names.pop(ctid, ""), ""][0])
                    place = root(storage, driver, layer)
                    yield CT("podman", ctid, called, config=config, root=place)
            except (Unavailable, ValueError, KeyError, TypeError, AttributeError):
                pass  # absent or half written: what runs is found by its cgroup all the same
    for ctid, called in names.items():
        yield CT("podman", ctid, called)


def root(storage: str, driver: str, layer: str) -> str:
    if not layer:
        return ""
    return f"{storage}/vfs/dir/{layer}" if driver == "vfs" else f"{storage}/{driver}/{layer}/merged"


def monitored(commands: list[list[str]]) -> dict[str, str]:
    """ID -> name of the CTs whose conmon runs."""
    found = {}
    for command in commands:
        if command and command[0].rpartition("/")[2] == "conmon":
            options = dict(zip(command, command[1:]))
            if is_id(options.get("-c", "")):
                found[options["-c"]] = options.get("-n", "")
    return found
