"""The root file systems: Debian 12 with sysvinit, with systemd, and a small one."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from pathlib import Path
from typing import NamedTuple

from . import cache
from .command import LabError, call, system_environment


class Recipe(NamedTuple):
    """What mmdebstrap is told; `hooks` are shell lines run with the tree as "$1"."""

    name: str
    suite: str
    packages: tuple[str, ...]
    hooks: tuple[str, ...]


# The gettys of a CT without terminals die and respawn for ever; only they go.
NO_GETTYS = 'sed -i /getty/d "$1/etc/inittab"'
NO_PASSWORD = 'chroot "$1" passwd --delete root'

SYSVINIT = Recipe(
    "sysvinit",
    "bookworm",
    ("sysvinit-core", "sysvinit-utils", "procps", "psmisc", "rsyslog", "cron", "iproute2"),
    (NO_GETTYS, NO_PASSWORD),
)

SYSTEMD = Recipe(
    "systemd",
    "bookworm",
    ("systemd", "systemd-sysv", "dbus", "procps", "psmisc", "iproute2"),
    (NO_PASSWORD,),
)


def rootfs(recipe: Recipe) -> Path:
    """The recipe's tree; read-only by convention, every CT gets an overlay of it."""

    def build(target: Path) -> None:
        argv = ["mmdebstrap", "--quiet", "--variant=minbase", "--aptopt=Acquire::Retries 3"]
        argv += [f"--include={','.join(recipe.packages)}"]
        argv += [f"--customize-hook={hook}" for hook in recipe.hooks]
        call([*argv, recipe.suite, str(target)], timeout=900, env=system_environment())
        # mmdebstrap makes the top folder 0700 when run with a strict umask; a CT's users need it.
        target.chmod(0o755)

    return cache.built(f"rootfs-{recipe.name}", json.dumps(recipe), build)


def app_rootfs() -> Path:
    """busybox and what a copy of /usr/bin/sleep needs: 4 MB, for engines that import an image."""
    busybox = (
        Path("/usr/bin/busybox") if Path("/usr/bin/busybox").exists() else Path("/bin/busybox")
    )
    libraries = _libraries("/usr/bin/sleep")

    def build(target: Path) -> None:
        for name in (
            "bin",
            "sbin",
            "usr/bin",
            "usr/sbin",
            "proc",
            "sys",
            "dev",
            "etc",
            "tmp",
            "run",
        ):
            (target / name).mkdir(parents=True)
        (target / "tmp").chmod(0o1777)
        os.mknod(target / "dev/null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
        (target / "dev/null").chmod(0o666)
        shutil.copy2(busybox, target / "bin/busybox")
        for applet in call([str(busybox), "--list"]).stdout.split():
            if applet != "busybox":
                os.symlink("/bin/busybox", target / "bin" / applet)
        for library in libraries:
            copy = target / library.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(library, copy)
        (target / "etc/passwd").write_text("root::0:0:root:/:/bin/sh\n", encoding="ascii")
        (target / "etc/group").write_text("root:x:0:\n", encoding="ascii")

    stamp = ["1", *(f"{path} {os.stat(path).st_size}" for path in [str(busybox), *libraries])]
    return cache.built("rootfs-app", json.dumps(stamp), build)


def _libraries(program: str) -> list[str]:
    """Absolute paths of the shared objects `ldd` names, the dynamic loader among them."""
    found = re.findall(r"(/\S+) \(0x", call(["ldd", program]).stdout)
    if not found:
        raise LabError(f"ldd {program}: names no library; the lab needs a dynamic /usr/bin/sleep")
    return found
