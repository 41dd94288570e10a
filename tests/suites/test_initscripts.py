"""initscripts: what is copied of a target, what hostile archives cannot do, what is a failure.

Copies are made by a real shell of a folder that stands for a target's root: its commands are the
very ones, but for `cd /`.
"""

from __future__ import annotations

import json
import os
import re
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed, Unavailable
from ct0_suites.resources import audit, host_copy, host_files
from ct0_suites.resources.audit import Finding, Report, parse_report
from ct0_suites.resources.host_copy import (
    LIMIT,
    Led,
    confined,
    copy_host,
    normal,
    placeholders,
    resolved,
    unpack,
)
from ct0_suites.suites import initscripts
from ct0_suites.target import Target
from ct0_suites.transport import TIMEOUT, Local, Output
from suites.scripted import scripted
from suites.test_tar import entry, made

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


HOSTILE = [
    (entry("../up"), b"x"),
    (entry("/etc/../../up"), b"x"),
    (entry("etc/ok"), b"ok"),
    (entry("etc/away", tarfile.SYMTYPE, "/tmp"), b""),
    (entry("etc/away/file"), b"x"),
    (entry("out", tarfile.SYMTYPE, "../../../../../../etc"), b""),
    (entry("out/passwd2"), b"x"),
    (entry("later", tarfile.SYMTYPE, "etc"), b""),
    (entry("etc/hard", tarfile.LNKTYPE, "/etc/passwd"), b""),
    (entry("etc/hard2", tarfile.LNKTYPE, "../../../../../etc/passwd"), b""),
    (entry("etc/hard3", tarfile.LNKTYPE, "etc/ok"), b""),
    (entry("dev/sda", tarfile.BLKTYPE), b""),
    (entry("dev/file"), b"x"),
    (entry("proc/1/status"), b"x"),
    (entry("etc/pipe", tarfile.FIFOTYPE), b""),
    (entry("etc/ok"), b"again"),
    (entry("etc/ok/below"), b"x"),
    (entry("etc"), b"a file in a folder's place"),
    (entry("n" * 300), b"x"),
    (entry("."), b"x"),
    (entry("etc/long", tarfile.SYMTYPE, "g" * 5000), b""),
]


def test_hostile_archive_writes_below_its_folder_only(tmp_path: Path) -> None:
    root = tmp_path / "a" / "root"
    root.mkdir(parents=True)
    unpack(str(root), made(*HOSTILE), Led(set(), set()))
    everything = list(tmp_path.rglob("*"))
    assert [p for p in everything if not str(p).startswith(str(root)) and p != root.parent] == []
    assert (root / "etc/ok").read_text() == "ok"
    assert (root / "etc/hard3").read_text() == "ok"
    assert not (root / "etc/hard").exists()
    assert not (root / "dev").exists()
    assert not (root / "proc").exists()
    assert (root / "etc/away/file").read_text() == "x"  # a folder, and no link of that name
    assert not (root / "etc/away").is_symlink()
    for place in everything:
        assert place.resolve().is_relative_to(root) or place == root.parent


def test_link_that_is_there_is_not_written_through(tmp_path: Path) -> None:
    root, away = tmp_path / "root", tmp_path / "away"
    root.mkdir()
    away.mkdir()
    (root / "etc").symlink_to(away)
    unpack(str(root), made((entry("etc/x"), b"x"), (entry("etc/l", tarfile.SYMTYPE, "x"), b"")),
           Led(set(), set()))  # fmt: skip
    placeholders(str(root), "./etc/y\n../z\n")
    assert list(away.iterdir()) == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["away", "root"]


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from(["a", "b", "..", ".", "", "etc"]), max_size=4).map("/".join),
            st.sampled_from([tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE]),
            st.lists(st.sampled_from(["a", "b", "..", "", "/"]), max_size=5).map("/".join),
        ),
        max_size=8,
    )
)
def test_no_archive_leads_out(tmp_path_factory: pytest.TempPathFactory, given: list[Any]) -> None:
    above = tmp_path_factory.mktemp("x")
    root = above / "deep" / "root"
    root.mkdir(parents=True)
    for half in (given[::2], given[1::2]):
        data = made(*((entry(n, kind, goal), b"") for n, kind, goal in half if n.strip("/")))
        unpack(str(root), data, Led(set(), set()))
    assert [p.name for p in above.rglob("*") if root not in (p, *p.parents)] == ["deep"]
    for place in root.rglob("*"):
        if place.is_symlink():
            goal = Path(os.path.normpath(place.parent.resolve() / place.readlink()))
            assert goal.is_relative_to(root), (place, place.readlink())
            missing = resolved(str(root), "/" + str(place.relative_to(root)))
            assert missing is None or ".." not in missing


@pytest.mark.parametrize(
    ("path", "goal", "text"),
    [
        ("/etc/a", "/usr/bin/x", "../usr/bin/x"),
        ("/etc/a", "b", "../etc/b"),
        ("/a", "b/../../c", "c"),
        ("/a", "/", "."),
        ("/x/y/a", "../../../../etc", "../../etc"),
        ("/x/a", "/dev/null", "/dev/null"),
    ],
)
def test_goals_of_links(path: str, goal: str, text: str) -> None:
    assert confined(path, goal)[0] == text


def test_names_that_are_nobodys() -> None:
    assert normal("./etc//x/.") == "/etc/x"
    for name in ("", ".", "/", "..", "a/../b", "proc/1", "./dev/sda", "sys", "a\0b"):
        assert normal(name) is None


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


REPORT = {
    "version": 1,
    "files": 801,
    "findings": [
        {
            "rule": "CT001", "severity": "K", "confidence": "high", "path": "/etc/init.d/web",
            "line": 2, "detail": "ends every process named nginx", "covered": None,
            "hits": [
                {"comm": "nginx", "name": "web1", "ctid": "101"},
                {"comm": "nginx", "name": "web1", "ctid": "101"},
                {"comm": "nginx", "name": "", "ctid": "102"},
            ],
        },
        {
            "rule": "CT005", "severity": "B", "confidence": "medium", "path": "/etc/cron.d/x",
            "line": 1, "detail": "looks", "covered": None, "hits": [],
        },
        {
            "rule": "CT103", "severity": "F", "confidence": "high", "path": "/etc/nagios/n.cfg",
            "line": 9, "detail": "counts", "covered": None, "hits": [],
        },
        {
            "rule": "CT001", "severity": "K", "confidence": "low", "path": "/etc/init.d/unsure",
            "line": 2, "detail": "perhaps", "covered": None, "hits": [],
        },
        {
            "rule": "CT001", "severity": "K", "confidence": "high", "path": "/etc/init.d/covered",
            "line": 2, "detail": "ends", "covered": "the hook /etc/sysconfig/init", "hits": [],
        },
    ],
    "not_read": [{"path": "/usr/bin/x", "reason": "written for perl, not for a shell"}],
}  # fmt: skip
KILLS = (
    "/etc/init.d/web:2: CT001 kills: ends every process named nginx"
    " (now nginx of web1, nginx of 102)"
)


def problems(want: dict[str, Any], monkeypatch: pytest.MonkeyPatch, **more: Any) -> list[str]:
    text = json.dumps({**REPORT, **more})
    monkeypatch.setattr(initscripts, "read_audit", lambda target: parse_report(text))
    return list(initscripts.judge(want, scripted({})))


def test_what_kills_is_a_failure_that_names_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems({}, monkeypatch) == [KILLS]


def test_what_is_worse_fails_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems({"fail_on": "blocks"}, monkeypatch) == [
        KILLS, "/etc/cron.d/x:1: CT005 blocks: looks"
    ]  # fmt: skip
    assert len(problems({"fail_on": "miscounts"}, monkeypatch)) == 3


@pytest.mark.parametrize(
    "pattern", ["CT001", "/etc/init.d/*", "/etc/init.d/web:CT001", "*:CT001", "/etc/init.d/web"]
)
def test_what_is_ignored(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems({"ignore": [pattern]}, monkeypatch) == []
    assert problems({"ignore": ["CT002", "/etc/init.d", "/etc/init.d/web:CT002"]}, monkeypatch) == [
        KILLS
    ]


def test_only_some_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    want = {"fail_on": "miscounts", "rules": ["CT103"]}
    assert problems(want, monkeypatch) == ["/etc/nagios/n.cfg:9: CT103 miscounts: counts"]


def test_file_that_cannot_be_read_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    unread = [{"path": "/opt/i.sh", "reason": "a binary file"}, {"path": "/x", "reason": "y"}]
    with pytest.raises(Unavailable, match=r"/opt/i.sh: cannot be judged: a binary file \(and 1"):
        problems({"ignore": ["CT001"]}, monkeypatch, not_read=unread)
    assert problems({}, monkeypatch, not_read=unread) == [KILLS]
    assert problems({"ignore": ["CT001", "/opt/*", "/x"]}, monkeypatch, not_read=unread) == []


def test_audit_of_no_file_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="not one file"):
        problems({}, monkeypatch, files=0, findings=[])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"findings": 1}', json.dumps(REPORT)[:400]])
def test_report_that_is_none(text: str) -> None:
    with pytest.raises(Malformed):
        parse_report(text)


def test_what_is_observed_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    found = parse_report(json.dumps(REPORT))
    monkeypatch.setattr(initscripts, "read_audit", lambda target: found)
    (want,) = initscripts.observe(scripted({}))
    assert want == {"ignore": ["/etc/init.d/web:CT001"]}
    assert list(initscripts.judge(want, scripted({}))) == []
    clean = Report((), (), 5)
    monkeypatch.setattr(initscripts, "read_audit", lambda target: clean)
    assert list(initscripts.observe(scripted({}))) == [{}]


def test_control_characters_of_a_container_stay_its_own() -> None:
    finding = Finding("CT001", "kills", "/etc/\x1b[2J", 1, "x\ny", ("\x07 of web1",))
    assert initscripts.told(finding) == "/etc/?[2J:1: CT001 kills: x?y (now ? of web1)"


def test_a_copied_host_is_audited_by_the_command_itself(tmp_path: Path) -> None:
    put(tmp_path, "/etc/init.d/web", "#!/bin/sh\nkillall nginx\n")
    put(tmp_path, "/ct0/__init__.py", "raise SystemExit('a module of the target')\n")
    report = parse_report(audit.run_audit(str(tmp_path)))
    assert [(f.rule, f.severity, f.path, f.line) for f in report.findings] == [
        ("CT001", "kills", "/etc/init.d/web", 2)
    ]
    assert report.files == 1


def test_audit_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not a folder"):
        audit.run_audit(str(tmp_path / "none"))
