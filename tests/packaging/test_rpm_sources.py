"""What the RPMs are built from: the same files give the same archive, and the spec is ct0's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from ct0_shims.delivery.diversions import SHIM
from rpm.build import dated, pack, rpm_version
from rpm.install import listed

RPM = Path(__file__).parents[2] / "packaging/rpm"
SPEC = (RPM / "ct0.spec").read_text(encoding="utf-8")


def plant(folder: Path, names: list[str], mode: int, date: int) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        path.chmod(mode)
        os.utime(path, (date, date))
    return folder


def test_archive_is_the_same_wherever_and_whenever_the_files_were(tmp_path: Path) -> None:
    one = plant(tmp_path / "one", ["b", "a/c"], 0o755, 5)
    two = plant(tmp_path / "two", ["a/c", "b"], 0o711, 9)
    for folder in (one, two):
        pack(folder.with_suffix(".tar.gz"), folder, "ct0-1", 86400)
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()
    with tarfile.open(tmp_path / "one.tar.gz") as archive:
        members = archive.getmembers()
    assert [member.name for member in members] == ["ct0-1", "ct0-1/a", "ct0-1/a/c", "ct0-1/b"]
    assert {(m.mtime, m.uid, m.uname, m.mode) for m in members} == {(86400, 0, "root", 0o755)}


@pytest.mark.parametrize(
    ("python", "rpm"), [("0.1.0", "0.1.0"), ("1.0rc1", "1.0~rc1"), ("1.0.dev2", "1.0~dev2")]
)
def test_a_pre_release_sorts_before_its_release(python: str, rpm: str) -> None:
    assert rpm_version(python) == rpm


def test_spec_gets_the_version_and_the_day() -> None:
    spec = dated(SPEC, "1.0rc1", 86400 * 4 + 3600)
    assert "\nVersion:        1.0~rc1\n" in spec
    assert "\nSource0:        ct0-1.0rc1.tar.gz\n" in spec
    assert "\n%setup -q -n ct0-1.0rc1\n" in spec
    assert "\n* Mon Jan 05 1970 ct0 maintainers <maintainers@ct0.invalid> - 1.0~rc1-1\n" in spec


def test_lists_own_our_folders_and_no_others(tmp_path: Path) -> None:
    names = ["usr/lib/ct0/python/x/y.py", "usr/bin/ct0", "usr/share/man/man1/ct0.1"]
    names += ["usr/share/doc/ct0/README", "usr/lib/systemd/system/a.service"]
    assert sorted(listed(plant(tmp_path / "ct0", names, 0o644, 5))) == [
        "%dir /usr/lib/ct0",
        "%dir /usr/lib/ct0/python",
        "%dir /usr/lib/ct0/python/x",
        "%dir /usr/share/doc/ct0",
        "%doc /usr/share/doc/ct0/README",
        "%ghost %dir /usr/lib/ct0/venv",
        "%ghost %dir /usr/lib/ct0/venv/bin",
        "/usr/bin/ct0",
        "/usr/lib/ct0/python/x/y.py",
        "/usr/lib/systemd/system/a.service",
        "/usr/share/man/man1/ct0.1.gz",
    ]


def test_no_comment_of_the_spec_is_in_a_scriptlet_before_it() -> None:
    """rpm takes what stands above a section for the end of the one before."""
    for section in re.split(r"(?m)^(?=%[a-z])", SPEC):
        if section.startswith(("%post", "%pre", "%trigger")):
            last = section.rstrip().splitlines()[-1]
            assert not last.startswith("#"), section


def test_scriptlets_never_stop_somebody_elses_upgrade() -> None:
    scriptlets = re.findall(r"(?ms)^%trigger[^\n]*\n(.*?)(?=^%)", SPEC)
    assert len(scriptlets) == 3
    for scriptlet in scriptlets:
        for line in scriptlet.splitlines():
            assert line.lstrip().startswith(("#", "if ", "fi")) or line.endswith("|| :") or not line
    assert SHIM == "/usr/lib/ct0/ct0-shims"
    assert "%{ct0_lib}/ct0-shims divert --again" in SPEC


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "usage: build.py"),
        (("--wheels", "/nonexistent", "/nonexistent/out"), 1, "build.py: no rpmbuild here"),
    ],
)
def test_wrong_calls(arguments: tuple[str, ...], status: int, said: str) -> None:
    line = [sys.executable, str(RPM / "build.py"), *arguments]
    done = subprocess.run(
        line, capture_output=True, text=True, check=False, env={"PATH": "/nonexistent"}
    )
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(said)
