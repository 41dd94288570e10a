"""What is copied of a target for the audit, by a real shell of a folder that stands for its root.

The commands are the very ones, but for `cd /`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from ct0.errors import Unavailable
from ct0_suites.resources.copying import host_copy, host_files
from ct0_suites.resources.copying.host_copy import LIMIT, copy_host
from ct0_suites.target import Target
from ct0_suites.transport import TIMEOUT, Local, Output
from suites.scripted import scripted

SOURCES = Path(__file__).parent.parent.parent / "audit" / "ct0_audit"


class Chroot(Local):
    """Commands see a folder as `/`, as far as they name paths relative to it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        if command == host_copy.NEEDED:
            return Output(0, b"0\n", b"")
        command = command.replace("cd / ", f"cd {self.root} ").replace('-h "/$', '-h "./$')
        return super().run(command.replace('"$p"', '".$p"'), stdin, timeout)


def put(root: Path, path: str, text: str = "#!/bin/sh\n") -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def lead(root: Path, path: str, goal: str) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(goal)


def copied(source: Path, tmp_path: Path) -> dict[str, str]:
    """Path -> content, or `-> GOAL`."""
    root = tmp_path / "copy"
    root.mkdir()
    copy_host(Target(scripted({}).subject, Chroot(source)), str(root))
    found = {}
    for folder, folders, files in os.walk(root):
        for name in [*files, *folders]:
            place = Path(folder) / name
            path = "/" + str(place.relative_to(root))
            if place.is_symlink():
                found[path] = f"-> {place.readlink()}"
            elif place.is_file():
                found[path] = place.read_text() if place.stat().st_size < LIMIT else "too large"
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    put(root, "/etc/init.d/web", "#!/bin/sh\nkillall nginx\n")
    return root


def test_files_of_each_kind(source: Path, tmp_path: Path) -> None:
    put(source, "/etc/systemd/system/dev-disk-by\\x2duuid.swap", "[Swap]\n")
    put(source, "/etc/cron.d/it's a job")
    put(source, "/var/lib/dpkg/info/libc6:amd64.postinst")
    put(source, "/var/lib/dpkg/info/libc6:amd64.list", "/etc\n")
    put(source, "/run/a/b/web.pid", "1\n")
    put(source, "/root/site/compose.yaml", "services: {}\n")
    put(source, "/usr/bin/script", "#! /usr/bin/env bash\n")
    put(source, "/usr/bin/perl-script", "#!/usr/bin/perl\n")
    put(source, "/usr/bin/pidof", "ELF")
    put(source, "/usr/bin/other", "ELF\0\n#!/bin/sh")
    put(source, "/etc/shadow", "root:x\n")
    put(source, "/etc/openvpn/client.key", "secret\n")
    assert set(copied(source, tmp_path)) == {
        "/etc/init.d/web",
        "/etc/systemd/system/dev-disk-by\\x2duuid.swap",
        "/etc/cron.d/it's a job",
        "/var/lib/dpkg/info/libc6:amd64.postinst",
        "/run/a/b/web.pid",
        "/root/site/compose.yaml",
        "/usr/bin/script",
        "/usr/bin/pidof",
    }


def test_script_with_an_archive_behind_it_is_copied(source: Path, tmp_path: Path) -> None:
    (source / "usr/local/bin").mkdir(parents=True)
    (source / "usr/local/bin/installer").write_bytes(b"#!/bin/sh\nexit\n\0\xff")
    (source / "etc/cron.d").mkdir()
    (source / "etc/cron.d/x").write_text("* * * * * root /opt/vendor/installer --all\n")
    (source / "opt/vendor").mkdir(parents=True)
    (source / "opt/vendor/installer").write_bytes(b"#!/bin/sh\nexit\n\0x")
    found = copied_names(source, tmp_path)
    assert {"/usr/local/bin/installer", "/opt/vendor/installer"} <= found


def copied_names(source: Path, tmp_path: Path) -> set[str]:
    root = tmp_path / "copy"
    root.mkdir()
    copy_host(Target(scripted({}).subject, Chroot(source)), str(root))
    return {"/" + str(p.relative_to(root)) for p in root.rglob("*") if not p.is_dir()}


def test_merged_usr_is_copied_once_and_links_stay_inside(source: Path, tmp_path: Path) -> None:
    lead(source, "/lib", "usr/lib")
    lead(source, "/bin", "/usr/bin")
    put(source, "/usr/lib/systemd/system/x.service", "[Service]\nExecStart=/lib/vendor/run -d\n")
    put(source, "/lib/vendor/run", "#!/bin/sh\npkill x\n")
    lead(source, "/etc/systemd/system/off.service", "/dev/null")
    lead(source, "/etc/systemd/system/y.service", "/../../lib/systemd/system/../system/x.service")
    found = copied(source, tmp_path)
    assert found["/lib"] == "-> usr/lib"
    assert found["/bin"] == "-> usr/bin"
    assert found["/usr/lib/vendor/run"] == "#!/bin/sh\npkill x\n"
    assert found["/etc/systemd/system/off.service"] == "-> /dev/null"
    assert found["/etc/systemd/system/y.service"] == "-> ../../../lib/systemd/system/x.service"


def test_links_are_followed_to_folders_and_from_link_to_link(source: Path, tmp_path: Path) -> None:
    lead(source, "/etc/cron.d", "/opt/cron")
    put(source, "/opt/cron/job", "* * * * * root sh /srv/deep/a.sh\n")
    put(source, "/opt/cron/plain", "no shebang\n")
    put(source, "/srv/deep/real.sh", "#!/bin/sh\nkillall x\n")
    lead(source, "/srv/deep/a.sh", "b.sh")
    lead(source, "/srv/deep/b.sh", "/srv/deep/real.sh")
    lead(source, "/usr/sbin/pidof", "/etc/alternatives/pidof")
    lead(source, "/etc/alternatives/pidof", "/opt/busybox")
    put(source, "/opt/busybox", "ELF")
    found = copied(source, tmp_path)
    assert found["/opt/cron/job"].startswith("* *")
    assert found["/opt/cron/plain"] == "no shebang\n"
    assert found["/srv/deep/real.sh"] == "#!/bin/sh\nkillall x\n"
    assert found["/opt/busybox"] == "ELF"


def test_links_that_lead_on_and_on_are_no_pass(source: Path, tmp_path: Path) -> None:
    put(source, "/opt/l20", "#!/bin/sh\n")
    for number in range(20):
        lead(source, f"/opt/l{number}", f"l{number + 1}")
    lead(source, "/etc/cron.d/job", "/opt/l14")
    assert copied(source, tmp_path)["/opt/l20"] == "#!/bin/sh\n"
    lead(source, "/etc/cron.d/more", "/opt/l0")
    (tmp_path / "copy").rename(tmp_path / "first")
    with pytest.raises(Unavailable, match=r"/opt/l[0-9]+: reached by more than 8 links"):
        copied(source, tmp_path)


def test_links_in_a_circle_end(source: Path, tmp_path: Path) -> None:
    lead(source, "/etc/cron.d/a", "b")
    lead(source, "/etc/cron.d/b", "a")
    lead(source, "/etc/cron.d/c", "c/c/c")
    assert copied(source, tmp_path)["/etc/cron.d/a"] == "-> ../../etc/cron.d/b"


def test_file_that_is_too_large_is_there_as_such(source: Path, tmp_path: Path) -> None:
    put(source, "/etc/cron.d/huge", "x" * (LIMIT + 1))
    put(source, "/usr/sbin/pidof", "x" * (LIMIT + 1))
    found = copied(source, tmp_path)
    assert found["/etc/cron.d/huge"] == found["/usr/sbin/pidof"] == "too large"


def test_who_is_not_root_copies_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="log in as root"):
        copy_host(scripted({"id -u": "1000\n"}), str(tmp_path))


@pytest.mark.parametrize(("said", "reason"), [("grep\ntr\n0\n", "no grep tr"), ("", "as root")])
def test_target_without_what_is_needed_is_not_judged(
    said: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(Unavailable, match=reason):
        copy_host(scripted({"id -u": said}), str(tmp_path))


def test_target_whose_tar_fails_is_not_judged(tmp_path: Path) -> None:
    said = Output(127, b"", b"xargs: tar: No such file or directory\n")
    with pytest.raises(Unavailable, match="tar: No such file"):
        copy_host(scripted({"id -u": "0\n", "tar": said}), str(tmp_path))


def test_target_of_which_nothing_comes_is_not_judged(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="nothing of its /etc"):
        copy_host(scripted({"id -u": "0\n", "": ""}), str(tmp_path))


def test_every_path_that_the_audits_sources_name_is_copied() -> None:
    """What the audit learns to read must be copied too: this names what is not."""
    words = " ".join([
        host_copy.with_lib(host_files.TREES), host_files.FILES, host_files.PROGRAMS,
        host_files.THERE, *host_files.LARGE, *(folders for folders, _, _ in host_files.CHOSEN),
    ]).split()  # fmt: skip
    literal = re.compile(r'"(/(?:etc|lib|opt|root|run|sbin|bin|service|srv|usr|var)/?[^"\s]*)"')
    modules = [*(SOURCES / "sources").glob("*.py"), SOURCES / "facts.py", SOURCES / "waivers.py"]
    named = {path.rstrip("/") for each in modules for path in literal.findall(each.read_text())}
    assert len(named) > 250
    assert {path for path in named if not is_copied(path, words)} == NOT_OPENED


def is_copied(path: str, words: list[str]) -> bool:
    """/etc/cron.{often} is if anything is that begins so."""
    fixed, template, _ = path.partition("{")
    return any(
        path == word or path.startswith(f"{word}/") or (template and word.startswith(fixed))
        for word in words
    )


# What the sources name and do not open: beginnings that paths are compared with, folders of which
# they open one file or folder that is copied, and containers, whose files the snapshot has.
NOT_OPENED = {
    "/usr/lib/perl5/vendor_perl",
    "/usr/lib/sysimage/rpm",
    "/usr/share/perl5",
    "/usr/share/perl5/vendor_perl",
    "/var/lib/rpm",
    "/var/run",
}
