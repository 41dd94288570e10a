"""`ct0 audit fix`: the safe rewrites as a diff, and in place with a copy."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.audited import Made
from ct0.errors import Unavailable
from ct0_audit.fix import Rewrite, apply, diff, edited, rewrites
from ct0_audit.records import Edit, Place, Report

INIT = "#!/bin/sh\n# für\nkillall -9 a; kill $(pgrep -x b)\nps ax | grep c | xargs kill\n"
MENDED = (
    "#!/bin/sh\n# für\nkillall -n $$ -9 a; kill $(pgrep --ns $$ --nslist pid -x b)\n"
    "ps ax | grep c | xargs kill\n"
)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path / "host")
    made.write("/etc/init.d/a", INIT)
    return made


def mended(made: Made, report: Report, vendor: bool = False) -> list[Rewrite]:
    return list(rewrites(made.host, report.findings, vendor))


def test_the_diff_is_patch_s(made: Made, tmp_path: Path) -> None:
    (rewrite,) = mended(made, made.audit("init"))
    assert rewrite.new == MENDED
    subprocess.run(
        ["patch", "-s", "-p1", "-d", str(made.root)],
        input=diff(rewrite).encode(),
        check=True,
        timeout=30,
    )
    assert (made.root / "etc/init.d/a").read_text() == MENDED


def test_what_was_mended_is_no_finding_any_more(made: Made) -> None:
    made.write("/etc/init.d/a", MENDED)
    assert [f.rule for f in made.audit("init").findings] == ["CT006"]


def test_a_file_without_its_last_newline(made: Made) -> None:
    made.write("/etc/init.d/a", "#!/bin/sh\nkillall a")
    (rewrite,) = mended(made, made.audit("init"))
    assert "\\ No newline at end of file" in diff(rewrite)


def test_in_place_with_a_copy(made: Made) -> None:
    place = made.root / "etc/init.d/a"
    place.chmod(0o750)
    (rewrite,) = mended(made, made.audit("init"))
    backup = apply(made.host, rewrite, "/var/backups/x")
    assert place.read_text() == MENDED
    assert place.stat().st_mode & 0o777 == 0o750
    assert Path(made.host.path(backup)).read_text() == INIT
    assert backup == "/var/backups/x/etc/init.d/a"
    assert os.listdir(made.root / "etc/init.d") == ["a"]


def test_through_a_link_the_file_is_mended_and_the_link_stays(made: Made) -> None:
    (made.root / "etc/init.d/a").rename(made.root / "etc/real")
    (made.root / "etc/init.d/a").symlink_to("/etc/real")
    (rewrite,) = mended(made, made.audit("init"))
    apply(made.host, rewrite, "/var/backups/x")
    assert (made.root / "etc/init.d/a").is_symlink()
    assert (made.root / "etc/real").read_text() == MENDED


def test_a_file_that_changed_meanwhile_is_left(made: Made) -> None:
    (rewrite,) = mended(made, made.audit("init"))
    made.write("/etc/init.d/a", INIT + "true\n")
    with pytest.raises(Unavailable, match="changed since it was audited"):
        apply(made.host, rewrite, "/var/backups/x")
    assert (made.root / "etc/init.d/a").read_text() == INIT + "true\n"


def test_a_file_with_two_names_is_left(made: Made) -> None:
    os.link(made.root / "etc/init.d/a", made.root / "etc/other")
    (rewrite,) = mended(made, made.audit("init"))
    with pytest.raises(Unavailable, match="mend it by hand"):
        apply(made.host, rewrite, "/var/backups/x")


def test_a_draft_that_is_in_the_way_is_not_overwritten(made: Made) -> None:
    made.write("/etc/init.d/.a.ct0-new", "somebody's")
    (rewrite,) = mended(made, made.audit("init"))
    with pytest.raises(Unavailable, match="File exists"):
        apply(made.host, rewrite, "/var/backups/x")
    assert (made.root / "etc/init.d/.a.ct0-new").read_text() == "somebody's"
    assert (made.root / "etc/init.d/a").read_text() == INIT


def test_a_link_does_not_lead_the_copy_out_of_the_root(made: Made, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (made.root / "var").mkdir(exist_ok=True)
    (made.root / "var/backups").symlink_to(outside)
    (rewrite,) = mended(made, made.audit("init"))
    with pytest.raises(Unavailable, match="not rewritten"):
        apply(made.host, rewrite, "/var/backups/x")
    assert list(outside.iterdir()) == []
    assert (made.root / "etc/init.d/a").read_text() == INIT


def test_packages_files_only_when_asked_for(made: Made) -> None:
    made.write("/var/lib/dpkg/info/x.prerm", "#!/bin/sh\nkillall x\n")
    report = made.audit("maintainer")
    assert [f.rule for f in report.findings] == ["CT001"]
    assert mended(made, report) == []
    assert [rewrite.path for rewrite in mended(made, report, True)] == [
        "/var/lib/dpkg/info/x.prerm"
    ]


def test_what_a_shim_covers_is_left(made: Made) -> None:
    made.shims("killall")
    made.write("/etc/init.d/a", "#!/bin/sh\nPATH=/usr/lib/ct0/shims:$PATH\nkillall a\n")
    assert mended(made, made.audit("init")) == []


def test_bytes_that_are_no_utf_8_stay(made: Made) -> None:
    made.write("/etc/init.d/a", b"#!/bin/sh\n# f\xfcr\nkillall a # \xe4\n")
    (rewrite,) = mended(made, made.audit("init"))
    apply(made.host, rewrite, "/var/backups/x")
    new = (made.root / "etc/init.d/a").read_bytes()
    assert new == b"#!/bin/sh\n# f\xfcr\nkillall -n $$ a # \xe4\n"


def test_lines_that_moved_since_they_were_judged_are_left(made: Made) -> None:
    report = made.audit("init")
    made.write("/etc/init.d/a", INIT.replace("# für\n", ""))
    assert mended(made, report) == []


def test_overlapping_edits_are_made_once() -> None:
    edits = [Edit(Place("/x", 1, 1, 1, 3), "A"), Edit(Place("/x", 1, 2, 1, 4), "B")]
    assert edited("abcd", edits) == "aBd"
    assert edited("abcd", [*edits[:1], *edits[:1]]) == "Acd"


@given(st.text(max_size=30), st.integers(1, 5), st.integers(1, 9))
def test_edits_past_the_end_do_no_harm(text: str, line: int, column: int) -> None:
    edited(text, [Edit(Place("/x", line, column, line, column), "")])
