"""Opening files of a root that anybody may have filled."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ct0.host import Host
from ct0_audit import files


@pytest.fixture
def host(tmp_path: Path) -> Host:
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "outside").write_text("secret\n", encoding="ascii")
    return Host(str(tmp_path / "root"))


def place(host: Host, path: str, content: bytes = b"#!/bin/sh\n") -> Path:
    file = Path(host.path(path))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def reason(read: Callable[..., object], host: Host, path: str) -> str:
    with pytest.raises(files.Unreadable) as caught:
        read(host, path)
    return caught.value.reason


def test_an_absolute_link_is_resolved_inside_the_root(host: Host) -> None:
    place(host, "/usr/lib/x", b"inside\n")
    os.symlink("/usr/lib/x", host.path("/etc/x"))
    assert files.text(host, "/etc/x") == "inside\n"
    assert files.real(host, "/etc/x") == "/usr/lib/x"
    assert files.link(host, "/etc/x") == "/usr/lib/x"


def test_dot_dot_does_not_leave_the_root(host: Host) -> None:
    os.symlink("../../../../outside", host.path("/etc/x"))
    place(host, "/outside", b"inside\n")
    assert files.text(host, "/etc/x") == "inside\n"
    assert files.text(host, "/../../outside") == "inside\n"


def test_a_link_out_of_the_root_finds_nothing(host: Host, tmp_path: Path) -> None:
    os.symlink(tmp_path / "outside", host.path("/etc/x"))
    with pytest.raises(files.Absent):
        files.text(host, "/etc/x")
    assert not files.exists(host, "/etc/x")


def test_links_in_a_circle_are_told(host: Host) -> None:
    os.symlink("b", host.path("/etc/a"))
    os.symlink("a", host.path("/etc/b"))
    assert reason(files.text, host, "/etc/a") == "too many links, or links in a circle"
    told, *_ = files.walk(host, "/etc", 3)
    assert isinstance(told, files.Unreadable)


def test_folders_linked_in_a_circle_are_walked_once(host: Host) -> None:
    place(host, "/etc/sv/a/run")
    os.symlink("..", host.path("/etc/sv/a/up"))
    found = [entry for entry in files.walk(host, "/etc/sv", 50) if isinstance(entry, files.Entry)]
    assert [entry.path for entry in found] == ["/etc/sv/a/run"]


def test_a_container_is_not_entered_by_a_link(host: Host) -> None:
    place(host, "/var/lib/lxc/101/rootfs/etc/init.d/x")
    os.symlink("/var/lib/lxc/101/rootfs/etc/init.d", host.path("/etc/init.d"))
    assert reason(files.names, host, "/etc/init.d") == "it is in a container's root"
    assert reason(files.text, host, "/etc/init.d/x") == "it is in a container's root"


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
def test_what_is_no_regular_file_is_not_opened(kind: str, host: Host) -> None:
    path = host.path("/etc/x")
    if kind == "pipe":
        os.mkfifo(path)  # opening it to read would wait for a writer
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            folder = os.open(host.path("/etc"), os.O_RDONLY)
            made.bind(f"/proc/self/fd/{folder}/x")  # the path may be longer than a socket's name
            os.close(folder)
    else:
        os.mkdir(path)
    assert reason(files.text, host, "/etc/x") == "not a regular file"
    assert list(files.walk(host, "/etc")) == []


def test_binary_and_large_files_are_told(host: Host) -> None:
    place(host, "/etc/binary", b"\x7fELF\0\0")
    with open(place(host, "/etc/large"), "wb") as large:
        large.truncate(50_000_000)
    assert reason(files.text, host, "/etc/binary") == "a binary file"
    assert reason(files.text, host, "/etc/large") == "50000000 bytes, more than 1048576"
    assert files.data(host, "/etc/binary") == b"\x7fELF\0\0"


def test_a_file_without_a_size_is_read_to_the_limit_only(host: Host) -> None:
    place(host, "/etc/x", b"12345")
    assert files.text(host, "/etc/x", 5) == "12345"
    assert "more than 4" in reason(lambda h, p: files.text(h, p, 4), host, "/etc/x")


def test_latin_1_keeps_its_bytes(host: Host) -> None:
    content = "# gr\xfc\xdfe\nkillall x\n".encode("latin-1")
    place(host, "/etc/x", content)
    text = files.text(host, "/etc/x")
    assert text.encode("utf-8", "surrogateescape") == content
    assert text.split("\n")[1] == "killall x"


def test_the_first_line_of_a_script_is_read_and_no_more(host: Host) -> None:
    place(host, "/usr/bin/a", b"#!/bin/sh\ntrue\n")
    place(host, "/usr/bin/b", b"\x7fELF\0")
    place(host, "/usr/bin/c", b"")
    place(host, "/usr/bin/d", b"#!/bin/sh" + b" " * 5000)
    assert files.shebang(host, "/usr/bin/a") == "#!/bin/sh"
    assert files.shebang(host, "/usr/bin/b") == ""
    assert files.shebang(host, "/usr/bin/c") == ""
    assert len(files.shebang(host, "/usr/bin/d")) == files.SHEBANG


def test_hostile_names_are_walked(host: Host) -> None:
    for name in (b"new\nline", b"\xff\xfe", b"-rf", b"\x1b[31m", b"a" * 255, b"$(reboot)"):
        place(host, "/etc/cron.d/" + os.fsdecode(name))
    found = list(files.walk(host, "/etc/cron.d"))
    assert len(found) == 6
    for entry in found:
        assert isinstance(entry, files.Entry)
        assert files.text(host, entry.path) == "#!/bin/sh\n"


def test_a_name_with_a_nul_is_told(host: Host) -> None:
    assert reason(files.text, host, "/etc/\0x") == "a NUL in its name"


def test_a_folder_of_too_many_names_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_NAMES", 3)
    for number in range(4):
        place(host, f"/etc/{number}")
    assert reason(files.names, host, "/etc") == "more than 3 names in one folder"
    (told,) = files.walk(host, "/etc")
    assert isinstance(told, files.Unreadable)


def test_a_file_where_a_folder_should_be_is_told(host: Host) -> None:
    place(host, "/etc/cron.d")
    assert reason(files.names, host, "/etc/cron.d") == "not a folder"
    with pytest.raises(files.Absent):
        files.text(host, "/etc/cron.d/x")


def test_what_may_not_be_read_is_told(host: Host) -> None:
    place(host, "/etc/x").chmod(0)
    place(host, "/etc/closed/y")
    Path(host.path("/etc/closed")).chmod(0)
    root = os.open(host.root, os.O_PATH)  # the folders above it are closed to others
    me = os.geteuid()
    if me == 0:
        os.seteuid(65534)
    try:
        asked = Host(f"/proc/self/fd/{root}")
        assert reason(files.text, asked, "/etc/x") == "Permission denied"
        assert reason(files.names, asked, "/etc/closed") == "Permission denied"
        assert [type(entry) for entry in files.walk(asked, "/etc/closed")] == [files.Unreadable]
    finally:
        os.seteuid(me)
        os.close(root)
        Path(host.path("/etc/closed")).chmod(0o755)


def test_no_descriptor_is_left_open(host: Host) -> None:
    place(host, "/etc/a/b", b"\0")
    os.symlink("loop", host.path("/etc/loop"))
    before = len(os.listdir("/proc/self/fd"))
    for path in ("/etc/a/b", "/etc/loop", "/etc/none", "/etc", "/etc/a/b/c"):
        for read in (files.text, files.shebang, files.names, files.real):
            try:
                read(host, path)
            except files.Unreadable:
                continue
    list(files.walk(host, "/etc", 9))
    assert len(os.listdir("/proc/self/fd")) == before
