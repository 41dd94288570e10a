"""rpm's database: scriptlets of packages, in SQLite; older formats and damage are told."""

from __future__ import annotations

import lzma
import sqlite3
import struct
from pathlib import Path

import pytest

from audit.audited import Made
from ct0_audit.records import NotRead
from ct0_audit.sources import rpm

TAGS = {"name": 1000, "post": 1024, "postprog": 1086, "preun": 1025, "preunprog": 1087}
RECORDED = Path(__file__).parent / "rpm/rpmdb_4.18.0.sqlite.xz"
DATABASE = "var/lib/rpm/rpmdb.sqlite"


def header(**texts: str) -> bytes:
    index = data = b""
    for name, text in texts.items():
        index += struct.pack(">IIII", TAGS[name], 6, len(data), 1)
        data += text.encode() + b"\0"
    return struct.pack(">II", len(texts), len(data)) + index + data


def database(root: Path, *headers: bytes) -> None:
    """As rpm makes it: a table of headers by number."""
    (root / DATABASE).parent.mkdir(parents=True)
    with sqlite3.connect(root / DATABASE) as made:
        made.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
        made.executemany("INSERT INTO Packages (blob) VALUES (?)", [(each,) for each in headers])
    made.close()


def test_a_scriptlet_that_kills_by_name_is_found(tmp_path: Path) -> None:
    database(
        tmp_path,
        header(name="harmless", post="ldconfig\n", postprog="/bin/sh"),
        header(name="foo", preun="if [ $1 = 0 ]; then\n  killall foo\nfi\n", preunprog="/bin/sh"),
    )
    (finding,) = Made(tmp_path).audit("rpm scriptlet").findings
    assert (finding.rule, finding.package, finding.context) == ("CT001", "foo", "%preun of foo")
    assert (finding.place.path, finding.place.line) == (f"/{DATABASE}/foo.preun", 2)


def test_one_damaged_header_costs_its_own_package_only(tmp_path: Path) -> None:
    good = header(name="foo", post="killall foo\n", postprog="/bin/sh")
    database(tmp_path, b"\0\0\0\xff\0\0\0\0", good[:20], good)
    report = Made(tmp_path).audit("rpm scriptlet")
    assert [finding.package for finding in report.findings] == ["foo"]
    assert [item.reason for item in report.not_read] == [
        "the header of package 1 is damaged",
        "the header of package 2 is damaged",
    ]


@pytest.mark.parametrize("name", ["Packages", "Packages.db"])
def test_an_older_database_is_told(name: str, tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.write(f"/var/lib/rpm/{name}", b"\0" * 100)
    assert list(rpm.read(made.host)) == [
        NotRead(f"/var/lib/rpm/{name}", "an older database of rpm's; ask rpm itself")
    ]


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"no database at all\n"])
def test_what_is_no_database_is_told(content: bytes, tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.write(f"/{DATABASE}", content)
    (told,) = rpm.read(made.host)
    assert isinstance(told, NotRead)
    assert told.reason.startswith("not understood: ")


def test_a_host_without_rpm_has_nothing(tmp_path: Path) -> None:
    assert list(rpm.read(Made(tmp_path).host)) == []


def test_reading_leaves_nothing_beside_the_database(tmp_path: Path) -> None:
    database(tmp_path, header(name="foo", post="true\n", postprog="/bin/sh"))
    list(rpm.read(Made(tmp_path).host))
    assert [path.name for path in (tmp_path / DATABASE).parent.iterdir()] == ["rpmdb.sqlite"]


def test_a_database_that_rpm_itself_made_is_read(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.write(f"/{DATABASE}", lzma.decompress(RECORDED.read_bytes()))
    report = made.audit("rpm scriptlet")
    assert [(finding.rule, finding.code, finding.context) for finding in report.findings] == [
        ("CT001", "killall -HUP ct0foo-nobody", "%post of foo"),
        ("CT001", "pkill ct0bar-nobody", "%trigger of foo"),
    ]
    assert [(item.path, item.reason) for item in report.not_read] == [
        (f"/{DATABASE}/foo.preun", "written for perl, not for a shell")
    ]
