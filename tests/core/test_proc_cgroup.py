from __future__ import annotations

import pytest

from ct0.proc_cgroup import parse_cgroup


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0::/\n", [("", [])]),
        ("0::/system.slice/x.service\n", [("", ["system.slice", "x.service"])]),
        ("4:memory:/lxc/web1\n", [("memory", ["lxc", "web1"])]),
        (
            "4:cpu,cpuacct:/a\n1:name=systemd:/b\n",
            [("cpu,cpuacct", ["a"]), ("name=systemd", ["b"])],
        ),
        ("0::/a:b:c\n", [("", ["a:b:c"])]),
        ("0::/a (deleted)\n", [("", ["a"])]),
        ("0::/../b\n", [("", ["..", "b"])]),
        ("0::/a", [("", ["a"])]),
        ("0::/a\nb\n", [("", ["a"])]),
        ("", []),
        ("\n", []),
        ("0:", []),
        ("0::a\n", []),
        ("x::/a\n", []),
        ("::/a\n", []),
        ("\0\0\0", []),
    ],
)
def test_lines(text: str, found: list[tuple[str, list[str]]]) -> None:
    assert [(line.controllers, line.parts) for line in parse_cgroup(text)] == found


def test_path_is_put_together_again() -> None:
    assert [line.path for line in parse_cgroup("0::/a/b\n1:cpu:/\n")] == ["/a/b", "/"]
