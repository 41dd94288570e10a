"""The root file systems: Debian 12 with sysvinit and with systemd, Debian 13, and a small one."""

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
from .minimal import extended

# PID 1 of an app CT: it reaps what it adopts, and ends when asked to.
APP_INIT = ("/bin/sh", "-c", "trap exit TERM PWR; sleep 86400 & wait")
APP_INIT_SCRIPT = f"#!{APP_INIT[0]}\n{APP_INIT[2]}\n"


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

# Debian's packages whose init scripts look their daemon up by name: see initscripts.py.
NODE_PACKAGES = ("lxc", "sysvinit-utils", "python3", "rsyslog", "bind9", "exim4-daemon-light")

# Only tests start these, and no bridge is waited for.
NODE_HOOKS = (
    'rm -f "$1"/etc/rc?.d/S??named "$1"/etc/rc?.d/S??exim4',
    'rm -f "$1"/etc/systemd/system/multi-user.target.wants/named.service',
    'echo USE_LXC_BRIDGE=false >"$1/etc/default/lxc-net"',
    'echo lxc.net.0.type = empty >"$1/etc/lxc/default.conf"',
)

NODE_SYSTEMD = Recipe(
    "node-systemd", "bookworm", SYSTEMD.packages + NODE_PACKAGES, SYSTEMD.hooks + NODE_HOOKS
)

NODE_SYSVINIT = Recipe(
    "node-sysvinit", "bookworm", SYSVINIT.packages + NODE_PACKAGES, SYSVINIT.hooks + NODE_HOOKS
)

# What runs in the node's CTs: the same services as CT0's.
NODE_CT = Recipe(
    "node-ct", "bookworm", (*SYSVINIT.packages, "bind9", "exim4-daemon-light"), SYSVINIT.hooks
)

# The fleet's: two nodes reached over ssh and managed by Puppet, and what runs in their CTs. Host
# keys are made for each run, and nothing but the fleet's own file is in cron's folders.
FLEET_PACKAGES = ("cron", "dbus", "iproute2", "procps", "puppet-agent", "systemd", "systemd-sysv")
FLEET_NODE_PACKAGES = (*FLEET_PACKAGES, "lxc", "openssh-server", "python3", "sysvinit-utils")
FLEET_NODE_HOOKS = (
    'echo USE_LXC_BRIDGE=false >"$1/etc/default/lxc-net"',
    'rm -f "$1"/etc/ssh/ssh_host_*',
)

FLEET_BOOKWORM = Recipe(
    "fleet-bookworm", "bookworm", (*FLEET_NODE_PACKAGES, "nftables"), FLEET_NODE_HOOKS
)
FLEET_TRIXIE = Recipe(
    "fleet-trixie", "trixie", (*FLEET_NODE_PACKAGES, "iptables"), FLEET_NODE_HOOKS
)
FLEET_CT_SYSVINIT = Recipe(
    "fleet-ct-sysvinit",
    "bookworm",
    ("cron", "iproute2", "iptables", "procps", "puppet-agent", "sysvinit-core", "sysvinit-utils"),
    (NO_GETTYS,),
)
FLEET_CT_SYSTEMD = Recipe("fleet-ct-systemd", "trixie", (*FLEET_PACKAGES, "nftables"), ())

# A bare node for Puppet to install ct0 on: what the module leaves to the host's owner (NRPE, sudo),
# and what ct0's Debian packages depend on, for it reaches no archive but one in a folder.
PUPPET_NODE_PACKAGES = (
    "nagios-nrpe-server",
    "psmisc",
    "puppet-module-puppetlabs-stdlib",
    "python3-aiohttp",
    "python3-bcrypt",
    "python3-jsonschema",
    "python3-nagiosplugin",
    "python3-psutil",
    "python3-venv",
    "python3-yaml",
    "sudo",
)
# The incumbents' own packages, to be installed again over what replaced them; NRPE answers the lab.
PUPPET_NODE_HOOKS = (
    "mkdir /srv/upgrades && cd /srv/upgrades && apt-get -qq -o APT::Sandbox::User=root download"
    " procps psmisc sysvinit-utils",
    "echo allowed_hosts=10.0.0.0/8 >/etc/nagios/nrpe_local.cfg",
)
PUPPET_NODE_BOOKWORM = Recipe(
    "puppet-node-bookworm", "bookworm", PUPPET_NODE_PACKAGES, PUPPET_NODE_HOOKS
)
PUPPET_NODE_TRIXIE = Recipe("puppet-node-trixie", "trixie", PUPPET_NODE_PACKAGES, PUPPET_NODE_HOOKS)
# And pytest with a testinfra that is new enough for the suites' plugin.
DEBS_TRIXIE = Recipe("debs-trixie", "trixie", ("python3-pytest", "python3-testinfra"), ())
# A host whose packet filter is iptables' and Puppet's, with the service that loads it at boot.
PUPPET_IPTABLES = Recipe(
    "puppet-iptables",
    "trixie",
    (
        "iptables-persistent",
        "nftables",
        "puppet-module-puppetlabs-stdlib",
        "python3-jsonschema",
        "python3-yaml",
    ),
    (),
)
# The roots these are added to.
BASES = {
    PUPPET_IPTABLES.name: FLEET_TRIXIE,
    PUPPET_NODE_BOOKWORM.name: FLEET_BOOKWORM,
    PUPPET_NODE_TRIXIE.name: FLEET_TRIXIE,
    DEBS_TRIXIE.name: PUPPET_NODE_TRIXIE,
}

# What diversions are tried on: the incumbents with their own archives in /srv/own, and the Python
# that the shims run on. The first has its way to Debian 13 with it, package lists and archives, so
# that its upgrade needs no network.
DIVERTED = ("procps", "psmisc", "sysvinit-utils")
OWN_ARCHIVES = (
    'mkdir "$1/srv/own" && cd "$1/srv/own" &&'
    f' APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qq download {" ".join(DIVERTED)}'
)
TO_TRIXIE = (
    'sed -i s/bookworm/trixie/ "$1/etc/apt/sources.list"',
    'mkdir -p "$1/srv/apt/lists/partial" "$1/srv/apt/archives/partial"',
    'for verb in update "dist-upgrade --yes --download-only"; do'
    ' APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qq -o Dir::State::Lists="$1/srv/apt/lists"'
    ' -o Dir::Cache::Archives="$1/srv/apt/archives" $verb || exit 1; done',
)
DIVERT_BOOKWORM = Recipe(
    "divert-bookworm", "bookworm", (*DIVERTED, "python3"), (OWN_ARCHIVES, *TO_TRIXIE)
)
DIVERT_TRIXIE = Recipe("divert-trixie", "trixie", (*DIVERTED, "python3"), (OWN_ARCHIVES,))


def rootfs(recipe: Recipe) -> Path:
    """The recipe's tree; read-only by convention, every CT gets an overlay of it."""
    if recipe.name in BASES:
        return _added(recipe, rootfs(BASES[recipe.name]))

    def build(target: Path) -> None:
        options = [f"--include={','.join(recipe.packages)}"]
        options += [f"--customize-hook={hook}" for hook in recipe.hooks]
        extended(recipe.suite, target, options)
        # mmdebstrap makes the top folder 0700 when run with a strict umask; a CT's users need it.
        target.chmod(0o755)

    return cache.built(f"rootfs-{recipe.name}", json.dumps(recipe), build)


def _added(recipe: Recipe, base: Path) -> Path:
    """The base's tree with more packages in it: a quarter of the time of building it anew."""

    def build(target: Path) -> None:
        call(["cp", "-a", "--reflink=auto", str(base), str(target)], timeout=300)
        resolver = target / "etc/resolv.conf"
        before = resolver.read_bytes() if resolver.exists() else None
        resolver.write_bytes(Path("/etc/resolv.conf").read_bytes())
        policy = target / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        policy.chmod(0o755)
        alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec"]
        # System users and byte code are made by maintainer scripts, which want a /proc.
        enter = 'mount -t proc proc "$0/proc"; exec chroot "$0" "$@"'
        apt = ["apt-get", "-qq", "-o", "Acquire::Retries=3"]
        install = [*apt, "install", "--yes", "--no-install-recommends", *recipe.packages]
        hooks = [["sh", "-ec", hook] for hook in recipe.hooks]
        for command in ([*apt, "update"], install, *hooks, ["apt-get", "clean"]):
            line = [*alone, enter, str(target), *command]
            call(
                line, timeout=600, env={**system_environment(), "DEBIAN_FRONTEND": "noninteractive"}
            )
        shutil.rmtree(target / "var/lib/apt/lists")
        policy.unlink()
        if before is None:
            resolver.unlink()
        else:
            resolver.write_bytes(before)

    return cache.built(f"rootfs-{recipe.name}", json.dumps([recipe, base.name]), build)


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
        (target / "sbin/init").write_text(APP_INIT_SCRIPT, encoding="ascii")
        (target / "sbin/init").chmod(0o755)
        (target / "etc/passwd").write_text("root::0:0:root:/:/bin/sh\n", encoding="ascii")
        (target / "etc/group").write_text("root:x:0:\n", encoding="ascii")

    stamp = [
        APP_INIT_SCRIPT,
        *(f"{path} {os.stat(path).st_size}" for path in [str(busybox), *libraries]),
    ]
    return cache.built("rootfs-app", json.dumps(stamp), build)


def _libraries(program: str) -> list[str]:
    """Absolute paths of the shared objects `ldd` names, the dynamic loader among them."""
    found = re.findall(r"(/\S+) \(0x", call(["ldd", program]).stdout)
    if not found:
        raise LabError(f"ldd {program}: names no library; the lab needs a dynamic /usr/bin/sleep")
    return found
