"""Finding a CT's cgroup folders, and the formats of the files in them."""

from __future__ import annotations

import math
import os
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import OUTER, cgroup_host, write
from ct0.cgroup_files import (
    LARGE,
    SMALL,
    Cgroups,
    own_paths,
    parse_cpus,
    parse_flat,
    parse_limit,
    parse_nested,
    read_cgroup,
    read_limit,
    read_number,
)
from ct0.container import CT
from ct0.errors import Malformed, Unavailable
from ct0.host import Host


@pytest.mark.parametrize(
    ("kind", "controller", "folder"),
    [
        ("version 1", "memory", (1, "/sys/fs/cgroup/memory/lxc.payload.web1")),
        ("version 1", "io", None),
        ("version 2", "memory", (2, "/sys/fs/cgroup/lxc.payload.web1")),
        ("hybrid", "memory", (1, "/sys/fs/cgroup/memory/lxc.payload.web1")),
        ("hybrid", "rdma", (2, "/sys/fs/cgroup/unified/lxc.payload.web1")),
    ],
)
def test_folder_of_a_controller(
    kind: str, controller: str, folder: tuple[int, str] | None, tmp_path: Path
) -> None:
    cgroups, ct = cgroup_host(tmp_path, kind, {})
    found = cgroups.folder(ct, controller)
    assert found == (folder and (folder[0], f"{tmp_path}{folder[1]}"))


def test_stopped_ct_has_no_folder(tmp_path: Path) -> None:
    cgroups, _ = cgroup_host(tmp_path, "version 2", {})
    assert cgroups.folder(CT("lxc", "old1"), "memory") is None
    assert cgroups.version2(CT("lxc", "old1")) is None


def test_hierarchy_with_several_controllers_serves_each(tmp_path: Path) -> None:
    write(tmp_path, "proc/mounts", "x /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n")
    cgroups = Cgroups(Host(str(tmp_path)))
    ct = CT("lxc", "web1", cgroups={"cpu,cpuacct": OUTER})
    folder = f"{tmp_path}/sys/fs/cgroup/cpu,cpuacct{OUTER}"
    assert cgroups.folders(ct) == {"cpu": folder, "cpuacct": folder}


SCOPE = "/machine.slice/machine-web\\x2d1.scope"


@pytest.mark.parametrize(
    ("ct", "own"),
    [
        (
            CT("nspawn", "web1", cgroups={"memory": "/machine.slice/web1.service", "cpu": "/"}),
            {"memory": "/machine.slice/web1.service"},
        ),
        (
            CT("nspawn", "web1", cgroups={"memory": "/m/web1", "pids": "/user.slice/user-0.slice"}),
            {"memory": "/m/web1"},
        ),
        (CT("nspawn", "web-1", cgroups={"": SCOPE, "cpu": "/user.slice"}), {"": SCOPE}),
        (
            CT("nspawn", "web1", cgroups={"": "/system.slice/shop.service"}),
            {"": "/system.slice/shop.service"},
        ),
        (
            CT("lxc", "0", cgroups={"": "/lxc.payload.0", "cpu": "/user.slice/user-0.slice"}),
            {"": "/lxc.payload.0"},
        ),
        (
            CT("lxc", "101", cgroups={"": "/lxc/101", "cpu": "/user.slice/session-101.scope"}),
            {"": "/lxc/101"},
        ),
        (CT("openvz", "101", cgroups={"memory": "/101"}), {"memory": "/101"}),
    ],
    ids=[
        "a root cgroup is CT0's",
        "nor is where the caller happened to be",
        "systemd's escapes are read",
        "a unit kept by its leader, which nothing names",
        "a slice is nobody's, whatever its name",
        "nor is a session",
        "a number",
    ],
)
def test_own_paths(ct: CT, own: dict[str, str]) -> None:
    assert own_paths(ct) == own


def test_a_restarted_ct_is_looked_up_again(tmp_path: Path) -> None:
    cgroups, ct = cgroup_host(tmp_path, "version 2", {})
    assert cgroups.version2(ct) == f"{tmp_path}/sys/fs/cgroup{OUTER}"
    again = ct._replace(cgroups={"": f"{OUTER}-1"})
    assert cgroups.version2(again) == f"{tmp_path}/sys/fs/cgroup{OUTER}-1"


def test_shared_file_is_read_once_and_fails_every_time(tmp_path: Path) -> None:
    cgroups = Cgroups(Host(str(tmp_path)))
    calls = []

    def read(host: Host) -> int:
        calls.append(host)
        return len(calls)

    def fail(host: Host) -> int:
        calls.append(host)
        raise Unavailable("no such kernel")

    assert [cgroups.shared(read), cgroups.shared(read)] == [1, 1]
    for _ in range(2):
        with pytest.raises(Unavailable, match="no such kernel"):
            cgroups.shared(fail)
    assert len(calls) == 2


@pytest.mark.parametrize("size", [0, 1, 478, 479, 480, 2047, 2048, 4064, 4096, 16384, 120000])
@pytest.mark.parametrize("likely", [1, SMALL, LARGE])
def test_file_of_any_length_is_read_whole(likely: int, size: int, tmp_path: Path) -> None:
    (tmp_path / "stat").write_text(("key 1\n" * 20000)[:size])
    assert len(read_cgroup(f"{tmp_path}/stat", likely)) == size


@pytest.mark.parametrize("path", ["absent", "file/in/a/file", "."])
def test_what_cannot_be_read_is_unavailable(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match=path):
        read_cgroup(f"{tmp_path}/{path}")


def test_no_descriptors_left_is_not_called_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open("/dev/null", os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            read_cgroup(f"{tmp_path}/file")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("max\n", math.inf),
        ("-1\n", math.inf),
        ("9223372036854771712\n", math.inf),
        ("9223372036854775807\n", math.inf),
        ("9223372036854710272\n", math.inf),
        ("268435456\n", 268435456),
        ("0\n", 0),
    ],
    ids=["version 2", "quota", "4 KiB pages", "LONG_MAX", "64 KiB pages", "a limit", "zero"],
)
def test_limit(text: str, value: float) -> None:
    assert parse_limit(text) == value


@pytest.mark.parametrize("text", ["", "\n", "maximum\n", "1 2\n", "1.5\n"])
def test_limit_that_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "limit").write_text(text)
    for read in (read_limit, read_number):
        with pytest.raises(Malformed, match="limit"):
            read(f"{tmp_path}/limit")


def test_flat_keyed() -> None:
    assert parse_flat("usage_usec 62471\nuser_usec 0\n") == {"usage_usec": 62471, "user_usec": 0}
    assert parse_flat("") == {}


@pytest.mark.parametrize("text", ["usage_usec 1\nuser_us", "usage_usec x\n", "1 2 3\n"])
def test_flat_keyed_truncated_or_garbage(text: str) -> None:
    with pytest.raises(Malformed):
        parse_flat(text)


def test_nested_keyed() -> None:
    text = "8:0 rbps=2097152 wbps=max\n8:16 riops=3 new\n"
    assert parse_nested(text) == {
        "8:0": {"rbps": "2097152", "wbps": "max"},
        "8:16": {"riops": "3"},
    }
    assert parse_nested("") == {}


@pytest.mark.parametrize("text", ["rbps=1 wbps=2\n", " \n"])
def test_nested_keyed_garbage(text: str) -> None:
    with pytest.raises(Malformed):
        parse_nested(text)


@pytest.mark.parametrize(
    ("text", "count"), [("0-1\n", 2), ("0\n", 1), ("0-3,8,10-11\n", 7), ("\n", 0), ("", 0)]
)
def test_list_of_cpus(text: str, count: int) -> None:
    assert parse_cpus(text) == count


@pytest.mark.parametrize("text", ["0-", "-3", "a", "0-3;4", "1--2"])
def test_list_of_cpus_garbage(text: str) -> None:
    with pytest.raises(Malformed):
        parse_cpus(text)


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_malformed(text: str) -> None:
    for parse in (parse_flat, parse_nested, parse_limit, parse_cpus):
        try:
            parse(text)
        except Malformed:
            pass


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.integers(0, 1 << 64)))
def test_flat_keyed_reads_what_the_kernel_prints(pairs: dict[str, int]) -> None:
    assert parse_flat("".join(f"{key} {value}\n" for key, value in pairs.items())) == pairs


def test_the_next_look_knows_the_folders_of_cts_that_are_still_there(tmp_path: Path) -> None:
    cgroups, ct = cgroup_host(tmp_path, "version 2", {"pids.current": "1\n"})
    folder = cgroups.folder(ct, "pids")
    assert cgroups.again([ct])._folders.keys() == {("lxc", "web1")}
    assert cgroups.again([ct]).folder(ct, "pids") == folder
    assert cgroups.again([])._folders == {}
    moved = ct._replace(cgroups={"": "/elsewhere/lxc.payload.web1"})
    assert cgroups.again([ct]).folder(moved, "pids") != folder
    (tmp_path / "proc/mounts").write_text("cgroup2 /mnt cgroup2 rw 0 0\n")
    assert cgroups.again([ct]).folder(ct, "pids") == (2, f"{tmp_path}/mnt/lxc.payload.web1")
