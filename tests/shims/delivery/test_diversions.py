"""`ct0 shims divert`: shims in the incumbents' own places, with real dpkg and its diversions.

The packages are ours, laid out as Debian 11's, 12's and 13's; the lab has the real ones.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ct0.errors import Error, Malformed, Unavailable
from ct0.host import Host
from ct0_shims.delivery import dpkg, manage
from ct0_shims.delivery.bypass import bypasses
from ct0_shims.delivery.diversions import (
    SHIM,
    Refused,
    check_diverted,
    divert,
    states,
    undivert,
)
from ct0_shims.delivery.install import install, remove
from ct0_shims.delivery.manifest import read_manifest
from ct0_shims.pidof import auto_personality

from .debian import BOOKWORM, BULLSEYE, INCUMBENTS, NEW, TRIXIE, Debian, Layout

pytestmark = pytest.mark.skipif(not shutil.which("dpkg-divert"), reason="needs dpkg")
PYTHON = "/usr/bin/python3"
ALL = list(INCUMBENTS)


VERSIONS = {"12": "12.0", "13": "13.0"}


@contextmanager
def in_memory() -> Iterator[Path]:
    """A folder where fsync(2), of which dpkg does many, costs nothing."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with TemporaryDirectory(prefix="ct0-diversions-", dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with in_memory() as folder:
        yield folder


@pytest.fixture(scope="module")
def archives() -> Iterator[Path]:
    with in_memory() as folder:
        yield folder


@pytest.fixture(scope="module")
def prepared(archives: Path) -> dict[str, Debian]:
    """A root of each release with its packages, before and after `install`."""
    found = {}
    for name, layout in (("12", BOOKWORM), ("13", TRIXIE)):
        system = Debian(archives / f"bare{name}", archives, layout.merged)
        system.install(layout, VERSIONS[name])
        found[f"bare {name}"] = system
        found[name] = system.copy(archives / name)
        install(str(found[name].root), PYTHON)
    return found


@pytest.fixture(params=["12", "13"])
def system(request: pytest.FixtureRequest, prepared: dict[str, Debian], tmp_path: Path) -> Debian:
    return prepared[request.param].copy(tmp_path / "root")


@pytest.fixture
def bookworm(prepared: dict[str, Debian], tmp_path: Path) -> Debian:
    return prepared["12"].copy(tmp_path / "root")


def shims(system: Debian) -> set[str]:
    """The paths where a shim is in the incumbent's place."""
    found = set()
    for _, path in INCUMBENTS.values():
        place = system.root / path[1:]
        if place.is_symlink() and os.readlink(place) == SHIM:
            found.add(path)
    return found


@pytest.mark.parametrize("command", ALL)
def test_the_shim_lies_where_the_incumbent_did_and_goes_again(system: Debian, command: str) -> None:
    before = system.picture()
    path = INCUMBENTS[command][1]
    real = system.text(path)
    assert divert(str(system.root), [command]) == [f"diverted {path}"]
    assert shims(system) == {path}
    (about,) = states(str(system.root)).values()
    assert about["state"] == "active"
    assert system.text(about["kept"]) == real
    assert check_diverted(str(system.root), [command]) == ""
    assert divert(str(system.root), [command]) == []
    assert undivert(str(system.root), [command]) == ([f"{path} is the package's again"], [])
    after = system.picture()
    manifest = "usr/lib/ct0/shims.manifest"
    assert {**after, manifest: before[manifest]} == before
    assert system.diversions() == []
    assert undivert(str(system.root), [command]) == ([], [])


STEPS: dict[str, Callable[[Debian, Layout, str], None]] = {
    "reinstalled": lambda system, layout, version: system.install(layout, version),
    "upgraded": lambda system, layout, version: system.install(layout, f"{version}.1"),
    "upgraded to 13": lambda system, layout, version: system.install(TRIXIE, "13.0"),
    "removed": lambda system, layout, version: system.dpkg("--purge", *layout.packages),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("commands", [["pidof"], ["killall5"], ["pgrep"], ["pkill"], ALL])
def test_what_dpkg_does_meanwhile_is_there_afterwards(
    prepared: dict[str, Debian], tmp_path: Path, step: str, commands: list[str]
) -> None:
    """As on the same root without a diversion, to the byte; and the shim stays in place."""
    for release, layout in (("12", BOOKWORM), ("13", TRIXIE)):
        twin = prepared[f"bare {release}"].copy(tmp_path / f"twin{release}")
        system = prepared[release].copy(tmp_path / release)
        divert(str(system.root), commands)
        before = shims(system)
        assert before == {INCUMBENTS[command][1] for command in commands}
        for each in (twin, system):
            STEPS[step](each, layout, VERSIONS[release])
        assert shims(system) == before
        for path in before:
            about = states(str(system.root))[path]
            assert about["state"] == "active"
            # A link's goal may be diverted in its turn: what is kept is the link.
            assert bool(about["kept"]) == (step != "removed")
        assert divert(str(system.root), commands) == []
        remove(str(system.root))
        assert system.picture() == twin.picture()
        assert system.diversions() == []


def test_installed_again_after_it_was_removed(bookworm: Debian) -> None:
    divert(str(bookworm.root), ALL)
    bookworm.dpkg("--purge", "psmisc")
    assert states(str(bookworm.root))["/usr/bin/killall"]["kept"] == ""
    assert check_diverted(str(bookworm.root), ["killall"]) == ""
    bookworm.install(BOOKWORM, "12.0", "psmisc")
    assert states(str(bookworm.root))["/usr/bin/killall"]["state"] == "active"
    remove(str(bookworm.root))
    assert "killall 12.0" in bookworm.text("/usr/bin/killall")


def test_a_system_that_is_merged_while_diverted(archives: Path, tmp_path: Path) -> None:
    """Debian 11 with /bin of its own; its upgrade moves all of it to /usr/bin."""
    system = Debian(tmp_path / "root", archives, merged=False)
    system.install(BULLSEYE, "11.0")
    (system.root / "usr/lib/lsb/init-functions").touch()
    install(str(system.root), PYTHON)
    divert(str(system.root), ["pidof", "killall5"])
    assert os.readlink(system.root / "bin/pidof") == SHIM
    assert set(states(str(system.root))) == {"/bin/pidof", "/sbin/killall5"}
    for folder in ("bin", "sbin"):
        for path in (system.root / folder).iterdir():
            path.rename(system.root / "usr" / folder / path.name)
        (system.root / folder).rmdir()
        (system.root / folder).symlink_to(f"usr/{folder}")
    assert check_diverted(str(system.root), ["pidof", "killall5"]) == ""
    assert divert(str(system.root), ["pidof", "killall5"]) == []
    system.install(TRIXIE, "13.0", "sysvinit-utils")
    assert shims(system) == {"/usr/bin/pidof", "/usr/sbin/killall5"}
    remove(str(system.root))
    assert "killall5 13.0" in system.text("/usr/bin/pidof")
    assert sorted(path.name for path in (system.root / "usr/bin").glob("pidof*")) == ["pidof"]
    assert system.diversions() == []


class Killed(BaseException):
    """Where the run ends in the middle: nothing of it is done any more, as after kill -9."""


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int, Callable[[], None]], None]]:
    """`cut(after, watch)`: the run dies after so many changes; `watch` looks at each."""
    left = [0]
    look: list[Callable[[], None]] = [lambda: None]

    def wrapped(change: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object, **options: object) -> object:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            try:
                return change(*arguments, **options)
            finally:
                look[0]()

        return counted

    for name in ("rename", "link", "unlink", "symlink"):
        monkeypatch.setattr(os, name, wrapped(getattr(os, name)))
    monkeypatch.setattr(dpkg, "divert", wrapped(dpkg.divert))

    def arm(after: int, watch: Callable[[], None]) -> None:
        left[0], look[0] = after, watch

    yield arm
    arm(-1, lambda: None)


@pytest.mark.parametrize("then", ["divert", "undivert", "upgrade, divert", "upgrade, undivert"])
@pytest.mark.parametrize("what", ["divert", "undivert"])
def test_killed_at_any_moment_it_goes_on_from_there(
    prepared: dict[str, Debian],
    tmp_path: Path,
    cut: Callable[[int, Callable[[], None]], None],
    what: str,
    then: str,
) -> None:
    cut(-1, lambda: None)
    twin = prepared["bare 12"].copy(tmp_path / "twin")
    if "upgrade" in then:
        twin.install(TRIXIE, "13.0", "sysvinit-utils")
    for after in range(60):
        system = prepared["12"].copy(tmp_path / f"{after}")
        root = str(system.root)
        if what == "undivert":
            divert(root, ["pidof"])

        def watch(system: Debian = system) -> None:
            assert system.text("/bin/pidof") != "", "no program for a moment"

        cut(after, watch)
        try:
            (divert if what == "divert" else undivert)(root, ["pidof"])
        except Killed:
            pass
        else:
            break
        cut(-1, watch)
        watch()
        if "upgrade" in then:
            system.install(TRIXIE, "13.0", "sysvinit-utils")
        if "undivert" not in then:
            divert(root, ["pidof"])
            assert shims(system) == {"/usr/bin/pidof"}
            assert check_diverted(root, ["pidof"]) == ""
        cut(-1, lambda: None)
        assert undivert(root, [])[1] == []
        remove(root)
        assert system.picture() == twin.picture(), after
        assert system.diversions() == []
        shutil.rmtree(system.root)
    assert 5 < after < 59


def test_a_shim_that_was_written_over_is_put_back(system: Debian) -> None:
    """By the incumbent, as a copy from a backup does it, or removed."""
    divert(str(system.root), ["killall"])
    place = system.root / "usr/bin/killall"
    kept = states(str(system.root))["/usr/bin/killall"]["kept"]
    text = system.text(kept)
    place.unlink()
    assert check_diverted(str(system.root), ["killall"]) == "/usr/bin/killall: nothing is there"
    assert divert(str(system.root), [], again=True) == ["diverted /usr/bin/killall"]
    place.unlink()
    place.write_text(text)
    said = check_diverted(str(system.root), ["killall"])
    assert said == "/usr/bin/killall: the shim is not there"
    assert divert(str(system.root), ["killall"]) == ["diverted /usr/bin/killall"]
    assert system.text(kept) == text


def test_a_diversion_that_was_taken_away_is_put_back(system: Debian) -> None:
    divert(str(system.root), ["pidof"])
    dpkg.divert(str(system.root), "--divert", "/bin/pidof.distrib", "--remove", "/bin/pidof")
    said = check_diverted(str(system.root), ["pidof"])
    assert said == "/usr/bin/pidof: /bin/pidof is not diverted"
    assert divert(str(system.root), ["pidof"]) == ["diverted /usr/bin/pidof"]
    assert check_diverted(str(system.root), ["pidof"]) == ""


def test_what_somebody_else_put_there_is_not_lost(system: Debian) -> None:
    divert(str(system.root), ["killall", "pidof"])
    place = system.root / "usr/bin/killall"
    place.unlink()
    place.write_text("#!/bin/sh\n# the admin's\n")
    before = system.picture()
    with pytest.raises(Refused, match="/usr/bin/killall was changed since ct0 diverted it"):
        divert(str(system.root), ["killall"])
    assert system.picture() == before
    done, left = remove(str(system.root))
    assert done == ["/usr/bin/pidof is the package's again"]
    (line,) = left
    assert line.startswith("left /usr/bin/killall: changed since it was diverted; the real one is")
    assert (system.root / SHIM[1:]).exists()  # nothing more was taken away
    place.unlink()
    assert remove(str(system.root))[1] == []
    assert "# killall 1" in system.text("/usr/bin/killall")


def test_the_real_one_gone_is_said_and_nothing_left_dangling(system: Debian) -> None:
    divert(str(system.root), ["killall"])
    (system.root / states(str(system.root))["/usr/bin/killall"]["kept"][1:]).unlink()
    _, left = remove(str(system.root))
    why = "the real one is gone: install its package again first"
    assert left == [f"left /usr/bin/killall: {why}"]
    assert (system.root / SHIM[1:]).exists()
    system.dpkg("--purge", "psmisc")
    assert remove(str(system.root))[1] == []
    assert not (system.root / "usr/bin/killall").is_symlink()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["dpkg"], "dpkg: can be diverted: pidof pgrep"),
        (["ct0-pids"], "ct0-pids: can be diverted"),
        (["/opt/bin/pidof"], "/opt/bin/pidof: can be diverted: .*, in /bin /sbin"),
        ([""], ": can be diverted"),
        (["pidof", "killproc"], "killproc: no package on this host has it"),
        (["/sbin/killall"], "/sbin/killall: no package on this host has it"),
        (["pidof", "/usr/bin/checkproc"], "/usr/bin/checkproc: belongs to no package"),
        (["pidof", "killall"], "/usr/bin/killall is diverted by other already, to /usr/bin/k.o"),
        (["pidof", "pkill"], "/usr/bin/pkill is diverted by the admin already, to /usr/bin/p.o"),
        (["pidof", "pgrep"], r"/usr/bin/pgrep\.distrib\.usr-is-merged exists and is not ct0's"),
    ],
)
def test_what_is_refused_is_refused_before_anything_is_done(
    system: Debian, words: list[str], reason: str
) -> None:
    other = ["--divert", "/usr/bin/k.o", "--package", "other", "--add", "/usr/bin/killall"]
    command = ["dpkg-divert", "--root", str(system.root), "--no-rename"]
    for more in (other, ["--local", "--divert", "/usr/bin/p.o", "--add", "/usr/bin/pkill"]):
        assert os.spawnvp(os.P_WAIT, "dpkg-divert", [*command, "--quiet", *more]) == 0
    (system.root / "usr/bin/checkproc").write_text("#!/bin/sh\n")
    (system.root / "usr/bin/pgrep.distrib.usr-is-merged").write_text("somebody's")
    before, diversions = system.picture(), system.diversions()
    with pytest.raises(Error, match=reason):
        divert(str(system.root), words)
    assert system.picture() == before
    assert system.diversions() == diversions


def test_nothing_is_diverted_to_shims_that_are_not_there(prepared: dict[str, Debian]) -> None:
    with pytest.raises(Refused, match=r"not installed: `ct0 shims install` lays them out"):
        divert(str(prepared["bare 12"].root), ["pidof"])
    assert divert(str(prepared["bare 12"].root), [], again=True) == []


def test_a_lost_manifest_is_no_reason_to_do_it_twice(bookworm: Debian) -> None:
    divert(str(bookworm.root), ["pidof"])
    diversions = bookworm.diversions()
    manifest = bookworm.root / "usr/lib/ct0/shims.manifest"
    text = manifest.read_text()
    manifest.write_text(text[: text.index('"diversions"')] + '"diversions": {}}')
    assert check_diverted(str(bookworm.root), ["pidof"]) == "/usr/bin/pidof is not diverted"
    assert divert(str(bookworm.root), ["pidof"]) == []
    assert bookworm.diversions() == diversions
    assert list(read_manifest(str(bookworm.root)).diversions) == ["/usr/bin/pidof"]
    remove(str(bookworm.root))
    assert os.readlink(bookworm.root / "usr/bin/pidof") == "/sbin/killall5"


@pytest.mark.parametrize("text", ["one\n", "one\ntwo\n", "\0"])
def test_dpkgs_diversions_that_do_not_read_are_named(bookworm: Debian, text: str) -> None:
    (bookworm.root / "var/lib/dpkg/diversions").write_text(text)
    with pytest.raises(Malformed, match="/var/lib/dpkg/diversions"):
        divert(str(bookworm.root), ["pidof"])


def test_without_dpkg_divert_nothing_is_begun(
    bookworm: Debian, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    with pytest.raises(Unavailable, match="dpkg-divert: No such file or directory"):
        divert(str(bookworm.root), ["pidof"])
    assert "killall5 12.0" in bookworm.text("/bin/pidof")


def test_new_names_of_a_path() -> None:
    assert {dpkg.kept(each) for each in dpkg.spellings("/usr/bin/pidof")} == {
        "/bin/pidof.distrib",
        "/usr/bin/pidof.distrib.usr-is-merged",
    }
    assert set(dpkg.spellings("/sbin/killall5")) == {"/sbin/killall5", *NEW} - {"/usr/bin/pidof"}


def test_the_command_line(system: Debian, capsys: pytest.CaptureFixture[str]) -> None:
    """Statuses and lines as Puppet and an admin see them; options before names and after."""
    host = Host(str(system.root))
    assert manage.main(["divert", "--check", "pidof", "killall"], host) == 1
    assert capsys.readouterr().out == "/usr/bin/pidof is not diverted\n"
    assert manage.main(["undivert", "--check"], host) == 0
    assert manage.main(["divert", "pidof", "/usr/bin/killall"], host) == 0
    assert capsys.readouterr().out == "diverted /usr/bin/pidof\ndiverted /usr/bin/killall\n"
    assert manage.main(["divert", "killall", "--check", "/bin/pidof"], host) == 0
    assert manage.main(["divert", "--again"], host) == 0
    assert capsys.readouterr().out == ""
    assert manage.main(["undivert", "--check", "killall"], host) == 1
    assert capsys.readouterr().out == "/usr/bin/killall is diverted\n"
    assert manage.main(["check"], host) == 0
    assert manage.main(["status", "--json"], host) == 0
    diversions = json.loads(capsys.readouterr().out)["diversions"]
    assert [(each["path"], each["by"], each["state"]) for each in diversions] == [
        ("/usr/bin/pidof", "dpkg", "active"),
        ("/usr/bin/killall", "dpkg", "active"),
    ]
    assert manage.main(["undivert"], host) == 0
    assert manage.main(["undivert"], host) == 0
    assert manage.main(["undivert", "killproc"], host) == 0
    assert "is the package's again" in capsys.readouterr().out


def test_a_diverted_path_is_no_bypass(system: Debian, capsys: pytest.CaptureFixture[str]) -> None:
    (system.root / "etc/cron.d").mkdir(parents=True)
    job = system.root / "etc/cron.d/job"
    job.write_text("* * * * * root pkill x; /usr/bin/pkill y; /usr/bin/killall z\n")
    host = Host(str(system.root))
    assert [found.reason for found in bypasses(host)] == [
        "pkill, where PATH does not lead to the shims",
        "/usr/bin/pkill by absolute path",
        "/usr/bin/killall by absolute path",
    ]
    divert(str(system.root), ["pgrep"])  # of which pkill is another name
    assert [found.reason for found in bypasses(host)] == ["/usr/bin/killall by absolute path"]
    (system.root / "usr/bin/pgrep").unlink()
    assert manage.main(["status"], host) == 1
    shown = capsys.readouterr().out
    assert "divert:  /usr/bin/pgrep: nothing is there; the real one: /usr/bin/pgrep.d" in shown


@pytest.mark.parametrize("kept", ["distrib", "distrib.usr-is-merged", "ct0-real"])
@pytest.mark.parametrize(("goal", "rules"), [("killall5", "sysv"), ("", "procps")])
def test_a_diverted_pidof_has_the_real_one_s_rules(
    tmp_path: Path, kept: str, goal: str, rules: str
) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/killall5").touch()
    real = tmp_path / f"usr/bin/pidof.{kept}"
    real.symlink_to(goal) if goal else real.touch()
    (tmp_path / "usr/bin/pidof").symlink_to(SHIM)
    assert auto_personality(Host(str(tmp_path))) == rules
