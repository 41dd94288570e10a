"""What is said to a container's shell arrives there as it was said, by every way."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ct0.container import CT
from ct0.engines import ENGINES
from ct0.errors import Unavailable
from ct0_suites.entering import COMMANDS, PATH, WAYS, entering
from ct0_suites.records import Unreachable
from ct0_suites.transport import Inside, Local, Output, Ssh, Transport
from ct0_suites.urls import OPTIONS, SCHEMES
from suites.fake_commands import lay_out

TRANSCRIPTS = Path(__file__).parent / "transcripts"
UUID = "3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1"
ID = "0123456789abcdef" * 4

# Command -> a CT that it enters, and the beginning of the command line.
CTS = {
    "vzctl": (CT("openvz", "101", "web1"), "vzctl exec2 101 'exec /bin/sh -c "),
    "prlctl": (CT("openvz", UUID, "web1"), f"prlctl exec {UUID} 'exec /bin/sh -c "),
    "pct": (CT("proxmox", "101", "web1"), "pct exec 101 -- /bin/sh -c "),
    "lxc-attach": (
        CT("lxc", "web1", config="/var/lib/lxc/web1/config"),
        "lxc-attach -n web1 --clear-env -- /bin/sh -c ",
    ),
    "incus": (
        CT("incus", "web1", "web1", config="/var/lib/incus/containers/web1/backup.yaml"),
        "incus exec web1 --project default --mode=non-interactive -- /bin/sh -c ",
    ),
    "lxc": (
        CT("incus", "shop_web1", "web1", config="/var/snap/lxd/common/lxd/containers/x/y"),
        "lxc exec web1 --project shop --mode=non-interactive -- /bin/sh -c ",
    ),
    "systemd-run": (
        CT("nspawn", "web1", "web1", init_pid=4711),
        "systemd-run --machine=web1 --pipe --wait --quiet --collect -- /bin/sh -c ",
    ),
    "docker": (CT("docker", ID, "web1"), f"docker exec -i --user 0 {ID} /bin/sh -c "),
    "podman": (CT("podman", ID, "web1"), f"podman exec -i --user 0 {ID} /bin/sh -c "),
    "nsenter": (
        CT("containerd", "web1", init_pid=4711),
        "nsenter -t 4711 -a -r -- /bin/sh -c ",
    ),
}

# No NUL: no command line has one.
HOSTILE = st.text(
    st.one_of(
        st.sampled_from(" \t\n'\"`$\\*?[]{}()<>|&;!#~=%-"),
        st.sampled_from("aä€😀\x01\x1b\x7f"),
        st.characters(codec="utf-8", exclude_characters="\0"),
    ),
    max_size=60,
)
# Many words at once: starting the shells is what takes the time.
QUICKLY = settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lay_out(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    return tmp_path


def test_every_engine_has_a_way_and_every_way_a_test() -> None:
    assert set(WAYS) == set(ENGINES)
    assert set(CTS) == set(COMMANDS)


def test_the_page_has_every_way_and_every_option() -> None:
    page = (Path(__file__).parents[2] / "docs/suites-backends.md").read_text(encoding="utf-8")
    for scheme in SCHEMES:
        assert f"\n| `{scheme}` | " in page
    for option in OPTIONS:
        assert f"\n| `{option}=" in page
    for command in COMMANDS:
        assert f"{command} " in page


@pytest.mark.parametrize("command", sorted(CTS))
def test_the_command_line(command: str) -> None:
    ct, begins = CTS[command]
    assert shlex.join(entering(ct, {command}, (command,))("true")).startswith(begins)


@pytest.mark.parametrize("command", sorted(CTS))
@QUICKLY
@given(words=st.lists(HOSTILE, min_size=10, max_size=30), given_to_it=st.binary(max_size=200))
def test_hostile_words_arrive_here_and_through_a_node(
    commands: Path, command: str, words: list[str], given_to_it: bytes
) -> None:
    enter = entering(CTS[command][0], {command}, (command,))
    ssh = Ssh("root@node1", str(commands))
    machines: list[Transport] = [Local(), ssh, Inside(ssh, sudo, "node1")]
    expected = b"".join(b"%s\0" % word.encode() for word in words) + given_to_it
    for machine in machines:
        line = f"printf '%s\\0' {shlex.join(words)}; cat; exit 3"
        said = Inside(machine, enter, "web1").run(line, given_to_it)
        assert said == Output(3, expected, b"")


def sudo(text: str) -> list[str]:
    return ["sudo", "-n", "/bin/sh", "-c", text]


@pytest.mark.parametrize("command", sorted(CTS))
def test_a_container_of_a_containers(commands: Path, command: str) -> None:
    """Its own quoting on top of its own, with every kind of text at once."""
    enter = entering(CTS[command][0], {command}, (command,))
    text = 'it\'s "$HOME" `id` $(id) ${x} $$ \\ * ~ !\n#<>|&;\t\u20ac'
    # Inside a container only its own PATH counts.
    way = Inside(Ssh("node1", str(commands)), enter, "outer")
    inner = Inside(Carrying(way, commands), enter, "inner")
    assert inner.run(f"printf %s {shlex.quote(text)}") == Output(0, text.encode(), b"")


class Carrying:
    """A machine whose shell finds our commands whatever its PATH is."""

    def __init__(self, way: Transport, folder: Path) -> None:
        self.way = way
        self.folder = folder

    def run(self, command: str, stdin: bytes = b"", timeout: float = 30.0) -> Output:
        return self.way.run(f"PATH={self.folder}/bin:$PATH; {command}", stdin, timeout)


@pytest.mark.parametrize("command", sorted(CTS))
def test_a_sane_path_inside(commands: Path, command: str) -> None:
    enter = entering(CTS[command][0], {command}, (command,))
    assert Inside(Local(), enter, "web1").run("echo $PATH").text == f"{PATH}\n"


@pytest.mark.parametrize(
    ("ct", "present", "expected"),
    [
        (CTS["vzctl"][0], {"vzctl", "prlctl"}, "vzctl"),
        (CTS["vzctl"][0], {"prlctl"}, "prlctl"),
        (CTS["pct"][0], {"pct", "lxc-attach"}, "pct"),
        (CTS["pct"][0], {"lxc-attach"}, "lxc-attach"),
        (CTS["incus"][0], {"incus", "lxc"}, "incus"),
        (CTS["lxc"][0], {"incus", "lxc"}, "lxc"),
        (CTS["systemd-run"][0], {"systemd-run", "nsenter"}, "systemd-run"),
        (CTS["systemd-run"][0], {"nsenter"}, "nsenter"),
        (CT("incus", "web1", config="/srv/containers/web1/backup.yaml"), {"lxc"}, "lxc"),
        (CT("libvirt", "7", init_pid=1), set(COMMANDS), "nsenter"),
        (CT("", "4711", init_pid=4711), set(COMMANDS), "nsenter"),
    ],
)
def test_the_best_way_of_those_there_are(ct: CT, present: set[str], expected: str) -> None:
    assert entering(ct, present)("true")[0] == expected


def test_lxcs_other_folder_is_said() -> None:
    ct = CT("lxc", "web1", config="/srv/lxc/web1/config")
    line = entering(ct, {"lxc-attach"})("true")
    assert line[:5] == ["lxc-attach", "-P", "/srv/lxc", "-n", "web1"]
    # Proxmox's configuration is elsewhere, but its CTs are in LXC's own folder.
    ct = CT("proxmox", "101", config="/etc/pve/lxc/101.conf")
    assert entering(ct, {"lxc-attach"})("true")[:3] == ["lxc-attach", "-n", "101"]


@pytest.mark.parametrize(
    ("ct", "present", "only", "why"),
    [
        (CTS["vzctl"][0], set(), (), "its machine has no vzctl or prlctl"),
        (CTS["vzctl"][0], {"prlctl"}, ("vzctl",), "its machine has no vzctl"),
        (CT("nspawn", "web1"), {"nsenter"}, (), "its machine has no systemd-run"),
        (CT("containerd", "web1"), {"nsenter"}, (), "not entered by anything known"),
        (CTS["lxc"][0], {"incus"}, ("incus",), "not entered by incus"),
        (CTS["incus"][0], {"lxc"}, (), "its machine has no incus"),
        (CT("lxc", "-P/tmp"), {"lxc-attach"}, (), "no CTID of any engine"),
        (CT("lxc", "a\nb"), {"lxc-attach"}, (), "no CTID of any engine"),
    ],
)
def test_no_way_says_why(ct: CT, present: set[str], only: tuple[str, ...], why: str) -> None:
    with pytest.raises(Unavailable, match=why):
        entering(ct, present, only)


def recorded() -> dict[str, int]:
    """What the real vzctl was asked -> its status, of lines such as `exec2 false: 1`."""
    text = (TRANSCRIPTS / "vzctl-exec-rc").read_text(encoding="ascii")
    found = {}
    for line in text.splitlines()[1:]:
        answer = re.fullmatch(r"([a-z].*): ([0-9]+)", line)
        if answer:
            found[answer[1]] = int(answer[2])
    return found


def test_vzctl_as_recorded(commands: Path) -> None:
    """The stand-in behaves as the real one did, and so what is proved with it holds."""
    real = recorded()
    run = Local().run
    assert run("vzctl exec2 101 'exit 42'").status == real["exec2 exit 42"] == 42
    assert run("vzctl exec2 101 false").status == real["exec2 false"] == 1
    assert run("vzctl exec2 101 nosuchcmd").status == real["exec2 nosuchcmd"] == 127
    assert run("vzctl exec2 104 true").status == real["exec2 in a stopped CT"] == 31
    assert run("vzctl exec2 999 true").status == real["exec2 in no such CT"] == 14
    assert (
        run("vzctl exec2 101 nosuchcmd").trouble
        == "/bin/bash: line 1: nosuchcmd: command not found"
    )
    assert run("vzctl exec2 101 cat", b"hello\n").stdout == b"hello\n"


@pytest.mark.parametrize(
    ("ctid", "why"),
    [("104", "Container is not running"), ("999", "Container config file does not exist")],
)
def test_a_container_that_does_not_run_is_unreachable_as_vzctl_says(
    commands: Path, ctid: str, why: str
) -> None:
    assert why in (TRANSCRIPTS / "vzctl-exec-rc").read_text(encoding="ascii")
    way = Inside(Local(), entering(CT("openvz", ctid), {"vzctl"}), "web1")
    with pytest.raises(Unreachable, match=f"web1: {why}"):
        way.run("true")


@pytest.mark.parametrize("status", [0, 1, 3, 14, 31, 127, 255])
def test_a_commands_own_status_is_never_vzctls(commands: Path, status: int) -> None:
    """31 is also vzctl's for a CT that does not run."""
    way = Inside(Local(), entering(CT("openvz", "101"), {"vzctl"}), "web1")
    assert way.run(f"exit {status}").status == status
