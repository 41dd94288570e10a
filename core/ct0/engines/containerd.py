"""containerd and CRI-O, alone or under Kubernetes.

/kubepods.slice/kubepods-pod<uid>.slice/cri-containerd-<64 hex>.scope
/kubepods/burstable/pod<uid>/<64 hex>
/kubepods.slice/.../crio-<64 hex>.scope
/default/web1                                             ctr run, namespace "default"
/system.slice/crio-conmon-<64 hex>.scope                  CRI-O's monitor: CT0's own
"""

from __future__ import annotations

from ct0.engines.mark import Mark, is_id, scope_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ct0.container import CT
    from ct0.host import Host

# containerd's own namespaces, which `ctr` and `nerdctl` use as the first component.
NAMESPACES = frozenset(("default", "k8s.io", "moby", "buildkit"))
PREFIXES = ("cri-containerd-", "nerdctl-", "crio-", "containerd-")


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts, 1):
        # Only above every container's mark: below it the names are the container's to choose.
        if scope_id(part, "crio-conmon-") and parts[0] not in NAMESPACES:
            return None
        if is_id(part):
            break
        for prefix in PREFIXES:
            found = scope_id(part, prefix)
            if found:
                return Mark(depth, found)

    if len(parts) >= 2 and parts[0] in NAMESPACES:
        return Mark(2, parts[1])

    pods = [depth for depth, part in enumerate(parts) if part.startswith("kubepods")]
    if not pods:
        return None
    for depth, part in enumerate(parts, 1):
        if is_id(part):
            return Mark(depth, part)
    # Some process of a pod under a name not known here: whoever it is, it is not CT0's.
    return Mark(len(parts), parts[-1]) if len(parts) > pods[0] + 1 else None


def configured(host: Host, commands: list[list[str]]) -> Iterator[CT]:
    """The tasks in containerd's state folder. CTs without a task are in its database only, which no
    library of Python's reads: they are not listed. Docker's own (namespace moby) are Docker's."""
    import json

    from ct0.container import CT
    from ct0.errors import Unavailable
    from ct0.text import entries, read_text

    state = "/run/containerd/io.containerd.runtime.v2.task"
    for namespace in entries(host.path(state)):
        for ctid in entries(host.path(f"{state}/{namespace}")) if namespace != "moby" else ():
            bundle = f"{state}/{namespace}/{ctid}"
            try:
                record = json.loads(read_text(host.path(f"{bundle}/config.json")))
                notes = record.get("annotations") or {}
                name = notes.get("io.kubernetes.cri.container-name") or ctid
                path = str(record["root"]["path"])
            except Unavailable:
                continue
            except (ValueError, KeyError, TypeError, AttributeError):
                name, path = ctid, ""
            try:
                pid = int(read_text(host.path(f"{bundle}/init.pid")))
            except (Unavailable, ValueError):
                pid = 0
            root = path if path.startswith("/") or not path else f"{bundle}/{path}"
            yield CT(
                "containerd", ctid, name, init_pid=pid, config=f"{bundle}/config.json", root=root
            )
