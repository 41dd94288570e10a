"""One audit from the files to the report."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from audit.audited import Made
from ct0_audit.as_text import Text
from ct0_audit.engine import of_snippet
from ct0_audit.facts import Facts
from ct0_audit.records import SHELL, Snippet
from ct0_audit.waivers import UNREAD, parse_waivers

TODAY = datetime.date(2027, 1, 1)
INIT = """#!/bin/sh
# killall nothing
case $1 in
stop)
    killall -9 nginx
    ;;
reload) kill -HUP $(cat /run/nginx.pid) ;;
esac
"""


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path)
    made.processes()
    made.write("/etc/init.d/nginx", INIT)
    return made


def test_place_and_code_and_whom_it_would_reach(made: Made) -> None:
    report = made.audit("init")
    first = report.findings[0]
    assert (first.rule, first.place) == ("CT001", ("/etc/init.d/nginx", 5, 5, 5, 21))
    assert first.code == "killall -9 nginx"
    assert [(hit.ctid, hit.pid) for hit in first.hits] == [("web1", 300), ("db1", 301)]
    assert report.live
    assert report.files == 1


def test_a_pid_file_is_a_doubt_until_its_number_is_a_container_s(made: Made) -> None:
    (doubt,) = [f for f in made.audit("init").findings if f.rule == "CT010"]
    assert (doubt.confidence, doubt.hits) == ("low", ())
    made.write("/run/nginx.pid", "301\n")
    (sure,) = [f for f in made.audit("init").findings if f.rule == "CT010"]
    assert sure.confidence == "high"
    assert [hit.ctid for hit in sure.hits] == ["db1"]


def test_without_a_process_table_it_says_so(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.write("/etc/init.d/nginx", INIT)
    report = made.audit("init")
    assert not report.live
    assert report.findings[0].hits == ()
    assert "No process table" in Text(False).report(report)


def test_the_worst_comes_first(made: Made) -> None:
    made.write("/etc/init.d/a", "#!/bin/sh\npgrep -x nosuch && x\nkillall nosuch\n")
    made.shims("killall", "pgrep")
    made.write("/etc/init.d/z", "#!/bin/sh\nPATH=/usr/lib/ct0/shims\nkillall nginx\n")
    order = [(f.place.path.rpartition("/")[2], f.rule) for f in made.audit("init").findings]
    assert order == [
        ("nginx", "CT001"),  # reaches somebody now
        ("a", "CT001"),
        ("a", "CT005"),
        ("nginx", "CT010"),  # a doubt
        ("z", "CT001"),  # covered
    ]


def test_two_paths_of_one_file_are_one(made: Made) -> None:
    (made.root / "etc/rc.d").mkdir()
    (made.root / "etc/rc.d/init.d").symlink_to("/etc/init.d")
    assert [f.rule for f in made.audit("init").findings] == ["CT001", "CT010"]


def test_a_comment_with_a_reason_leaves_it(made: Made) -> None:
    made.write(
        "/etc/init.d/nginx",
        "#!/bin/sh\nkillall a  # ct0-audit: ignore=CT001 nobody else has a\n"
        "# ct0-audit: ignore=CT001,CT004 nor b\nkillall b\nkillall c\n",
    )
    report = made.audit("init")
    assert [f.code for f in report.findings] == ["killall c"]
    assert [f.suppressed for f in report.suppressed] == ["nobody else has a", "nor b"]


def test_a_comment_without_a_reason_does_not(made: Made) -> None:
    made.write("/etc/init.d/nginx", "#!/bin/sh\nkillall a  # ct0-audit: ignore=CT001\n")
    report = made.audit("init")
    assert [f.rule for f in report.findings] == ["CT001"]
    assert report.complaints == ("/etc/init.d/nginx:2: ignore=CT001 without a reason: not heeded",)


def test_a_comment_of_another_rule_or_of_the_line_before_does_not(made: Made) -> None:
    made.write(
        "/etc/init.d/nginx",
        "#!/bin/sh\nkillall a  # ct0-audit: ignore=CT005 x\n"
        "true  # ct0-audit: ignore=CT001 x\nkillall b\n",
    )
    assert len(made.audit("init").findings) == 2


def test_a_waiver_leaves_it_until_its_day(made: Made) -> None:
    line = "CT001 /etc/init.d/ng* 2027-03-31 only this host has one\n"
    report = made.audit("init", waivers=parse_waivers(line, "w", TODAY))
    assert [f.rule for f in report.findings] == ["CT010"]
    assert [f.suppressed for f in report.suppressed] == [
        "only this host has one (until 2027-03-31)"
    ]
    late = datetime.date(2027, 4, 1)
    report = made.audit("init", waivers=parse_waivers(line, "w", late))
    assert [f.rule for f in report.findings] == ["CT001", "CT010"]
    assert report.complaints == ("w:1: over since 2027-03-31: CT001 /etc/init.d/ng*",)


def test_what_cannot_be_read_is_told_unless_it_is_waived(made: Made) -> None:
    made.write("/etc/init.d/binary", b"#!/bin/sh\n\0\0")
    made.write("/etc/init.d/large", "#" * (1 << 20) + "\n")
    assert {item.path: item.reason for item in made.audit("init").not_read} == {
        "/etc/init.d/binary": "a binary file",
        "/etc/init.d/large": "1048577 bytes, more than 1048576",
    }
    waivers = parse_waivers(f"{UNREAD} /etc/init.d/* 2027-03-31 x y", "w", TODAY)
    assert made.audit("init", waivers=waivers).not_read == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('"${a:-' * 3000 + '}"' * 3000, "nested too deep to be read"),
        ("echo $(" * 3000 + ")" * 3000, "nested too deep, or too many commands: read in part"),
        ("{ " * 3000 + "} ;" * 3000, "nested too deep, or too many commands: read in part"),
        ("killall x\n" * 300, "more than 200 findings: the rest is not told"),
        (
            "f() { g; }; g() { f; pidof x >/dev/null; }\nf\n" * 300,
            "nested too deep, or too many commands: read in part",
        ),
    ],
)
def test_what_goes_in_circles_is_told_as_not_read(text: str, reason: str) -> None:
    found = of_snippet(Snippet("/x", 1, 1, SHELL, "# kill\n" + text, "init"), Facts())
    assert [(f.rule, f.detail) for f in found][-1] == (UNREAD, reason)


def test_places_in_the_middle_of_a_file() -> None:
    snippet = Snippet("/etc/cron.d/x", 7, 21, SHELL, "killall x;\nkillall y", "cron")
    assert [f.place[1:] for f in of_snippet(snippet, Facts())] == [(7, 21, 7, 30), (8, 1, 8, 10)]
