"""Which package brought a file, by dpkg's lists."""

from __future__ import annotations

import os
from pathlib import Path

from audit.audited import Made
from ct0_audit.packages import owners


def listed(made: Made, package: str, *paths: str) -> None:
    made.write(f"/var/lib/dpkg/info/{package}.list", "\n".join(("/.", "/etc", *paths)) + "\n")


def test_the_owner_of_a_path(tmp_path: Path) -> None:
    made = Made(tmp_path)
    listed(made, "apache2", "/etc/logrotate.d/apache2")
    listed(made, "libc6:amd64", "/etc/ld.so.conf")
    asked = ["/etc/logrotate.d/apache2", "/etc/ld.so.conf", "/usr/local/bin/x"]
    assert owners(made.host, asked) == {
        "/etc/logrotate.d/apache2": "apache2",
        "/etc/ld.so.conf": "libc6",
    }


def test_a_list_that_has_lib_owns_what_is_in_usr_lib(tmp_path: Path) -> None:
    made = Made(tmp_path)
    listed(made, "x", "/lib/systemd/system/x.service")
    path = "/usr/lib/systemd/system/x.service"
    assert owners(made.host, [path]) == {path: "x"}


def test_a_path_that_is_no_text_is_asked_for_as_its_bytes(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.write("/var/lib/dpkg/info/x.list", b"/etc/\xff\n")
    path = os.fsdecode(b"/etc/\xff")
    assert owners(made.host, [path]) == {path: "x"}


def test_without_dpkg_nobody_owns_anything(tmp_path: Path) -> None:
    assert owners(Made(tmp_path).host, ["/etc/x"]) == {}


def test_nothing_is_read_when_nothing_is_asked(tmp_path: Path) -> None:
    made = Made(tmp_path)
    os.makedirs(tmp_path / "var/lib/dpkg")
    os.mkfifo(tmp_path / "var/lib/dpkg/info")
    assert owners(made.host, []) == {}
    assert owners(made.host, ["/etc/x"]) == {}  # no folder, no owner; and no waiting for a writer
