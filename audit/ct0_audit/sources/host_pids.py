"""Containers that share the host's PIDs, running or only configured; and hooks of their managers.

"PidMode": "host"                         /var/lib/docker/containers/ID/hostconfig.json
pid: host                                 a compose file
{"linux": {"namespaces": []}}             Podman's config.json, with no "pid" in it
hostPID: true                             /etc/kubernetes/manifests
PodmanArgs=--pid=host                     /etc/containers/systemd/web.container
docker run --pid=host                     ExecStart= of a unit
lxc.namespace.share.pid = /proc/1/ns/pid  /var/lib/lxc/NAME/config
lxc.hook.post-stop = /usr/local/bin/x     runs on the host
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import Direct, Snippet
from ct0_audit.sources.lines import Line, command, direct, lines, without_comments
from ct0_audit.sources.scripts import Found, configured, folders, paths_in
from ct0_audit.sources.yaml_nodes import documents, value, walk, whole_line

KIND = "container"

COMPOSE = ("/etc/compose", "/etc/docker", "/etc/docker-compose", "/opt", "/srv", "/root")
COMPOSE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")
UNITS = ("/etc/systemd/system", "/usr/lib/systemd/system", "/etc/containers/systemd")
DOCKER = "/var/lib/docker/containers"
PODMAN = "/var/lib/containers/storage/overlay-containers"
LXC = ("/var/lib/lxc", "/etc/pve/lxc")
HOOKS_OF_OPENVZ = ("/etc/vz/conf", "/etc/pve/hooks", "/var/lib/vz/snippets", "/etc/vz/ext.d")

RUN = re.compile(r"\b(?:docker|podman|nerdctl|PodmanArgs)\b.*--pid[= ]\"?host\b")
SHARED = re.compile(r"\s*lxc\.namespace\.(share|keep)(?:\.pid)?\s*[=:]\s*(\S.*)")
HOOK = re.compile(
    r"\s*(lxc\.hook\.(?:pre-start|start-host|post-stop|clone|destroy|stop))\s*[=:]\s*(?=\S)"
)


def read(host: Host) -> Found:
    compose = paths_in(host, *COMPOSE, depth=2, ends=COMPOSE_NAMES)
    yield from configured(host, compose, parse_yaml)
    manifests = paths_in(host, "/etc/kubernetes/manifests", ends=(".yaml", ".yml", ".json"))
    yield from configured(host, manifests, parse_yaml)
    units = paths_in(host, *UNITS, depth=1, ends=(".service", ".container", ".conf", ".pod"))
    yield from configured(host, units, parse_unit_lines)  # what they run is systemd.py's
    docker = paths_in(host, DOCKER, depth=1, ends=("hostconfig.json",))
    yield from configured(host, docker, parse_hostconfig)
    podman = paths_in(host, PODMAN, depth=2, ends=("config.json",))
    yield from configured(host, podman, parse_oci)
    yield from configured(host, _lxc(host), parse_lxc)
    yield from folders(host, HOOKS_OF_OPENVZ, KIND, "run by the container manager", only=_is_hook)
    yield from _running(host)


def _lxc(host: Host) -> list[str]:
    found = []
    for folder in LXC:
        try:
            names = files.names(host, folder)
        except files.Unreadable:
            continue  # no LXC here
        found += [
            f"{folder}/{name}" if name.endswith(".conf") else f"{folder}/{name}/config"
            for name in names
        ]
    return found


def _is_hook(name: str) -> bool:
    return name.endswith(
        (".mount", ".umount", ".start", ".stop", ".premount", ".postumount", ".sh")
    )


def parse_unit_lines(text: str, path: str) -> Iterator[Direct]:
    """`docker run --pid=host` in a unit, on a line or on those that continue it."""
    for line in without_comments(text, "#;", join=True):
        if RUN.search(line.text.replace("\\\n", "  ")):
            yield _about(line, path)


def parse_yaml(text: str, path: str) -> Iterator[Direct]:
    """Compose files and Kubernetes' manifests. Raises Malformed."""
    for key, node, _ in walk(documents(text, path)):
        if (key == "pid" and value(node) == "host") or (key == "hostPID" and value(node) == "true"):
            yield _about(whole_line(node, text), path)


def parse_hostconfig(text: str, path: str) -> Iterator[Direct]:
    """Docker's own record of a container. Raises Malformed."""
    try:
        shares = json.loads(text).get("PidMode") == "host"
    except (ValueError, AttributeError, RecursionError) as error:
        raise Malformed(path, "no hostconfig.json") from error
    if shares:
        at = max(text.find('"PidMode"'), 0)
        yield _about(Line(1, text).part(at, text.find(",", at)), path)


def parse_oci(text: str, path: str) -> Iterator[Direct]:
    """A bundle's config.json (Open Container Initiative, "Runtime Specification"): a namespace
    that is not listed is the runtime's own. Raises Malformed."""
    try:
        namespaces = json.loads(text)["linux"]["namespaces"]
        kinds = {namespace["type"] for namespace in namespaces}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Malformed(path, "no config.json of a bundle") from error
    if "pid" not in kinds:
        at = max(text.find('"namespaces"'), 0)
        yield _about(Line(1, text).part(at, at + len('"namespaces"')), path)


def parse_lxc(text: str, path: str) -> Iterator[Snippet | Direct]:
    """Namespaces that are shared or kept, and hooks that run on the host."""
    for line in lines(text):
        shared = SHARED.match(line.text)
        if shared and (".pid" in shared[0] or "pid" in shared[2].split()):
            yield _about(line, path)
        hook = HOOK.match(line.text)
        if hook:
            yield command(line.part(hook.end()), path, KIND, hook[1])


def _about(line: Line, path: str) -> Direct:
    detail = "what runs in it sees the host's processes and all containers', and may signal them"
    return direct(line, "CT112", detail, path, KIND)


def _running(host: Host) -> Found:
    """Containers whose processes are, now, in the host's PID namespace."""
    from ct0.containers import containers

    try:
        running = containers(host)
    except (Unavailable, Malformed, OSError):
        return  # a mounted disk has no processes, and nothing is claimed of them
    for ct in running:
        if ct.shares_pids:
            path = ct.config or f"/proc/{ct.init_pid}"
            line = Line(1, f"{ct.engine} {ct.name or ct.ctid}")
            yield _about(line, path)._replace(context=f"{ct.engine} {ct.ctid}, running")
