"""The RPMs: what is in them, what rpmlint says, and a life of them with real rpm.

There is no userland of EL's or SUSE's here. A Debian root stands in for it: dpkg's database is
taken away, and tiny packages built here have the names that EL's have.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ct0 import __version__

from . import ct0_rpms, rpm_tools
from .ct0_debs import BUILD_ROOT, inside
from .overlay import root_of
from .recipes import rootfs
from .run import Run

PACKAGING = Path(__file__).parents[2] / "packaging"
PARTS = ("ct0", "ct0-all", "ct0-audit", "ct0-checks", "ct0-exporter", "ct0-shims", "ct0-suites")
LIB = "/usr/lib/ct0"
KEPT = {"/usr/sbin/pidof", "/usr/bin/pkill"}
# Programs that EL has from packages of its own.
DEBIANS = ["pidof", "pgrep", "pkill", "killall", "killall5"]

SPEC = """\
Name: {name}
Version: {version}
Release: 1
Summary: stands in
License: none
BuildArch: noarch
{more}
%description
It stands in for the package of this name.
%install
mkdir -p %{{buildroot}}/usr/bin %{{buildroot}}/usr/sbin
{install}
%files
{files}
"""
PROGRAM = "printf '#!/bin/sh\\necho {name} {version}\\n' >%{{buildroot}}{path}\n"
"""A program that says of which release it is."""


class Host:
    """A root with rpm that has packages of ours and stand-ins in /rpms."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return inside(self.root, list(words))

    def said(self, *words: str) -> str:
        """What a command prints that must succeed."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def rpm(self, action: str, *names: str) -> subprocess.CompletedProcess[str]:
        found = [next((self.root / "rpms").glob(f"{name}-[0-9]*.rpm")).name for name in names]
        return self.run("rpm", action, *(f"/rpms/{name}" for name in found))

    def installed(self, action: str, *names: str) -> None:
        done = self.rpm(action, *names)
        assert done.returncode == 0, done.stderr
        # Debian's rpm says that this is Debian.
        assert [line for line in done.stderr.splitlines() if not line.startswith("rpm: ")] == []

    def stand_in(self, name: str, version: str = "1", more: str = "", *paths: str) -> str:
        """Build a package with programs at these paths; returns its name in /rpms."""
        install = "".join(PROGRAM.format(name=name, version=version, path=path) for path in paths)
        files = "\n".join(f"%attr(0755,root,root) {path}" for path in paths)
        spec = SPEC.format(name=name, version=version, more=more, install=install, files=files)
        (self.root / "stand-in.spec").write_text(spec)
        self.said(
            "rpmbuild", "-bb", "--quiet", "--define", "_topdir /build", "--define",
            "__os_install_post %{nil}", "--define", "_rpmdir /rpms", "--define",
            "_build_name_fmt %%{NAME}-%%{VERSION}.rpm", "/stand-in.spec",
        )  # fmt: skip
        return f"{name}-{version}"

    def tree(self) -> set[str]:
        """Every file with its rights, owner, size and date, and the sums of those in /etc and
        /usr/sbin; of folders no date, of rpm's database nothing."""
        skipped = "/proc /rpms /build /stand-in.spec /root/.rpmdb /tmp /var/tmp /usr/share/licenses"
        prune = " -o ".join(f"-path {path}" for path in skipped.split())
        return set(
            self.said(
                "sh", "-c", f"find / -xdev \\( {prune} \\) -prune"
                " -o -type d -printf '%p %m %U %G\\n' -o -printf '%p %m %U %G %s %T@ %l\\n';"
                " find /etc /usr/sbin -type f -exec sha256sum {} +",
            ).splitlines()
        )  # fmt: skip


@pytest.fixture(scope="module")
def rpms() -> Path:
    return ct0_rpms.built()


@pytest.fixture(scope="module")
def desk(run: Run, rpms: Path) -> Iterator[Host]:
    """Where packages are read, not installed."""
    with root_of(run, f"{run.prefix}-rpmlint", rpm_tools.root()) as root:
        shutil.copytree(rpms, root / "rpms")
        shutil.copy2(PACKAGING / "rpm/rpmlint.toml", root)
        yield Host(root)


@pytest.fixture
def host(run: Run, rpms: Path) -> Iterator[Host]:
    """A host of EL's kind, with nothing of ours installed."""
    with root_of(run, f"{run.prefix}-rpms", rootfs(BUILD_ROOT)) as root:
        shutil.rmtree(root / "var/lib/dpkg")
        for name in DEBIANS:
            for folder in ("usr/bin", "usr/sbin"):
                (root / folder / name).unlink(missing_ok=True)
        shutil.copytree(rpms, root / "rpms")
        yield Host(root)


def queried(desk: Host, package: str, *what: str) -> list[str]:
    [path] = [path.name for path in (desk.root / "rpms").glob(f"{package}-{__version__}-1.*.rpm")]
    return desk.said("rpm", "--query", *what, "--package", f"/rpms/{path}").splitlines()


def test_packages_are_these(rpms: Path) -> None:
    arch = dict.fromkeys(PARTS, "noarch") | {"ct0-audit": "x86_64", "ct0-packages": "src"}
    wanted = {f"{name}-{__version__}-1.{of}.rpm" for name, of in arch.items()}
    assert {path.name for path in rpms.iterdir()} == wanted


def test_rpmlint_has_nothing_to_say(desk: Host) -> None:
    done = desk.run("sh", "-c", "rpmlint -c /rpmlint.toml /rpms/*.rpm")
    assert done.returncode == 0
    assert "8 packages and 0 specfiles checked; 0 errors, 0 warnings" in done.stdout, done.stdout


def test_every_file_is_in_one_package(desk: Host) -> None:
    owners: dict[str, list[str]] = {}
    for part in PARTS:
        lines = queried(desk, part, "--qf", "[%{FILEMODES:perms} %{FILENAMES}\\n]")
        for mode, path in (line.split(" ", 1) for line in lines if line != "(none) (none)"):
            if not mode.startswith("d"):
                owners.setdefault(path, []).append(part)
                assert mode in ("-rw-r--r--", "-rwxr-xr-x", "lrwxrwxrwx")
                assert path.startswith(("/usr/bin/ct0", "/usr/lib/", "/usr/share/"))
                assert not path.endswith(".pyc")
    assert [path for path, those in owners.items() if len(those) > 1] == []
    for path, part in {
        "/usr/bin/ct0": "ct0",
        f"{LIB}/python/ct0_shims/pidof.py": "ct0",
        "/usr/share/man/man8/ct0-shims.8.gz": "ct0",
        "/usr/share/man/man1/ct0-pidof.1.gz": "ct0-shims",
        "/usr/share/bash-completion/completions/killproc": "ct0-shims",
        f"{LIB}/ct0-read": "ct0-checks",
        f"{LIB}/plugins/check_procs": "ct0-checks",
        f"{LIB}/plugins/check_ct0_audit": "ct0-audit",
        "/usr/lib/systemd/system/ct0-exporter.service": "ct0-exporter",
        f"{LIB}/python/ct0_suites/plugin.py": "ct0-suites",
    }.items():
        assert owners[path] == [part]


def test_what_they_need(desk: Host) -> None:
    exact = f"= {__version__}-1"
    for part in PARTS:
        needs = queried(desk, part, "--requires")
        assert (f"ct0 {exact}" in needs) == (part != "ct0")
        assert [need for need in needs if re.match(r"/usr/bin/python|lib.*\.so|rtld", need)] == []
    assert "(python3 >= 3.9 or python39 or python3.11 or python3.12 or python311)" in queried(
        desk, "ct0", "--requires"
    )
    wheels = (PACKAGING / "wheels.txt").read_text()
    carried = set(re.findall(r"(tree-sitter(?:-bash)?)==(\S+)", wheels))
    provided = queried(desk, "ct0-audit", "--provides")
    said = {
        found.groups()
        for line in provided
        if (found := re.fullmatch(r"bundled\(python3dist\((.*)\)\) = (.*)", line))
    }
    assert said == carried


def test_triggers_are_of_the_packages_with_the_incumbents(desk: Host) -> None:
    text = "\n".join(queried(desk, "ct0-shims", "--triggers"))
    assert "-- procps, procps-ng, psmisc, sysvinit-tools, util-linux\n" in text
    assert f"{LIB}/ct0-shims divert --again" in text


def test_a_life(host: Host) -> None:
    """Installed, used, diverted, upgraded below and above, and gone without a trace."""
    refused = host.rpm("-i", "ct0")
    assert refused.returncode != 0
    assert "(python3 >= 3.9 or python39 " in refused.stderr
    host.stand_in("base", "1", "Provides: /bin/sh, python3 = 3.11, python3dist(pyyaml) = 6, "
                  "python3dist(jsonschema) = 4")  # fmt: skip
    host.stand_in("procps-ng", "1", "", *KEPT)
    host.installed("-i", "base", "procps-ng")
    (host.root / "rpms/procps-ng-1.rpm").unlink()
    host.stand_in("procps-ng", "2", "", *KEPT)
    host.stand_in("python3-libs", "2")
    before = host.tree()

    host.installed("-i", *PARTS)
    everything_works(host)
    assert not list(host.root.glob("etc/systemd/system/*.wants/ct0*"))
    assert not list(host.root.glob("etc/sudoers.d/*ct0*"))
    changed = {line.split()[0] for line in host.tree() - before}
    assert [path for path in changed if path.startswith("/etc")] == []

    host.said("ct0", "shims", "divert", "pidof", "pkill")
    diverted(host, "1")
    host.installed("-U", "procps-ng")
    diverted(host, "2")
    # An upgrade of ours, as far as scriptlets go.
    done = host.run("sh", "-c", "rpm -U --replacepkgs /rpms/ct0-[0s]*.noarch.rpm")
    assert done.returncode == 0, done.stderr
    diverted(host, "2")
    assert host.said("ct0", "shims", "check") == ""

    # Another Python, as far as its folder of modules goes.
    shutil.rmtree(host.root / LIB[1:] / "venv/lib")
    assert host.run("ct0", "--version").returncode != 0
    host.installed("-i", "python3-libs")
    assert host.said("ct0", "shims", "check") == ""

    # What cannot be given back keeps the package from going.
    kept = host.root / "usr/sbin/pidof.ct0-real"
    kept.rename(host.root / "tmp/pidof")
    refused = host.run("rpm", "-e", "--nodeps", "ct0-shims")
    assert refused.returncode != 0
    assert "left /usr/sbin/pidof: the real one is gone" in refused.stderr
    (host.root / "tmp/pidof").rename(kept)

    host.said("rpm", "-e", "python3-libs", *reversed(PARTS))
    assert host.said("pidof") == "procps-ng 2"
    different = {line.split()[-1 if line[0] != "/" else 0] for line in host.tree() ^ before}
    assert different <= KEPT  # which were upgraded
    assert not (host.root / LIB[1:]).exists()


def everything_works(host: Host) -> None:
    assert host.said("ct0", "--version") == f"ct0 {__version__}"
    assert host.said("ct0", "shims", "check") == ""
    assert host.said(f"{LIB}/shims/pidof", "sh", "-h").startswith("usage: pidof")
    assert host.said(f"{LIB}/plugins/check_procs").startswith("PROCS OK: 0")
    assert host.said("ct0", "audit", "--fail-on", "never", "--only", "init", "-q")
    assert host.said("ct0", "verify", "--schema").startswith("{")
    assert host.said("ct0-exporter", "once").startswith("# HELP")
    assert host.said(f"{LIB}/ct0-read").startswith('{"version": 1')
    plugin = host.run(f"{LIB}/plugins/check_ct_state")
    assert plugin.stdout.startswith("CT_STATE ")
    assert "not installed" not in plugin.stdout
    made = list((host.root / LIB[1:]).glob("python/ct0_audit/__pycache__/*.pyc"))
    assert made


def diverted(host: Host, release: str) -> None:
    """The shims are in the places, and beside them the programs of this release."""
    for path in KEPT:
        place = host.root / path[1:]
        assert str(place.readlink()) == f"{LIB}/ct0-shims"
        assert host.said(f"{path}.ct0-real") == f"procps-ng {release}"
    assert host.run("pidof", "-h").stdout.startswith("usage: pidof")


def test_a_host_whose_python3_is_old(host: Host) -> None:
    """EL 8's: the newest of the others is taken; where there is none, it says so and goes on."""
    python = host.root / "usr/bin/python3"
    real = python.readlink()
    python.unlink()
    python.write_text("#!/bin/sh\nexit 1  # what choose-python asks: is it 3.9 or later?\n")
    python.chmod(0o755)
    host.stand_in("python39", "3.9", "Provides: /bin/sh")
    host.installed("-i", "python39", "ct0", "ct0-shims")
    assert host.said("readlink", f"{LIB}/venv/bin/python3") == f"/usr/bin/{real.name}"
    assert host.said("ct0", "--version") == f"ct0 {__version__}"
    first = (host.root / LIB[1:] / "ct0-shims").read_bytes().partition(b"\n")[0]
    assert first.startswith(f"#!/usr/bin/{real.name}".encode())
    host.said("rpm", "-e", "ct0-shims", "ct0")

    (host.root / "usr/bin" / real).rename(host.root / "usr/bin/hidden")
    done = host.rpm("-i", "ct0")
    assert done.returncode == 0
    assert f"ct0: no Python of version 3.9 or later in /usr/bin: install one, then run {LIB}/" in (
        done.stderr
    )
    assert host.said("rpm", "-e", "ct0") == ""
    assert not (host.root / LIB[1:]).exists()
