"""Our Debian packages on real Debian 12 and 13: built, installed, upgraded, removed, purged."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from . import ct0_debs
from .command import call
from .overlay import root_of
from .recipes import DEBS_TRIXIE, PUPPET_NODE_BOOKWORM, Recipe, rootfs
from .run import Run
from .tree import difference, tree

EARLIER = "0.0.1"  # a release that never was: what an upgrade comes from
HOSTS = {"debian12": PUPPET_NODE_BOOKWORM, "debian13": DEBS_TRIXIE}
PARTS = ("ct0", "ct0-shims", "ct0-checks", "ct0-exporter", "ct0-audit", "ct0-suites")
UNASKED = "initial-upload-closes-no-bugs"
CHOSEN = ("--command", "pidof", "killall")
PLUGINS = "/usr/lib/ct0/plugins"
APT = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "--yes", "-o=Dpkg::Use-Pty=0"]
# What dpkg and apt keep for themselves, and what this machine gives to the root.
APART = (
    *("/debs", "/dev", "/proc", "/root", "/run", "/sys", "/tmp"),
    *("/var/cache", "/var/lib/apt", "/var/lib/dpkg", "/var/log"),
)


class Host:
    """A Debian of its own, with our packages beside it in /debs."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, *words: str) -> str:
        """What the command says on standard output; it is to succeed."""
        done = ct0_debs.inside(self.root, list(words))
        assert done.returncode == 0, f"{words}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def install(self, *packages: str, version: str = "") -> None:
        """With apt, from the files, so that it looks for what they depend on."""
        folder = self.root / "debs" / (version or "now")
        files = [next(folder.glob(f"{package}_*.deb")) for package in packages]
        self.run(*APT, "install", *[f"/debs/{folder.name}/{file.name}" for file in files])

    def purge(self, *packages: str) -> None:
        self.run(*APT, "purge", *packages)


@pytest.fixture(scope="module")
def debs(run: Run) -> Path:
    return ct0_debs.built()


@pytest.fixture(scope="module")
def earlier(debs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages with the shims as another release: taken apart, and put together again."""
    folder = tmp_path_factory.mktemp("earlier")
    for package in ("ct0", "ct0-shims"):
        (deb,) = debs.glob(f"{package}_*.deb")
        call(["dpkg-deb", "--raw-extract", str(deb), str(folder / package)])
        for path in ("DEBIAN/control", "usr/lib/python3/dist-packages/ct0/__init__.py"):
            file = folder / package / path
            if file.exists():
                text = file.read_text("utf-8").replace(release(debs), EARLIER)
                file.write_text(text, "utf-8")
        call(["dpkg-deb", "-Znone", "--build", str(folder / package), str(folder)])
        shutil.rmtree(folder / package)
    return folder


@pytest.fixture(params=list(HOSTS))
def host(request: pytest.FixtureRequest, run: Run, debs: Path, earlier: Path) -> Iterator[Host]:
    with at(run, HOSTS[request.param], debs, earlier) as host:
        yield host


@pytest.fixture
def debian12(run: Run, debs: Path, earlier: Path) -> Iterator[Host]:
    with at(run, HOSTS["debian12"], debs, earlier) as host:
        yield host


@contextmanager
def at(run: Run, recipe: Recipe, debs: Path, earlier: Path) -> Iterator[Host]:
    with root_of(run, f"{run.prefix}-{recipe.name}", rootfs(recipe)) as root:
        # Nobody will want this root after a power cut.
        (root / "etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n", encoding="ascii")
        shutil.copytree(debs, root / "debs" / "now")
        shutil.copytree(earlier, root / "debs" / EARLIER)
        yield Host(root)


def test_the_same_sources_give_the_same_bytes(run: Run, tmp_path: Path) -> None:
    ct0_debs.write_tree(tmp_path / "tree")
    once = sums(ct0_debs.built_of(tmp_path / "tree"))
    ct0_debs.build(tmp_path / "tree", tmp_path / "again")
    assert sums(tmp_path / "again") == once
    assert len(once) == len(PARTS) + 1


def sums(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.deb")
    }


def test_lintian_finds_no_error_and_no_warning(run: Run, debs: Path) -> None:
    with root_of(run, f"{run.prefix}-lintian", rootfs(ct0_debs.BUILD_ROOT)) as root:
        shutil.copytree(debs, root / "debs")
        words = ["lintian", "--allow-root", "--show-overrides"]
        done = ct0_debs.inside(root, [*words, *[f"/debs/{name}" for name in sums(debs)]])
    tags = [line for line in done.stdout.splitlines() if not line.startswith("N: ")]
    assert len(tags) == len(sums(debs)), done.stdout + done.stderr
    assert {line.split()[0] + line.split()[2] for line in tags} == {"O:" + UNASKED}


def test_a_host_from_an_earlier_release_to_the_purge(host: Host) -> None:
    before = tree(host.root, APART)
    host.install("ct0", "ct0-shims", version=EARLIER)
    assert EARLIER in laid_out(host)
    host.run("ct0", "shims", "install", *CHOSEN)
    host.run("ct0", "shims", "divert", "pidof")
    host.install(*PARTS, "ct0-all")
    assert_renewed(host)
    assert_byte_code_is_made_again(host)
    assert_every_command_runs(host)
    assert_audited(host)
    assert_verified(host)
    assert_found_by_python(host)
    assert (host.root / "usr/share/man/man1/ct0.1.gz").is_file()
    assert (host.root / "usr/share/bash-completion/completions/ct0").is_file()
    assert list((host.root / "usr/lib/python3/dist-packages/ct0/__pycache__").glob("*.pyc"))
    assert not list((host.root / "etc").rglob("ct0*"))  # nothing is enabled, nothing to run as root
    host.purge("ct0*")
    assert difference(before, tree(host.root, APART)) == []


def laid_out(host: Host) -> str:
    return (host.root / "usr/lib/ct0/ct0-shims").read_text("ascii")[:400]


def assert_renewed(host: Host) -> None:
    """The shims are this release's, the same commands as before, and diverted as before."""
    assert f"ct0 {release(host.root / 'debs/now')}: " in laid_out(host)
    assert host.run("ct0", "shims", "check", *CHOSEN) == ""
    assert host.run("ct0", "shims", "divert", "--check", "pidof") == ""
    assert "ct0" in host.run("/usr/bin/pidof", "-V")


def assert_byte_code_is_made_again(host: Host) -> None:
    """As when another Python comes: dpkg tells whoever asked for it."""
    (cache,) = (host.root / "usr/lib/ct0").glob("ct0-shims.*.cache")
    cache.unlink()
    host.run("dpkg-trigger", "--by-package=python3-minimal", "/usr/bin/python3")
    host.run("dpkg", "--configure", "--pending")
    assert cache.exists()
    assert host.run("ct0", "shims", "check", *CHOSEN) == ""


def assert_every_command_runs(host: Host) -> None:
    assert host.run("ct0", "--version") == f"ct0 {release(host.root / 'debs/now')}\n"
    assert host.run("ct0", "list").startswith("ENGINE")
    assert host.run(f"{PLUGINS}/check_procs", "-w", "0:").startswith("PROCS OK: ")
    assert host.run(f"{PLUGINS}/check_ct_state").startswith("CT_STATE OK - no containers")
    plugins = sorted(path.name for path in (host.root / PLUGINS[1:]).iterdir())
    assert len(plugins) == 9
    said = host.run("sh", "-c", f"cd {PLUGINS}; for plugin in *; do ./$plugin -V; done; :")
    assert re.findall(r"^(check_\w+) v?", said, re.MULTILINE) == plugins
    assert json.loads(host.run("/usr/lib/ct0/ct0-read"))["version"] == 1
    assert "\nct_host_cpu_seconds_total{" in host.run("ct0-exporter", "once")
    assert "usage: ct0 monitoring" in host.run("ct0", "monitoring", "--help")


def assert_found_by_python(host: Host) -> None:
    entries = (
        "from importlib.metadata import distributions; print(sorted((d.name, e.name, e.group)"
        " for d in distributions() if d.name.startswith('ct0') for e in d.entry_points))"
    )
    assert "('ct0-suites', 'ct0', 'pytest11')" in host.run("/usr/bin/python3", "-c", entries)
    if (host.root / "usr/bin/pytest").exists():  # Debian 13's alone has a testinfra that serves
        ours = f"ct0-suites-{release(host.root / 'debs/now')} at /usr/lib/python3"
        assert ours in host.run("pytest", "-VV")
        host.run("dpkg", "--purge", "ct0-all", "ct0-suites")
        assert "ct0" not in host.run("pytest", "-VV")  # and it does not fail for want of it


def release(folder: Path) -> str:
    (deb,) = folder.glob("ct0_*.deb")
    return deb.name.split("_")[1].rpartition("-")[0]


def assert_audited(host: Host) -> None:
    """The audit reads shell, by the parser it brought along."""
    script = host.root / "etc/init.d/acme"
    script.write_text("#!/bin/sh\nkillall acmed\n", encoding="ascii")
    script.chmod(0o755)
    done = ct0_debs.inside(host.root, ["ct0", "audit", "--format", "json"])
    found = json.loads(done.stdout)["findings"]
    assert [one["rule"] for one in found if one["path"] == "/etc/init.d/acme"] == ["CT001"]
    done = ct0_debs.inside(host.root, [f"{PLUGINS}/check_ct0_audit"])
    assert done.stdout.startswith("AUDIT CRITICAL - 1 kill, ")
    script.unlink()


def assert_verified(host: Host) -> None:
    expected = host.root / "debs/expected.yaml"
    expected.write_text(
        "version: 1\nsysctls:\n  - {id: os, values: {kernel.ostype: Linux}}\n", encoding="ascii"
    )
    words = ["ct0", "verify", "-v", "-e", "/debs/expected.yaml", "local://"]
    assert "OK: 2 passed, 0 failed" in host.run(*words)


def test_a_part_does_without_the_others(debian12: Host) -> None:
    host, before = debian12, tree(debian12.root, APART)
    host.install("ct0")
    for command, part, status in (
        ("audit", "audit", 1),
        ("verify", "suites", 3),
        ("monitoring", "checks", 1),
    ):
        done = ct0_debs.inside(host.root, ["ct0", command])
        assert (done.returncode, done.stdout) == (status, "")
        said = f"ct0_{part}: not installed: install ct0-{part}, or pip install 'ct0[{part}]'\n"
        assert done.stderr == f"ct0 {command}: {said}"
    for part, words in (
        ("ct0-shims", ["/usr/lib/ct0/shims/pidof", "-V"]),
        ("ct0-checks", [f"{PLUGINS}/check_ct_state"]),
        ("ct0-exporter", ["ct0-exporter", "once"]),
        ("ct0-audit", ["ct0", "audit", "--help"]),
        ("ct0-suites", ["ct0", "verify", "--help"]),
    ):
        needed = ["ct0-audit"] if part == "ct0-suites" else []
        files = [file.name for one in (part, *needed) for file in packaged(host, one)]
        host.run("dpkg", "--install", *[f"/debs/now/{name}" for name in files])
        assert host.run(*words)
        host.run("dpkg", "--purge", part, *needed)
    host.purge("ct0")
    assert difference(before, tree(host.root, APART)) == []


def packaged(host: Host, package: str) -> list[Path]:
    return list((host.root / "debs/now").glob(f"{package}_*.deb"))


def test_in_an_image_under_construction_and_with_a_file_that_somebody_changed(
    debian12: Host,
) -> None:
    """No /proc is mounted there, and nothing runs."""
    root = debian12.root
    bare = ["unshare", "--mount", "--pid", "--fork", "--net", "chroot", str(root), "env", "-i"]
    bare += ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    files = [f"/debs/now/{path.name}" for one in PARTS[:2] for path in packaged(debian12, one)]
    call([*bare, "dpkg", "--install", *files], timeout=300)
    assert call([*bare, "ct0", "shims", "check"]).stdout == ""
    assert call([*bare, "ct0", "shims", "divert", "pidof"]).stdout == "diverted /usr/bin/pidof\n"
    changed = root / "usr/lib/ct0/functions/lsb.sh"
    changed.write_text("# mine\n", encoding="ascii")
    said = call([*bare, "dpkg", "--remove", "ct0-shims"], timeout=300).stderr
    assert "left /usr/lib/ct0/functions/lsb.sh: changed since it was laid out" in said
    assert changed.read_text("ascii") == "# mine\n"
    assert not (root / "usr/lib/ct0/shims").exists()
    assert os.readlink(root / "bin/pidof") == "/sbin/killall5"
