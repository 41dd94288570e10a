"""procps' own pidof, built from Debian's source package: what RHEL 7 and later have as /sbin/pidof.

Debian leaves it out in favour of sysvinit's. Its -c compares the text of the link /proc/PID/root,
which after pivot_root is "/" for CT0 and CT alike: with it RHEL's killproc kills in containers.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from . import cache
from .command import LabError, call, system_environment
from .packages import ensure

BUILD_PACKAGES = ("dpkg-dev", "gcc", "libc6-dev", "make", "pkg-config")
CONFIGURE = (
    "--without-ncurses",
    "--without-systemd",
    "--disable-nls",
    "--disable-shared",
    "--enable-static",
)


def procps_pidof() -> Path:
    """The binary, from the cache or built in some ten seconds; it needs libc only."""

    def build(target: Path) -> None:
        ensure(BUILD_PACKAGES)
        with tempfile.TemporaryDirectory(prefix="ct0-procps-") as scratch:
            target.mkdir()
            shutil.copy2(_compile(Path(scratch)), target / "pidof")

    return cache.built("procps-pidof", f"{_codename()} {CONFIGURE}", build) / "pidof"


def _compile(scratch: Path) -> Path:
    source = _fetch(scratch)
    script = f"cd '{source}' && ./configure {' '.join(CONFIGURE)} && make -j2 src/pidof"
    call(["sh", "-c", script], timeout=300, env=system_environment())
    return source / "src/pidof"


def _fetch(scratch: Path) -> Path:
    """Unpack the source package, by the sources apt has already, in a place of its own."""
    sources = scratch / "sources"
    sources.mkdir()
    for path in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")):
        if path.is_file() and path.suffix in (".list", ".sources"):
            text = source_entries(path.read_text(encoding="utf-8"), path.suffix, _codename())
            (sources / path.name).write_text(text, encoding="utf-8")
    (scratch / "lists/partial").mkdir(parents=True)
    (scratch / "cache/archives/partial").mkdir(parents=True)
    apt = ["apt-get", "-qq", "-o", "Dir::Etc::sourcelist=/dev/null"]
    apt += ["-o", f"Dir::Etc::sourceparts={sources}", "-o", f"Dir::State::lists={scratch}/lists"]
    apt += ["-o", f"Dir::Cache={scratch}/cache", "-o", "APT::Sandbox::User=root"]
    call([*apt, "update"], timeout=300, env=system_environment())
    fetch = f'cd "{scratch}" && exec "$@"'
    call(["sh", "-c", fetch, "sh", *apt, "source", "procps"], timeout=300, env=system_environment())
    for found in scratch.glob("procps-*/configure"):
        return found.parent
    raise LabError("apt-get source procps: unpacked no configure script")


def source_entries(text: str, suffix: str, codename: str) -> str:
    """Debian's own entries of an apt sources file, asking for source packages instead."""
    if suffix == ".list":
        lines = [line for line in text.splitlines() if re.search(rf"\s{codename}\S*\s+main", line)]
        return "".join(re.sub(r"^deb\s", "deb-src ", line) + "\n" for line in lines)
    stanzas = [part for part in re.split(r"\n\s*\n", text) if re.search(rf"\b{codename}\b", part)]
    return "\n\n".join(re.sub(r"(?m)^Types:.*$", "Types: deb-src", part) for part in stanzas)


def _codename() -> str:
    found = re.search(
        r"^VERSION_CODENAME=(\w+)$", Path("/etc/os-release").read_text(encoding="utf-8"), re.M
    )
    if not found:
        raise LabError("/etc/os-release: no VERSION_CODENAME; the lab wants a Debian")
    return found[1]
