"""puppet: whether Puppet's agent keeps the target, judged by the files of its last run.

puppet:
  - id: puppet
    agent: required
    version: ">=7,<9"
    environment: production
    enabled: service
    max_age: 90m
  - id: no-puppet-in-containers
    for: {kind: ct}
    agent: absent

Of every agent is told: that it is disabled, why and for how long; that its last run is too old or
of the future, failed, had no catalog or an old one, or left changes pending; that a run hangs, or
waits for a lock whose PID is a container's process now; that a certificate or revocation list
expires; that two things start it; and whatever of all this cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ct0.puppet.health import HOUR, MODES, Limits, troubles
from ct0.puppet.version import CONDITION
from ct0.text import plain
from ct0_suites.expectations.files import seconds
from ct0_suites.expectations.schema import DURATION
from ct0_suites.records import KINDS, NotApplicable
from ct0_suites.resources.puppet.agent import Agent, installed_version, read_agent
from ct0_suites.resources.puppet.starts import CRON, SERVICE, TIMER, Start, read_starts
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

DEFAULT = Limits()
SCHEMA = {
    "agent": {
        "description": "Whether there must be an agent, or must be none. Where neither is said, a"
        " target without one is not applicable.",
        "enum": ["required", "absent"],
    },
    "version": {
        "description": "The versions that are right, of `puppet --version`: >=7,<9.",
        "type": "string",
        "pattern": f"^{CONDITION.pattern}(,{CONDITION.pattern})*$",
    },
    "max_age": {
        **DURATION,
        "description": "How long ago the last run may have ended; agents run every 30 minutes"
        " unless told otherwise.",
        "default": "2h",
    },
    "mode": {
        "description": "What the last run must have been. Where a service starts the runs it is"
        " agent: a puppet apply by hand writes the same files, and hides that the agent is dead.",
        "enum": ["agent", "apply"],
    },
    "environment": {
        "description": "The environment that the last run must have been of.",
        "type": "string",
        "minLength": 1,
    },
    "noop": {
        "description": "Whether changes may be pending because the agent is, or some resources"
        " are, in no-operation mode.",
        "type": "boolean",
        "default": False,
    },
    "corrective": {
        "description": "Whether the last run may have had to undo what somebody changed by hand.",
        "type": "boolean",
        "default": True,
    },
    "enabled": {
        "description": "What must start its runs, and nothing else: a service that stays, a timer"
        " of systemd's, or cron; none, when they are started from elsewhere. Where it is not said,"
        " only two of them are one too many.",
        "enum": [SERVICE, TIMER, CRON, "none"],
    },
    "certificate_days": {
        "description": "How many days its certificates and revocation lists must yet be valid."
        " Where it is said there must be some; `puppet apply` needs none.",
        "type": "number",
        "minimum": 0,
        "default": DEFAULT.certificate_days,
    },
    "longest_run": {
        **DURATION,
        "description": "How long a run may last: after that it hangs.",
        "default": "1h",
    },
}
REQUIRED: tuple[str, ...] = ()


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    agent = read_agent(target)
    if want.get("agent") == "absent":
        if agent.program:
            yield f"Puppet is installed: {plain(agent.program)}"
        return
    if not agent.program:
        if want.get("agent") != "required":
            raise NotApplicable("no Puppet here")
        left = "" if agent.health is None else ", only files of its runs are left"
        yield f"no puppet command here{left}"
        return
    yield from judge_health(want, target, agent)
    yield from judge_starts(want.get("enabled", ""), read_starts(target))


def judge_health(want: Mapping[str, Any], target: Target, agent: Agent) -> Iterator[str]:
    health = agent.health
    if health is None:
        yield "Puppet has never run here"
        return
    if "version" in want:
        health = health._replace(version=installed_version(target))
    for _, text in troubles(health, limits(want)):
        yield text
    if "certificate_days" in want and not health.validities:
        yield "no certificates of the agent's are there"


def limits(want: Mapping[str, Any]) -> Limits:
    return Limits(
        seconds(want.get("max_age", DEFAULT.max_age)),
        want.get("environment", ""),
        want.get("version", ""),
        want.get("noop", DEFAULT.noop),
        want.get("corrective", DEFAULT.corrective),
        want.get("certificate_days", DEFAULT.certificate_days),
        seconds(want.get("longest_run", HOUR)),
        want.get("mode", "agent" if want.get("enabled") == SERVICE else ""),
    )


def judge_starts(wanted: str, starts: list[Start]) -> Iterator[str]:
    """What must start it does, now and after a boot; nothing else does either."""
    going = [each for each in starts if each.running or each.enabled]
    names = ", ".join(plain(each.name) for each in going)
    if not wanted:
        if len(going) > 1:
            yield f"more than one thing starts Puppet: {names}"
        return
    right = [each for each in starts if each.kind == wanted]
    if wanted != "none":
        if not any(each.running and each.enabled for each in right):
            states = [f"{plain(each.name)} is {plain(each.state)}" for each in right]
            yield f"no {wanted} starts Puppet" + (f": {'; '.join(states)}" if states else "")
        elif len([each for each in going if each.kind == wanted]) > 1:
            yield f"more than one {wanted} starts Puppet: {names}"
    others = [each for each in going if each.kind != wanted]
    if others:
        names = ", ".join(f"{each.kind} {plain(each.name)}" for each in others)
        expected = "nothing is to" if wanted == "none" else f"a {wanted} is to"
        yield f"{expected} start Puppet, but {names} does"


def observe(target: Target) -> Iterator[dict[str, Any]]:
    """An agent that is well; of one that is not nothing can be expected."""
    agent = read_agent(target)
    if not agent.program or agent.health is None:
        return
    found: dict[str, Any] = {"agent": "required"}
    summary, report = agent.health.summary, agent.health.report
    if summary is not None and summary.environment:
        found["environment"] = summary.environment
    if report is not None and (report.noop or report.noop_pending):
        found["noop"] = True
    if summary is not None and summary.mode in MODES:
        found["mode"] = MODES[summary.mode]
    kinds = {each.kind for each in read_starts(target) if each.running and each.enabled}
    if len(kinds) == 1:
        found["enabled"] = kinds.pop()
    if not any(judge(found, target)):
        yield found
