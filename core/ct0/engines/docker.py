"""Docker: dockerd's containers, rootless ones too.

/system.slice/docker-<64 hex>.scope                       systemd driver
/docker/<64 hex>                                          cgroupfs driver
/user.slice/.../user.slice/docker-<64 hex>.scope          rootless
/any/parent/<64 hex>                                      --cgroup-parent, cgroupfs driver
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
        found = scope_id(part, "docker-") or (part if is_id(part) else None)
        if found:
            return Mark(depth, found)
    return None


def configured(host: Host, commands: list[list[str]]) -> Iterator[CT]:
    """Every containers/<64 hex>/config.v2.json below dockerd's data root."""
    import json

    from ct0.container import CT, FROZEN, STOPPED
    from ct0.errors import Unavailable
    from ct0.text import entries, read_text

    for data in data_roots(host, commands):
        for ctid in entries(host.path(f"{data}/containers")):
            config = f"{data}/containers/{ctid}/config.v2.json"
            try:
                record = json.loads(read_text(host.path(config)))
                state, name = record["State"], record["Name"].lstrip("/")
                driver = str(record.get("Driver", "overlay2"))
                frozen, pid = state.get("Paused") is True, int(state.get("Pid") or 0)
                by_hand = record.get("HasBeenManuallyStopped") is True
            except Unavailable:
                continue
            except (ValueError, KeyError, TypeError, AttributeError):
                yield CT("docker", ctid, config=config)  # half written: it exists all the same
                continue
            yield CT(
                "docker",
                ctid,
                name,
                FROZEN if frozen else STOPPED,
                init_pid=pid,
                config=config,
                root=root(host, data, driver, ctid),
                autostart=restarts(host, f"{data}/containers/{ctid}/hostconfig.json", by_hand),
            )


def restarts(host: Host, path: str, by_hand: bool) -> bool | None:
    """Whether dockerd starts the CT when it is started itself; `by_hand`: somebody stopped it."""
    import json

    from ct0.errors import Unavailable
    from ct0.text import read_text

    try:
        policy = json.loads(read_text(host.path(path)))["RestartPolicy"]["Name"]
    except (Unavailable, ValueError, KeyError, TypeError):
        return None
    return policy == "always" or (policy == "unless-stopped" and not by_hand)


def root(host: Host, data: str, driver: str, ctid: str) -> str:
    """Where the CT's root is mounted while it runs: the layer store says under which number."""
    from ct0.errors import Unavailable
    from ct0.text import read_text

    try:
        mount = read_text(host.path(f"{data}/image/{driver}/layerdb/mounts/{ctid}/mount-id"))
    except Unavailable:
        return ""
    return f"{data}/vfs/dir/{mount}" if driver == "vfs" else f"{data}/{driver}/{mount}/merged"


def data_roots(host: Host, commands: list[list[str]]) -> list[str]:
    """The default one, the one of daemon.json, and those of running dockerds' command lines."""
    import json

    from ct0.errors import Unavailable
    from ct0.text import read_text

    found = ["/var/lib/docker"]
    try:
        found.append(json.loads(read_text(host.path("/etc/docker/daemon.json")))["data-root"])
    except (Unavailable, ValueError, KeyError, TypeError):
        pass  # no such file, or dockerd itself would refuse it: the default stands
    for command in commands:
        if command and command[0].rpartition("/")[2] == "dockerd":
            for word, value in zip(command, command[1:] + [""]):
                key, equals, rest = word.partition("=")
                if key in ("--data-root", "-g", "--graph"):
                    found.append(rest if equals else value)
    paths = [path.rstrip("/") for path in found if isinstance(path, str) and path.startswith("/")]
    return list(dict.fromkeys(paths))
