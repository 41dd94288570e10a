"""mounts: what whoever goes to a path is in, with which options, and how full it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed, Unavailable
from ct0_suites.resources.mounts import mounted_at, parse_df, parse_mountinfo
from ct0_suites.suites import mounts
from ct0_suites.target import Target
from ct0_suites.transport import Local, Output
from suites.recorded_mountinfo import MOUNTINFO
from suites.scripted import Answer, scripted

DF = """\
Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/vda         264212084 32454500  73936412      31% /
"""
DF_PROC = """\
Filesystem     1024-blocks  Used Available Capacity Mounted on
proc                     0     0         0       - /proc
"""


def problems(want: dict[str, Any], **answers: Answer) -> list[str]:
    place = f"{want['path']}\n"
    standard = {"mountinfo": MOUNTINFO, "^LC_ALL=C df ": DF, "^readlink -f ": place}
    rest = {key: answer for key, answer in standard.items() if key not in answers}
    target = scripted({**answers, **rest})
    return list(mounts.judge(want, target))


def test_options_that_are_there() -> None:
    assert problems({"path": "/tmp/mi/tmp", "options": ["noexec"], "type": "tmpfs"}) == []


def test_option_that_is_missing_is_told_with_those_it_has() -> None:
    assert problems({"path": "/tmp/mi/tmp", "options": ["noexec", "nodev"]}) == [
        "/tmp/mi/tmp: is mounted without nodev (it has noexec,relatime,rw)"
    ]


def test_option_it_must_not_have() -> None:
    assert problems({"path": "/", "without": ["discard", "ro"]}) == [
        "/: is mounted with discard"
        " (it has discard,relatime,resgid=65534,resuid=65534,resv_strict,rw)"
    ]


def test_file_system_that_is_read_only_under_a_writable_mount_is_read_only() -> None:
    assert problems({"path": "/sys", "options": ["ro"], "without": ["rw"]}) == []


def test_the_mount_on_top_counts() -> None:
    assert problems({"path": "/tmp/mi/a b", "source": "three"}) == []
    assert problems({"path": "/tmp/mi/a b", "source": "one"}) == [
        "/tmp/mi/a b: three is mounted, should be one"
    ]


def test_mount_that_another_one_covers_is_not_there() -> None:
    assert problems({"path": "/tmp/mi/a b/in"}) == ["/tmp/mi/a b/in: nothing is mounted there"]


def test_folder_of_a_mount_is_no_mount() -> None:
    assert problems({"path": "/home"}) == ["/home: nothing is mounted there"]
    assert problems({"path": "/home", "absent": True}) == []


def test_absent_that_is_there() -> None:
    assert problems({"path": "/dev/shm/", "absent": True}) == [
        "/dev/shm/: tmpfs of tmpfs is mounted; nothing should be"
    ]


def test_link_to_a_mount_does_not_hide_it() -> None:
    led = {"^readlink -f -- '/var/a b'": "/tmp/mi/a b\n"}
    assert problems({"path": "/var/a b", "absent": True}, **led) == [
        "/var/a b: tmpfs of three is mounted; nothing should be"
    ]
    assert problems({"path": "/var/a b", "options": ["ro"]}, **led) == [
        "/var/a b: is mounted without ro (it has relatime,rw,size=3072k)"
    ]


def test_type_of_several() -> None:
    assert problems({"path": "/", "type": ["xfs", "ext4"]}) == []
    assert problems({"path": "/", "type": ["xfs", "zfs"]}) == ["/: is ext4, should be xfs or zfs"]


def test_free_is_what_df_says_of_what_users_may_have() -> None:
    assert problems({"path": "/", "free": 69}) == []
    assert problems({"path": "/", "free": 70}) == ["/: 69.5% is free, should be 70% at least"]


def test_file_system_without_size_is_not_judged() -> None:
    with pytest.raises(Unavailable, match="no size"):
        parse_df(DF_PROC, "/proc")


def test_df_that_fails_is_not_judged() -> None:
    said = Output(1, b"", b"df: /: Input/output error\n")
    with pytest.raises(Unavailable, match="Input/output error"):
        problems({"path": "/", "free": 1}, **{"^LC_ALL=C df ": said})


def test_mountinfo_that_cannot_be_read_is_not_judged() -> None:
    said = Output(1, b"", b"cat: /proc/self/mountinfo: No such file or directory\n")
    with pytest.raises(Unavailable, match="No such file"):
        problems({"path": "/", "absent": True}, mountinfo=said)


@pytest.mark.parametrize("text", ["", "\n", MOUNTINFO[:-5], "22 27 0:21 / /proc\n", "\0\xff\n"])
def test_mountinfo_that_is_none(text: str) -> None:
    with pytest.raises(Malformed):
        parse_mountinfo(text)


@pytest.mark.parametrize("text", ["", DF.split("\n")[0], DF[:-20], "garbage\nmore of it\n"])
def test_df_that_is_none(text: str) -> None:
    with pytest.raises(Malformed):
        parse_df(text, "/")


@given(st.text() | st.lists(st.sampled_from(MOUNTINFO.split(" ")), max_size=60).map(" ".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = parse_mountinfo(text)
    except Malformed:
        return
    for mount in found:
        mounted_at(found, mount.point)


@given(st.text(), st.text())
def test_any_df_is_read_or_refused(header: str, line: str) -> None:
    try:
        free = parse_df(f"{header}\n{line}\n", "/")
    except (Malformed, Unavailable):
        return
    assert 0 <= free <= 100


def test_what_is_observed_is_met() -> None:
    target = scripted({"mountinfo": MOUNTINFO, "^readlink": Output(1, b"", b"")})
    found = list(mounts.observe(target))
    assert found == [
        {"path": "/", "type": "ext4"},
        {"path": "/dev/shm", "type": "tmpfs"},
        {"path": "/proc", "type": "proc"},
    ]
    assert [list(mounts.judge(want, target)) for want in found] == [[], [], []]


def test_this_machine() -> None:
    target = Target(scripted({}).subject, Local())
    assert list(mounts.judge({"path": "/proc", "type": "proc"}, target)) == []
    for want in mounts.observe(target):
        assert list(mounts.judge(want, target)) == []
