"""containerd and CRI-O, alone or under Kubernetes.

/kubepods.slice/kubepods-pod<uid>.slice/cri-containerd-<64 hex>.scope
/kubepods/burstable/pod<uid>/<64 hex>
/kubepods.slice/.../crio-<64 hex>.scope
/default/web1                                             ctr run, namespace "default"
/system.slice/crio-conmon-<64 hex>.scope                  CRI-O's monitor: CT0's own
"""

from __future__ import annotations

from ct0.engines.mark import Mark, is_id, scope_id

# containerd's own namespaces, which `ctr` and `nerdctl` use as the first component.
NAMESPACES = frozenset(("default", "k8s.io", "moby", "buildkit"))
PREFIXES = ("cri-containerd-", "nerdctl-", "crio-", "containerd-")


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for part in parts:
        if part.startswith("crio-conmon-"):
            return None
    for depth, part in enumerate(parts, 1):
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
