"""shims: whether the shims are installed, in front, and really protect containers.

shims:
  - id: shims-in-front
    commands: [pidof, killall, killproc]
  - id: shims-protect
    canary: true
    callers: [init]

`canary: true` is the one expectation that acts: it starts a copy of sleep under a random name on
the CT0 and one in a running container of each engine, asks the CT0's commands for that name and has
them end it. CT0's must go, the container's must stay. Nothing else has that name, and both are
removed in every outcome; should the way there break, they end by themselves after two minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from ct0.container import RUNNING
from ct0.errors import Error, Unavailable
from ct0.text import plain
from ct0_suites.records import CT0, HOST, NotApplicable
from ct0_suites.resources.canary import Canary, canary, new_name
from ct0_suites.resources.shims import (
    ABSOLUTE,
    BY_NAME,
    CALLERS,
    FILE,
    INIT,
    KNOWN,
    PLAIN,
    SAID,
    called,
    callers_of,
    program,
    read_got,
    read_status,
)
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

KINDS = (CT0, HOST)
COMMANDS = ("pidof", "killall", "pkill", "killproc")
FUNCTIONS = ("killproc", "checkproc", "pidofproc", "startproc")
SCHEMA: dict[str, Any] = {
    "commands": {
        "description": "The commands whose shims are in front of the incumbents.",
        "type": "array",
        "items": {"enum": list(KNOWN)},
        "minItems": 1,
        "uniqueItems": True,
        "default": list(COMMANDS),
    },
    "callers": {
        "description": "Who gets the shims: init (an init script that reads its distribution's"
        " functions), path (a job with a plain PATH, as cron's), absolute (/usr/bin/killall and the"
        " like). Unless given it is init where there are such functions, else path.",
        "type": "array",
        "items": {"enum": list(CALLERS)},
        "minItems": 1,
        "uniqueItems": True,
    },
    "canary": {
        "description": "true: prove it with a process in a container, which must survive what ends"
        " one of the same name on the CT0. This acts; all else only looks.",
        "type": "boolean",
        "default": False,
    },
}
REQUIRED: tuple[str, ...] = ()


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    if target.subject.kind == HOST:
        raise NotApplicable("no containers here that shims could protect")
    callers = want.get("callers") or callers_of(target)
    problems = list(installed(want.get("commands", COMMANDS), callers, target))
    if want.get("canary", False):
        try:
            for problem in proved(callers, target):
                problems.append(problem)
        except Error as error:
            if not problems:
                raise
            problems.append(f"the canary proved no more: {error}")
    yield from problems


def observe(target: Target) -> Iterator[dict[str, Any]]:
    """What is in front; a proof is nobody's but who asks for it."""
    if target.subject.kind == HOST or read_status(target) is None:
        return
    for caller in CALLERS:
        commands = [each for each in KNOWN if not list(in_front([each], caller, target))]
        there = read_got(target, caller).commands
        found = [each for each in commands if there.get(each)]
        if found:
            yield {"commands": found, "callers": [caller]}


def installed(commands: Sequence[str], callers: Sequence[str], target: Target) -> Iterator[str]:
    status = read_status(target)
    if status is None:
        yield f"the shims are not installed: no {FILE}"
    else:
        for path in status.damaged:
            yield f"{plain(path)} of the shims is missing or was changed"
        for path, state in status.hooks.items():
            if state == "not active" and INIT in callers:
                yield f"the hook {plain(path)} is {plain(state)}"
        for path, state in status.diversions.items():
            if state != "active":
                yield f"the diversion of {plain(path)} is broken: {plain(state)}"
    for caller in callers:
        yield from in_front(commands, caller, target)


def in_front(commands: Sequence[str], caller: str, target: Target) -> Iterator[str]:
    got = read_got(target, caller)
    for command in commands:
        path = got.commands.get(command, "")
        if path == FILE:
            continue
        if path.startswith("/"):
            yield f"{command} {SAID[caller]} is {plain(path)}, not the shim"
        elif path:
            asks_path = got.commands.get(BY_NAME) and got.commands.get("pidof") == FILE
            if not got.functions and not asks_path:
                yield f"{command} {SAID[caller]} is a function that does not know the shims"
        elif caller == INIT or (caller == PLAIN and command not in FUNCTIONS):
            # An absolute path that leads nowhere reaches no container either.
            yield f"{command} {SAID[caller]} is not there, and neither is its shim"


def proved(callers: Sequence[str], target: Target) -> Iterator[str]:
    """Raises Unavailable when nothing could be proved, NotApplicable when there is no container."""
    if not target.containers:
        raise Unavailable("no way into its containers is known: give the CT0 by a ct… URL")
    running = [each for each in target.containers if each.state == RUNNING]
    if not running:
        raise NotApplicable("no container runs in which a canary could live")
    name = new_name()
    with ExitStack() as stack:
        birds = in_containers(running, name, stack)
        for caller in callers:
            yield from asked(caller, name, birds, target)
            yield from ended(caller, name, birds, target, stack)


def in_containers(running: Sequence[Target], name: str, stack: ExitStack) -> list[Canary]:
    """One in a container of each engine: the first that takes one."""
    birds: list[Canary] = []
    failures: dict[str, str] = {}
    for each in running:
        engine = each.subject.engine
        if engine in [bird.target.subject.engine for bird in birds]:
            continue
        try:
            birds.append(stack.enter_context(canary(each, name, as_script=True)))
        except Error as error:
            failures.setdefault(engine, str(error))
            continue
        failures.pop(engine, None)
    if failures:
        raise Unavailable("no canary in a container: " + "; ".join(failures.values()))
    return birds


def asked(caller: str, name: str, birds: Sequence[Canary], target: Target) -> Iterator[str]:
    """Whom the commands find that only look."""
    with canary(target, name) as mine:
        for command in ("pidof", "pidofproc"):
            if not can(caller, command, target):
                continue
            said = target.run(called(caller, f"{program(caller, command)} {name}"))
            found = set(said.text.split())
            others = sorted(found - {str(mine.pid)})
            if others:
                yield (
                    f"{command} {SAID[caller]} also finds processes in containers:"
                    f" PID {plain(', '.join(others), 60)} ({whose(birds)})"
                )
            if str(mine.pid) not in found:
                yield f"{command} {SAID[caller]} does not find CT0's own process"


def ended(
    caller: str, name: str, birds: list[Canary], target: Target, stack: ExitStack
) -> Iterator[str]:
    """Whom the commands end that signal."""
    tried = 0
    for command in ("killall", "pkill", "killproc"):
        if not can(caller, command, target):
            continue
        tried += 1
        with canary(target, name) as mine:
            for number, bird in enumerate(birds):
                if not bird.is_alive():  # an earlier command ended it
                    bird.remove()
                    birds[number] = stack.enter_context(canary(bird.target, name, as_script=True))
            target.run(called(caller, f"{program(caller, command)} {name}"))
            if not mine.has_ended():
                yield f"{command} {SAID[caller]} does not end CT0's own process"
        for bird in birds:
            if not bird.is_alive():
                yield (
                    f"{command} {SAID[caller]} on the CT0 ended a process of the same name in"
                    f" {whose([bird])}"
                )
    if not tried and caller != ABSOLUTE:
        raise Unavailable(f"no killall, pkill or killproc is found {SAID[caller]}")


def can(caller: str, command: str, target: Target) -> bool:
    """Whether there is such a command, and it goes by a name."""
    got = read_got(target, caller).commands
    path = got.get(command, "")
    if command == "killproc" and path and not path.startswith("/"):
        return bool(got.get(BY_NAME))
    return bool(path)


def whose(birds: Sequence[Canary]) -> str:
    return ", ".join(
        plain(
            f"{each.target.subject.engine} {each.target.subject.name or each.target.subject.ctid}"
        )
        for each in birds
    )
