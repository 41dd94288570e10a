"""`ct0 shims divert` where rpm keeps the incumbents: real rpm, and packages built with rpmbuild."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from . import rpm_tools
from .chroots import CT0, FOLDERS, INSTALL, Chroot, chroot_of, differences, done
from .run import Run

SPEC = """
Name: {name}
Version: {version}
Release: 1
Summary: test
License: none
BuildArch: noarch
%description
test
%install
mkdir -p %{{buildroot}}/sbin %{{buildroot}}/usr/sbin
for path in {paths}; do
    printf '#!/bin/sh\\necho real {version}\\n' >%{{buildroot}}$path
    chmod 755 %{{buildroot}}$path
done
%files
{files}
{more}
"""
TRIGGER = "%triggerin -- killproc\n/usr/lib/ct0/ct0-shims divert --again >>/root/triggered 2>&1"
# Debian's rpm has a database for each user and installs nothing unless told to.
RPM = 'rpm() { command rpm --force-debian --nodeps "$@"; }\n'
MACROS = "%_dbpath /var/lib/rpm\n%_topdir /root/rpm\n%_build_id_links none\n"


def spec(name: str, version: int, paths: tuple[str, ...], more: str = "") -> str:
    return SPEC.format(
        name=name, version=version, paths=" ".join(paths), files="\n".join(paths), more=more
    )


@pytest.fixture
def rpm_root(run: Run) -> Iterator[Chroot]:
    """killproc as SUSE has it, in three versions, and a package of ct0's with a trigger."""
    with chroot_of(run, "divert-rpm", rpm_tools.TOOLS) as chroot:
        (chroot.root / "etc/rpm").mkdir(exist_ok=True)
        (chroot.root / "etc/rpm/macros").write_text(MACROS)
        paths = ("/usr/sbin/killproc", "/sbin/checkproc")
        for version in (1, 2, 3):
            file = chroot.root / f"root/killproc{version}.spec"
            file.write_text(spec("killproc", version, paths))
        (chroot.root / "root/trigger.spec").write_text(spec("trigger", 1, (), TRIGGER))
        done(chroot, "mkdir -p /var/lib/rpm; rpmbuild --quiet -bb /root/*.spec 2>/root/log")
        yield chroot


def test_rpm_upgrades_what_is_diverted(rpm_root: Chroot) -> None:
    rpms = "/root/rpm/RPMS/noarch"
    begin = f"{RPM}{CT0}"
    done(rpm_root, f"{begin}rpm --install {rpms}/killproc-1-*.rpm")
    before = rpm_root.tree(FOLDERS)
    said = done(rpm_root, f"{begin}{INSTALL}ct0 divert killproc /sbin/checkproc; ct0 status --json")
    about = {each["path"]: each for each in json.loads(said[said.index("{") :])["diversions"]}
    assert {path: each["by"] for path, each in about.items()} == {
        "/usr/sbin/killproc": "rpm",
        "/usr/sbin/checkproc": "rpm",
    }
    done(rpm_root, f"{begin}ct0 undivert && ct0 divert killproc && ct0 undivert && ct0 remove")
    assert differences(rpm_root.tree(FOLDERS), before) == []

    # Without a trigger the upgrade writes over the shim; `divert --again` says that it is newer.
    done(
        rpm_root,
        f"{begin}{INSTALL}ct0 divert killproc checkproc; rpm --upgrade {rpms}/killproc-2-*",
    )
    assert done(rpm_root, "/sbin/killproc") == "real 2\n"
    shown = rpm_root.run("/usr/lib/ct0/ct0-shims divert --check killproc")
    assert (shown.returncode, shown.stdout) == (1, "/usr/sbin/killproc: the shim is not there\n")
    done(rpm_root, f"{begin}ct0 divert --again; ct0 divert --check killproc checkproc")
    assert done(rpm_root, "/sbin/checkproc.ct0-real; /sbin/killproc.ct0-real") == "real 2\n" * 2
    assert "SIGHUP" in done(rpm_root, "killproc -l")

    # With it the shim is back before rpm ends.
    done(rpm_root, f"{begin}rpm --install {rpms}/trigger-*; rpm --upgrade {rpms}/killproc-3-*")
    assert "diverted /usr/sbin/killproc" in done(rpm_root, "cat /root/triggered")
    done(rpm_root, f"{begin}ct0 divert --check killproc checkproc")
    done(rpm_root, f"{begin}ct0 undivert checkproc; ct0 undivert --check checkproc")
    assert done(rpm_root, "checkproc; killproc.ct0-real") == "real 3\n" * 2
    assert (
        done(rpm_root, f"{begin}command rpm --verify killproc || :").split()[-1]
        == "/usr/sbin/killproc"
    )

    # The package goes: nothing of it stays.
    done(rpm_root, f"{begin}rpm --erase killproc trigger")
    shown = rpm_root.run("/usr/lib/ct0/ct0-shims divert killproc")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "no package has it any more" in shown.stderr
    done(rpm_root, f"{begin}ct0 remove")
    packaged = {"usr/sbin/killproc", "usr/sbin/checkproc"}
    gone = {path: about for path, about in before.items() if path not in packaged}
    after = rpm_root.tree(FOLDERS)
    assert differences(after, gone) == []
