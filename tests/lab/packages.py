"""The Debian packages the lab runs on, installed when they are missing (`make lab-packages`)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import LabError, attempt, call, system_environment

PACKAGES = (
    "busybox-static",
    "chromium",
    "chromium-driver",
    "containerd",
    "docker.io",
    "e2fsprogs",
    "fuse-overlayfs",
    "iproute2",
    "ipset",
    "iptables",
    "libmonitoring-plugin-perl",
    "lxc",
    "lxd",
    "mmdebstrap",
    "monitoring-plugins-basic",
    "nftables",
    "openssh-client",
    "openssh-server",
    "podman",
    "procps",
    "prometheus",
    "prometheus-node-exporter",
    "prometheus-process-exporter",
    "psmisc",
    "qemu-system-x86",
    "runc",
    "sudo",
    "systemd-container",
    "sysvinit-utils",
    "uidmap",
    "util-linux",
)

POLICY = Path("/usr/sbin/policy-rc.d")


def missing(packages: tuple[str, ...] = PACKAGES) -> list[str]:
    """Which of the packages dpkg does not have installed."""
    asked = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n", *packages]
    lines = attempt(asked).stdout.splitlines()
    return [package for package in packages if f"{package} installed" not in lines]


def ensure(packages: tuple[str, ...] = PACKAGES) -> list[str]:
    """Install what is missing and return its names; LabError when that is not possible."""
    wanted = missing(packages)
    if not wanted:
        return []
    if os.geteuid() != 0:
        raise LabError(f"not root: cannot install {' '.join(wanted)}")
    install = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *wanted]
    with _no_services():
        if attempt(install, timeout=900, env=system_environment()).returncode != 0:
            # The package lists are older than the archive, or there are none at all.
            call(["apt-get", "-qq", "update"], timeout=300, env=system_environment())
            call(install, timeout=900, env=system_environment())
    return wanted


@contextmanager
def _no_services() -> Iterator[None]:
    """Keep maintainer scripts from starting dockerd, lxd and friends: the lab starts its own.

    invoke-rc.d asks /usr/sbin/policy-rc.d first; 101 forbids the action.
    """
    before = POLICY.read_bytes() if POLICY.exists() else None
    POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        if before is None:
            POLICY.unlink()
        else:
            POLICY.write_bytes(before)


def main() -> int:
    """Install what is missing; without root there is no lab, and that is no error."""
    if os.geteuid() != 0:
        print("not root: no packages installed, the lab's tests will be skipped")
        return 0
    try:
        added = ensure()
    except LabError as reason:
        print(f"lab packages: {reason}", file=sys.stderr)
        return 1
    if added:
        print(f"installed {' '.join(added)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
