from __future__ import annotations

import pytest

from ct0.errors import Malformed
from ct0.proc_status import parse_status, status_name, status_value

GOOD = b"""Name:\tsyslogd
Umask:\t0022
State:\tS (sleeping)
Tgid:\t4711
Pid:\t4711
PPid:\t1
Uid:\t0\t1\t2\t3
Gid:\t4\t5\t6\t7
NStgid:\t4711\t53
NSpid:\t4711\t53
"""


def test_each_line_by_its_name() -> None:
    status = parse_status(GOOD)
    assert (status.pid, status.uids, status.gids) == (4711, (0, 1, 2, 3), (4, 5, 6, 7))
    assert (status.nspid, status.env_id, status.vpid) == ((4711, 53), None, None)


@pytest.mark.parametrize(
    ("line", "env_id"),
    [
        (b"envID:\t0\n", "0"),
        (b"envID:\t101\n", "101"),
        (b"envID:  101\n", "101"),
        (b"envID:\t3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1\n", "3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1"),
        (b"", None),
    ],
)
def test_openvz_says_which_container(line: bytes, env_id: str | None) -> None:
    status = parse_status(b"Name:\tinit\nPid:\t7\n" + line + b"VPid:\t1\n")
    assert (status.env_id, status.vpid) == (env_id, 1)


def test_kernel_before_4_1_has_no_nspid() -> None:
    assert parse_status(b"Name:\tinit\nPid:\t1\n").nspid is None


def test_a_name_cannot_add_a_line() -> None:
    """The kernel writes a newline in a name as backslash n."""
    status = parse_status(b"Name:\tx\\nenvID: 0\\nNSpid: 1\nPid:\t7\nNSpid:\t7\t2\n")
    assert (status.env_id, status.nspid) == (None, (7, 2))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        b"Name:\tx\n",
        b"Pid:\t\n",
        b"Pid:\tseven\n",
        b"Pid:\t0\n",
        b"Pid:\t7\nUid:\tx\n",
        b"Pid:\t7\nNSpid:\t7 x\n",
        b"Pid:\t7\nVPid:\t\n",
        b"Pid:\t7\nenvID:\t\xff\n",
        b"\0" * 100,
    ],
)
def test_what_is_no_status_is_malformed_and_names_its_path(text: bytes) -> None:
    with pytest.raises(Malformed, match="/proc/7/status"):
        parse_status(text, "/proc/7/status")


@pytest.mark.parametrize(
    "name", [b"sshd", b"new\nline", b"back\\slash", b"\\n", b"\\\n", b"", b"\xff"]
)
def test_the_name_is_read_back_as_it_was_given(name: bytes) -> None:
    written = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
    text = b"Name:\t" + written + b"\nUmask:\t0022\nNSpid:\t4711\t53\n"
    assert status_name(text).encode("utf-8", "surrogateescape") == name
    assert status_value(text, b"NSpid") == b"4711\t53"
    assert status_value(text, b"envID") is None
