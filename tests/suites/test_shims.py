"""The shims as they are installed, and the canary: what is proved, and that nothing stays."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Unavailable
from ct0_suites.records import CT, CT0, HOST, NotApplicable, Subject, Unreachable
from ct0_suites.resources import canary as canary_module
from ct0_suites.resources.canary import canary, new_name
from ct0_suites.resources.shims import Status, parse_got, parse_status
from ct0_suites.suites import shims
from ct0_suites.target import Target
from ct0_suites.transport import Local
from suites.canary_world import HEALTHY, Place, World
from suites.scripted import Scripted


def judged(target: Target, **want: Any) -> list[str]:
    return list(shims.judge(want, target))


def test_installed_and_in_front() -> None:
    assert judged(World().ct0()) == []


def test_not_installed() -> None:
    assert judged(World(shims=False).ct0(), commands=["pidof", "killall"]) == [
        "the shims are not installed: no /usr/lib/ct0/ct0-shims",
        "pidof in an init script is /usr/bin/pidof, not the shim",
        "killall in an init script is /usr/bin/killall, not the shim",
    ]


def test_damaged() -> None:
    world = World()
    world.status = {**HEALTHY, "damaged": ["/usr/lib/ct0/shims/pidof"]}
    assert judged(world.ct0()) == [
        "/usr/lib/ct0/shims/pidof of the shims is missing or was changed"
    ]


def test_a_diversion_that_is_broken() -> None:
    world = World()
    active = {"path": "/usr/bin/pidof", "by": "dpkg", "kept": "", "state": "active"}
    broken = {**active, "path": "/usr/bin/killall", "state": "the shim is not there"}
    world.status = {**HEALTHY, "diversions": [active, broken]}
    assert judged(world.ct0()) == [
        "the diversion of /usr/bin/killall is broken: the shim is not there"
    ]


def test_a_hook_that_was_taken_out() -> None:
    world = World()
    world.status = {**HEALTHY, "hooks": {"/lib/lsb/init-functions.d/99-ct0": "not active"}}
    assert judged(world.ct0()) == ["the hook /lib/lsb/init-functions.d/99-ct0 is not active"]
    assert judged(world.ct0(), callers=["path"]) == []


def test_a_function_that_does_not_know_the_shims() -> None:
    world = World()
    world.shims, world.killproc_by_name = False, False
    world.got["killproc"] = "killproc"
    assert judged(world.ct0(), commands=["killproc"]) == [
        "killproc in an init script is a function that does not know the shims"
    ]
    world.killproc_by_name = True  # RHEL's, which asks PATH's pidof
    assert judged(world.ct0(), commands=["killproc"]) == []
    world.got["pidof"] = "/sbin/pidof"
    assert judged(world.ct0(), commands=["killproc"]) != []


def test_a_command_that_is_not_there() -> None:
    world = World()
    world.got["killproc"] = world.got["killall"] = ""
    assert judged(world.ct0(), commands=["killall", "killproc"]) == [
        "killall in an init script is not there, and neither is its shim",
        "killproc in an init script is not there, and neither is its shim",
    ]
    assert judged(world.ct0(), commands=["killall", "killproc"], callers=["absolute"]) == []
    assert len(judged(world.ct0(), commands=["killall", "killproc"], callers=["path"])) == 1


def test_a_host_without_containers() -> None:
    with pytest.raises(NotApplicable):
        judged(World().ct0(kind=HOST), canary=True)


def test_the_canary_survives() -> None:
    world = World()
    ct0 = world.ct0(world.ct("web1"), world.ct("c1", "docker"))
    assert judged(ct0, canary=True) == []
    assert world.began == 2 + 4  # pidof and killall, pkill, killproc each have one on CT0
    assert len(world.signalled) == 3
    assert world.processes == {}
    assert world.folders == set()


def test_it_is_off_unless_asked_for() -> None:
    world = World(shims=False)
    judged(world.ct0(world.ct("web1")))
    assert world.began == 0
    assert world.signalled == []


def test_without_shims_it_dies_and_that_is_said() -> None:
    world = World(shims=False)
    problems = judged(world.ct0(world.ct("web1")), commands=["pidof"], canary=True)
    assert problems[2:] == [
        "pidof in an init script also finds processes in containers: PID 100 (lxc web1)",
        "pidofproc in an init script also finds processes in containers: PID 100 (lxc web1)",
        "killall in an init script on the CT0 ended a process of the same name in lxc web1",
        "pkill in an init script on the CT0 ended a process of the same name in lxc web1",
        "killproc in an init script on the CT0 ended a process of the same name in lxc web1",
    ]
    assert world.processes == {}
    assert world.folders == set()


def test_a_shim_that_ends_nobody_protects_by_doing_nothing() -> None:
    """That would be found out at the next logrotate."""

    class Idle(Place):
        def act(self, verb: str, name: str) -> str:
            return ""

    world = World()
    ct0 = Target(Subject("node1", CT0), Idle(world, "ct0"))
    ct0.containers = [world.ct("web1")]
    assert judged(ct0, canary=True)[:3] == [
        "pidof in an init script does not find CT0's own process",
        "pidofproc in an init script does not find CT0's own process",
        "killall in an init script does not end CT0's own process",
    ]


def test_one_container_of_each_engine_the_first_that_can() -> None:
    world = World()
    cts = [world.ct("old", state="stopped"), world.ct("tiny", can_hold=False), world.ct("web1"),
           world.ct("web2")]  # fmt: skip
    assert judged(world.ct0(*cts), canary=True) == []
    assert world.began == 1 + 4


def test_no_container_that_can_hold_one() -> None:
    world = World()
    with pytest.raises(Unavailable, match="node1/tiny: no copy of sleep"):
        judged(world.ct0(world.ct("tiny", can_hold=False)), canary=True)


def test_no_container_that_runs() -> None:
    world = World()
    with pytest.raises(NotApplicable):
        judged(world.ct0(world.ct("old", state="stopped")), canary=True)


def test_no_way_into_the_containers() -> None:
    with pytest.raises(Unavailable, match="no way into"):
        judged(World().ct0(), canary=True)


def test_what_is_wrong_is_not_forgotten_when_the_canary_fails() -> None:
    assert judged(World(shims=False).ct0(), commands=["pidof"], canary=True)[1:] == [
        "pidof in an init script is /usr/bin/pidof, not the shim",
        "the canary proved no more: no way into its containers is known: give the CT0 by a ct… URL",
    ]


@pytest.mark.parametrize("after", range(3, 25))
def test_nothing_stays_wherever_the_way_breaks(after: int) -> None:
    """On the CT0: what is in the container is taken away all the same."""
    world = World()
    ct0 = Target(Subject("node1", CT0), Place(world, "ct0", breaks_after=after))
    ct0.containers = [world.ct("web1")]
    try:
        judged(ct0, canary=True)
    except Unreachable:
        pass
    assert {place for place, _ in world.processes.values()} <= {"ct0"}
    assert {place for place, _ in world.folders} <= {"ct0"}


def test_nothing_stays_when_somebody_interrupts() -> None:
    class Interrupted(Place):
        def act(self, verb: str, name: str) -> str:
            raise KeyboardInterrupt

    world = World()
    ct0 = Target(Subject("node1", CT0), Interrupted(world, "ct0"))
    ct0.containers = [world.ct("web1")]
    with pytest.raises(KeyboardInterrupt):
        judged(ct0, canary=True)
    assert world.processes == {}
    assert world.folders == set()


def test_observed() -> None:
    world = World()
    world.got["killproc"] = ""
    seen = list(shims.observe(world.ct0()))
    assert [each["callers"] for each in seen] == [["init"], ["path"], ["absolute"]]
    assert all("killproc" not in each["commands"] for each in seen)
    assert [judged(world.ct0(), **each) for each in seen] == [[], [], []]
    assert not any("canary" in each for each in seen)
    assert list(shims.observe(World(shims=False).ct0())) == []


@pytest.mark.parametrize("want", [{"commands": []}, {"commands": ["rm"]}, {"callers": ["me"]},
                                  {"canary": "yes"}])  # fmt: skip
def test_what_the_schema_refuses(want: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": shims.SCHEMA, "additionalProperties": False}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(want, schema)


def test_status_good() -> None:
    assert parse_status(json.dumps(HEALTHY)) == Status((), HEALTHY["hooks"])  # type: ignore[arg-type]
    assert parse_status('{"installed": false, "damaged": [], "hooks": {}}') is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"installed": true}', "no python3",
                                  '{"installed": true, "damaged": 1, "hooks": {}}'])  # fmt: skip
def test_status_empty_truncated_garbage(text: str) -> None:
    with pytest.raises(Unavailable):
        parse_status(text)


@given(st.text())
def test_status_of_any_text(text: str) -> None:
    try:
        parse_status(text)
    except Unavailable:
        pass


def test_got() -> None:
    got = parse_got("Starting…\npidof /usr/bin/pidof\nkillproc killproc\nkillall \n= /x\nmore\n")
    assert got.commands == {"pidof": "/usr/bin/pidof", "killproc": "killproc", "killall": ""}
    assert got.functions == "/x"


@pytest.mark.parametrize("text", ["", "pidof /usr/bin/pid", "nonsense"])
def test_got_cut_off(text: str) -> None:
    with pytest.raises(Unavailable):
        parse_got(text)


@pytest.fixture
def here() -> Target:
    return Target(Subject("here", HOST), Local())


def test_a_real_canary(here: Target) -> None:
    name = new_name()
    with canary(here, name) as bird:
        assert bird.is_alive()
        with open(f"/proc/{bird.pid}/comm") as file:
            assert file.read() == f"{name}\n"
        assert os.readlink(f"/proc/{bird.pid}/exe") == f"{bird.folder}/{name}"
    assert not os.path.exists(bird.folder)
    assert bird.has_ended()
    assert not bird.is_alive()


def test_a_real_canary_of_another_name_is_never_touched(here: Target) -> None:
    """The number may be somebody else's by now."""
    with canary(here, new_name()) as bird:
        other = canary_module.Canary(here, new_name())
        other.pid = bird.pid
        assert not other.is_alive()
        other.remove()
        assert bird.is_alive()


def test_a_real_canary_ends_by_itself(here: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canary_module, "SECONDS", 2)
    with canary(here, new_name()) as bird:
        time.sleep(2)
        assert bird.has_ended()


def test_a_start_that_is_cut_off_leaves_nothing() -> None:
    world = World()

    class Late(Place):
        def start(self, name: str) -> str:
            super().start(name)
            raise Unreachable("no answer within 30 s")

    late = Target(Subject("n", CT), Late(world, "web1"))
    with pytest.raises(Unreachable), canary(late, new_name()):
        pass
    assert world.folders == set()


def test_a_folder_that_a_container_makes_up_is_not_believed() -> None:
    lying = Target(Subject("n", CT), Scripted({"mkdir": "7 /\n", "alive": "yes\n"}))
    with pytest.raises(Unavailable), canary(lying, new_name()):
        pass


def test_a_real_canary_where_sleep_is_busyboxs(
    here: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canary_module, "WAYS", ())
    name = new_name()
    with pytest.raises(Unavailable), canary(here, name):
        pass
    with canary(here, name, as_script=True) as bird:
        assert bird.is_alive()
        with open(f"/proc/{bird.pid}/comm") as file:
            assert file.read() == f"{name}\n"
    assert bird.has_ended()
    assert not os.path.exists(bird.folder)
