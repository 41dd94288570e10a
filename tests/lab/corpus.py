"""The corpus: what Debian's daemons bring that the audit reads, unpacked into one root.

The packages are fetched at test time with apt-get and unpacked without being installed, as on a
host that has all of them: files, maintainer scripts, lists of files. What the audit does not read
(documentation, translations, programs that are no scripts) is left out, so that the tree is small.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from . import cache
from .command import LabError, attempt, call, system_environment

# Chosen for having an init script, a unit, a logrotate file, a cron job or maintainer scripts that
# stop something, and for being small; those of the reference (mariadb to openvpn) come first.
DAEMONS = (
    "mariadb-server", "ppp", "nfs-kernel-server", "nfs-common", "apache2", "exim4-base",
    "exim4-daemon-light", "php8.2-fpm", "nscd", "irqbalance", "bind9", "syslog-ng-core", "haproxy",
    "openvpn", "proftpd-core", "amavisd-new", "collectd-core", "clamav-daemon",
    "clamav-freshclam", "acpi-support", "acpi-support-base", "acpid", "anacron", "apcupsd", "at",
    "atop", "autofs", "avahi-daemon", "bacula-fd", "burp", "chkrootkit", "chrony", "conntrackd",
    "corosync", "cron", "cups-daemon", "debian-goodies", "dnsmasq", "drbd-utils", "earlyoom",
    "fail2ban", "gpm", "incron", "inetutils-inetd", "initscripts", "ipvsadm", "irqbalance",
    "keepalived", "lighttpd", "lldpd", "lxcfs", "memcached", "minidlna", "monit", "mosquitto",
    "munin-node", "nagios-nrpe-server", "needrestart", "nginx", "nginx-common", "nsd", "ntpsec",
    "nut-client", "nut-server", "opendkim", "opendmarc", "openssh-server", "pacemaker",
    "pgbouncer", "postgresql-common", "postgrey", "privoxy", "pure-ftpd", "pure-ftpd-common",
    "radvd", "redis-server", "resource-agents", "rkhunter", "rpcbind", "rsync", "rsyslog", "slapd",
    "smartmontools", "snmpd", "spamd", "strongswan-starter", "supervisor", "sysstat",
    "tftpd-hpa", "transmission-daemon", "ulogd2", "uptimed", "vnstat", "vsftpd", "watchdog",
    "winbind", "xinetd", "zabbix-agent",
)  # fmt: skip
# The host itself: whose pidof and which init functions the scripts call.
BASE = ("base-files", "ifupdown", "isc-dhcp-client", "logrotate", "procps", "psmisc",
        "sysvinit-core", "sysvinit-utils")  # fmt: skip
PACKAGES = tuple(dict.fromkeys((*BASE, *DAEMONS)))

LEFT_OUT = ("./usr/share/doc/*", "./usr/share/man/*", "./usr/share/locale/*", "./usr/share/info/*")
KEPT_SIZE = 1 << 20  # bytes; the audit reads nothing larger


def versions() -> dict[str, str]:
    """What the archive offers now: package -> version."""
    asked = ["apt-cache", "show", "--no-all-versions", *PACKAGES]
    found: dict[str, str] = {}
    name = ""
    for line in attempt(asked, env=system_environment()).stdout.splitlines():
        if line.startswith("Package: "):
            name = line.split()[1]
        elif line.startswith("Version: "):
            found.setdefault(name, line.split()[1])
    missing = set(PACKAGES) - set(found)
    if missing:
        raise LabError(f"apt offers no {' '.join(sorted(missing))}: apt-get update")
    return found


def corpus() -> tuple[Path, dict[str, str]]:
    """The root, built when one of the packages' versions is new, and the versions in it."""
    try:
        offered = versions()
    except LabError:
        call(["apt-get", "-qq", "update"], timeout=300, env=system_environment())
        offered = versions()
    recipe = json.dumps([offered, LEFT_OUT, KEPT_SIZE])
    root = cache.built("corpus", recipe, lambda target: _build(target, offered))
    return root, offered


def _build(target: Path, offered: dict[str, str]) -> None:
    packages = target.with_name(target.name + "-packages")
    shutil.rmtree(packages, ignore_errors=True)
    packages.mkdir()
    try:
        packages.chmod(0o777)  # apt downloads as _apt
        wanted = [f"{name}={version}" for name, version in offered.items()]
        fetch = ["sh", "-ec", 'cd "$1"; shift; exec apt-get -qq download "$@"', "sh"]
        call([*fetch, str(packages), *wanted], timeout=540, env=system_environment())
        _usrmerge(target)
        for package in sorted(packages.glob("*.deb")):
            _unpack(package, target)
        _drop_programs(target)
    finally:
        shutil.rmtree(packages, ignore_errors=True)


def _usrmerge(target: Path) -> None:
    """/bin, /sbin and /lib are links, as on every Debian 12."""
    for name in ("bin", "sbin", "lib"):
        (target / "usr" / name).mkdir(parents=True)
        (target / name).symlink_to(f"usr/{name}")


def _unpack(package: Path, target: Path) -> None:
    leave = [f"--exclude={pattern}" for pattern in LEFT_OUT]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as files:
        unpack = [
            "tar",
            "-x",
            "-C",
            str(target),
            "--keep-directory-symlink",
            "--no-same-owner",
            *leave,
        ]
        done = subprocess.run(unpack, stdin=files.stdout, capture_output=True, check=False)
    if done.returncode != 0 or files.returncode != 0:
        raise LabError(f"{package.name}: cannot be unpacked: {done.stderr.decode()[:200]}")
    info = target / "var/lib/dpkg/info"
    info.mkdir(parents=True, exist_ok=True)
    name = package.name.partition("_")[0]
    control = target / "control"
    call(["dpkg-deb", "--control", str(package), str(control)])
    for script in ("preinst", "postinst", "prerm", "postrm", "config"):
        if (control / script).exists():
            shutil.copy2(control / script, info / f"{name}.{script}")
    shutil.rmtree(control)
    listed = call(["dpkg-deb", "--contents", str(package)]).stdout.splitlines()
    paths = [line.split(None, 5)[5].partition(" -> ")[0].lstrip(".").rstrip("/") for line in listed]
    (info / f"{name}.list").write_text("\n".join(path or "/." for path in paths) + "\n")


def _drop_programs(target: Path) -> None:
    """Binaries are emptied: that they are there counts, what is in them does not."""
    for path in target.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        with open(path, "rb") as file:
            first = file.read(4)
        if first == b"\x7fELF" or path.stat().st_size > KEPT_SIZE:
            path.write_bytes(first)
