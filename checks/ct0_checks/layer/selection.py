"""Which containers of a survey are judged, and what of the asked for is not there."""

from __future__ import annotations

import argparse
from typing import NamedTuple

from ct0.container import CT
from ct0.survey import Survey, Surveyed
from ct0_checks.layer.cleaning import clean, short
from ct0_checks.layer.findings import STATES, Finding, Ok, ServiceState, Unknown

# Of a survey's troubles: why there may be more containers. This user sees no more of them ...
UNSEEN = "containers"
HIDDEN = "engines"  # ... and an engine's folder could not be listed


class Selection(NamedTuple):
    """`chosen` in the survey's order; `findings` say what was asked for in vain."""

    chosen: list[Surveyed]
    findings: list[Finding]


def select(survey: Survey, options: argparse.Namespace, stopped: bool) -> Selection:
    """By the options of all plugins. `stopped`: whether those that do not run are judged too.

    Nothing to judge is never OK without a word: whoever named containers, or a pattern, gets
    --missing's state, and who did not is told why there are none.
    """
    state = STATES[options.missing]
    matching = [each for each in survey.cts if matches(each.ct, options)]
    findings = [
        Finding(state, absent(survey, wanted))
        for wanted in options.ct
        if not any(named(each.ct, wanted) for each in matching)
    ]
    running = [each for each in matching if stopped or each.runs]
    young = [each for each in running if younger(each, survey.time, options.ignore_younger)]
    chosen = [each for each in running if each not in young]
    if options.ct and not stopped:
        findings += [
            Finding(
                unjudged(options),
                f"{clean(each.ct.name or each.ct.ctid, 60)} is {clean(each.ct.state)}",
            )
            for each in matching
            if not each.runs
        ]
    if not chosen and not findings:
        findings.append(nothing(survey, options, len(matching), len(young)))
    return Selection(chosen, findings)


def absent(survey: Survey, wanted: str) -> str:
    """What is said of a --ct that is not judged: filtered away, it must not be passed over."""
    if any(named(each.ct, wanted) for each in survey.cts):
        return f"{clean(wanted, 60)} is left out by --engine, --include or --exclude"
    return f"no container {clean(wanted, 60) or '(an empty --ct)'} on this host"


def unjudged(options: argparse.Namespace) -> ServiceState:
    """Of what is there and yet has nothing to judge."""
    return STATES[options.unjudged or options.missing]


def nothing(survey: Survey, options: argparse.Namespace, matching: int, young: int) -> Finding:
    """Why no container is judged."""
    if not survey.cts:
        trouble = survey.troubles.get(HIDDEN) or survey.troubles.get(UNSEEN)
        if trouble:
            return Finding(Unknown, f"no containers that could be seen: {trouble}")
        filtered = options.include or options.engine
        return Finding(STATES[options.missing] if filtered else Ok, "no containers on this host")
    if young:
        return Finding(Ok, f"none to judge, {young} younger than {options.ignore_younger:g} s")
    if not matching:
        return Finding(STATES[options.missing], f"no container matches, of {len(survey.cts)}")
    filtered = options.include or options.exclude or options.engine
    return Finding(unjudged(options) if filtered else Ok, f"no container runs, of {matching}")


def named(ct: CT, wanted: str) -> bool:
    """Whether somebody means this CT: its CTID (64 hex digits also by the first 12) or name."""
    return wanted in (ct.ctid, ct.name, short(ct.ctid)) and wanted != ""


def matches(ct: CT, options: argparse.Namespace) -> bool:
    names = ct.ctid, ct.name
    if options.ct and not any(named(ct, wanted) for wanted in options.ct):
        return False
    if options.engine and ct.engine not in options.engine:
        return False
    if options.include is not None and not any(map(options.include.fullmatch, names)):
        return False
    return options.exclude is None or not any(map(options.exclude.fullmatch, names))


def younger(each: Surveyed, now: float, seconds: float) -> bool:
    """One that started in the future runs on a host whose clock was set: it is judged."""
    return each.runs and each.ct.started > 0 and 0 <= now - each.ct.started < seconds
