"""Callers by absolute path meet the shims: real packages of Debian 12 and 13.

Upgraded, removed and upgraded to the next release while the shims stand in their programs' places:
at no moment is there no program, and given back, the tree is as without them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from .chroots import CT0, FOLDERS, INSTALL, Chroot, Facts, chroot_of, differences, done
from .command import call
from .recipes import DIVERT_BOOKWORM, DIVERT_TRIXIE, rootfs
from .run import Run

RELEASES = {"bookworm": DIVERT_BOOKWORM, "trixie": DIVERT_TRIXIE}
COMMANDS = {
    "pidof": "/usr/bin/pidof",
    "killall5": "/usr/sbin/killall5",
    "pgrep": "/usr/bin/pgrep",
    "pkill": "/usr/bin/pkill",
    "killall": "/usr/bin/killall",
}
NAMES = " ".join(COMMANDS)
DIVERT = f"{INSTALL}ct0 divert {NAMES}\n"

Prepared = Callable[[str], Chroot]


@pytest.fixture
def chroot(run: Run) -> Iterator[Prepared]:
    """Roots of a release, each with a name of its own."""
    with ExitStack() as stack:
        made: list[Chroot] = []

        def make(release: str) -> Chroot:
            name = f"divert{len(made)}-{release}"
            made.append(stack.enter_context(chroot_of(run, name, RELEASES[release])))
            return made[-1]

        yield make


def rebuilt(release: str, folder: Path) -> None:
    """The packages built once more, as the next versions with other programs."""
    for archive in sorted((rootfs(RELEASES[release]) / "srv/own").glob("*.deb")):
        tree = folder / "tree"
        call(["dpkg-deb", "--raw-extract", str(archive), str(tree)])
        control = tree / "DEBIAN/control"
        lines = control.read_text().splitlines()
        lines = [f"{line}+ct0" if line.startswith("Version: ") else line for line in lines]
        control.write_text("\n".join(lines) + "\n")
        for program in (each for each in tree.rglob("*bin/*") if not each.is_symlink()):
            with open(program, "ab") as file:
                file.write(b"\nhigher")
            call(["touch", "--reference", str(archive), str(program)])
        (tree / "DEBIAN/md5sums").unlink()
        call(["dpkg-deb", "-Znone", "--build", str(tree), str(folder / archive.name)])
        call(["rm", "-r", str(tree)])


CHECK = f"ct0 divert --check {NAMES}\n"
STEPS = {
    "nothing": ":",
    "reinstalled": "dpkg -i /srv/own/*.deb",
    "upgraded": "dpkg -i /srv/higher/*.deb",
    "removed": "dpkg --purge --force-depends --force-remove-essential procps psmisc sysvinit-utils",
}


@pytest.mark.parametrize("release", RELEASES)
def test_packages_are_upgraded_while_diverted(
    release: str, chroot: Prepared, tmp_path: Path
) -> None:
    """dpkg works on the kept programs; `remove` gives back what it would have left."""
    diverted, twin = chroot(release), chroot(release)
    rebuilt(release, tmp_path)
    for each in (diverted, twin):
        (each.root / "etc/dpkg/dpkg.cfg.d/quick").write_text("force-unsafe-io\n")
        call(["cp", "-r", str(tmp_path), str(each.root / "srv/higher")])
    for step, program in STEPS.items():
        with ThreadPoolExecutor() as pool:  # dpkg waits for the disk, mostly
            other = pool.submit(done, twin, f"{program} >/dev/null 2>&1")
            more = f"{program} >/dev/null 2>&1; {CHECK} ct0 status --json || :"
            shown = done(diverted, f"{DIVERT}{more}")
            other.result()
        about = json.loads(shown[shown.index("{") :])["diversions"]
        assert {each["path"] for each in about} == set(COMMANDS.values())
        for each in about:
            assert each["state"] == "active"
            place = diverted.root / each["kept"].lstrip("/")
            assert (each["kept"] == "") == (step == "removed")
            if step == "upgraded" and not place.is_symlink():
                assert place.read_bytes().endswith(b"\nhigher")
        done(diverted, f"{INSTALL}ct0 remove")
        assert differences(diverted.tree(FOLDERS), twin.tree(FOLDERS)) == []
        assert done(diverted, "dpkg-divert --list | grep local || :") == ""


# The daemon of this name on CT0, one in a PID namespace of its own, and who asks for it all along.
ASKING = """
/root/ct0-shims install >/dev/null
cp /usr/bin/sleep /usr/local/sbin/ownd
/usr/local/sbin/ownd 9999 & own=$!
unshare --pid --fork --mount-proc /usr/local/sbin/ownd 9999 &
mkfifo /run/never
ask() {
    exec 9<>/run/never
    while [ ! -e /run/stop ]; do
        for call in "/usr/bin/pidof ownd" "/bin/pidof ownd" "/usr/bin/pgrep -x ownd"; do
            begun=${EPOCHREALTIME/./}
            said=$($call 2>&1) && status=0 || status=$?
            echo $((${EPOCHREALTIME/./} - begun)) $status "${said:-nothing}"
        done
        read -t 0.2 -u 9 || :
    done
}
ask >/root/asked &
"""
UPGRADE = """
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -qq --yes --no-download --no-install-recommends -o Dir::State::Lists=/srv/apt/lists \
    -o Dir::Cache::Archives=/srv/apt/archives -o Dpkg::Options::=--force-unsafe-io \
    dist-upgrade >/root/log 2>&1 </dev/null || { tail -n 20 /root/log >&2; exit 1; }
"""
ASKED = """
touch /run/stop
wait $!
echo $own
"""


def upgraded_without(run: Run) -> dict[str, Facts]:
    """The same root's tree, upgraded without diversions."""
    with chroot_of(run, "upgraded", DIVERT_BOOKWORM) as chroot:
        done(chroot, UPGRADE, 900)
        return chroot.tree()


def test_debian_12_becomes_13_while_diverted(run: Run, chroot: Prepared) -> None:
    """No call in between ends otherwise than rightly; shims and programs are there afterwards."""
    node = chroot("bookworm")
    with ThreadPoolExecutor(1) as pool:
        reference = pool.submit(upgraded_without, run)
        text = done(node, f"{DIVERT}{ASKING}{UPGRADE}{ASKED}", 900)
    wanted = reference.result()
    own = text.split()[-1]
    asked = [line.split(" ", 2) for line in (node.root / "root/asked").read_text().splitlines()]
    assert len(asked) > 100
    assert [line for line in asked if line[1:] != ["0", own]] == []
    assert (node.root / "etc/debian_version").read_text().startswith("13")
    assert done(node, f"{CT0}{CHECK}") == ""
    # The byte code is of the old Python, which `check` says and `install` mends.
    assert "python" in node.run("/usr/lib/ct0/ct0-shims check").stdout
    done(node, f"{INSTALL}ct0 check; {CHECK} rm /usr/local/sbin/ownd; ct0 remove")
    assert done(node, "dpkg-divert --list | grep local || :") == ""
    assert differences(node.tree(), wanted) == []


def test_without_an_interpreter_no_pid_is_named(chroot: Prepared) -> None:
    """What a caller sees while /usr/bin/python3 is away: its shell's 127, and nothing to signal."""
    node = chroot("trixie")
    program = "mv /usr/bin/python3 /root/; set +e; kill -0 $(/bin/pidof sh); echo $?; /bin/pidof sh"
    run = node.run(f"{DIVERT}{program}; echo $?")
    assert run.stdout.split("\n")[-3:] == ["2", "127", ""], run.stderr  # kill's usage: no PID
