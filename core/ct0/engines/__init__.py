"""The container engines, one module each, in one literal table.

A module offers
    payload(controllers, parts)  the mark its CTs' processes carry in a cgroup path, or None;
    configured(host)             the CTs its files on CT0 name, running or not (`ct0.containers`).

Lean: shims import all of them for `payload`, so a module imports nothing heavy at its top.
"""

from __future__ import annotations

from ct0.engines import containerd, docker, incus, libvirt, lxc, nspawn, openvz, podman, proxmox

# Order matters only where two marks end at the same component: the more special first.
ENGINES = {
    "openvz": openvz,
    "proxmox": proxmox,
    "incus": incus,
    "lxc": lxc,
    "podman": podman,
    "containerd": containerd,
    "docker": docker,
    "nspawn": nspawn,
    "libvirt": libvirt,
}
