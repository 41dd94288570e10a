"""A root with rpmbuild and with what reads packages, man pages and completion critically."""

from __future__ import annotations

from pathlib import Path

from .recipes import Recipe, rootfs

PACKAGES = ("bash-completion", "groff-base", "man-db", "mandoc", "rpm", "rpmlint")

TOOLS = Recipe("rpm-tools", "bookworm", PACKAGES, ())


def root() -> Path:
    """The cached tree; nobody writes to it."""
    return rootfs(TOOLS)


if __name__ == "__main__":
    print(root())
