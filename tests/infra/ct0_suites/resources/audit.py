"""`ct0 audit` of a target: its files and processes are copied here, and audited as a recorded host.

The audit is run as a command of its own: it may need minutes and much memory, and is ended at its
time limit. What was copied is deleted afterwards; among it may be passwords that the target's
configuration holds, and it lies in a folder of this user's only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, NamedTuple

from ct0.errors import Malformed, Unavailable
from ct0.text import plain
from ct0_suites.resources.copying.host_copy import copy_host
from ct0_suites.resources.copying.snapshot import snapshot
from ct0_suites.target import Target

TIMEOUT = 600.0  # seconds
SEVERITIES = {"K": "kills", "B": "blocks", "F": "miscounts"}


class Finding(NamedTuple):
    """One that is open: neither covered by a shim, nor unsure, nor waived on the target."""

    rule: str
    severity: str  # of SEVERITIES' values
    path: str
    line: int
    detail: str
    hits: tuple[str, ...] = ()  # `nginx of web1`, each process that it would reach now


class Report(NamedTuple):
    findings: tuple[Finding, ...]
    unread: tuple[tuple[str, str], ...]  # path and reason: what the audit could not judge
    files: int


def read_audit(target: Target) -> Report:
    """Raises Unavailable, Malformed, Unreachable."""
    return target.once("audit", lambda: audit(target))


def audit(target: Target) -> Report:
    with snapshot(target.transport) as host:
        copy_host(target, host.root)
        return parse_report(run_audit(host.root))


def run_audit(root: str) -> str:
    """The audit's JSON. Raises Unavailable with what it says when there is none."""
    # Python looks for modules where it is started from: never where somebody else's files are.
    words = [sys.executable, "-m", "ct0.cli", "--root", root, "audit", "--format", "json"]
    words += ["--no-cache", "--quiet", "--fail-on", "never"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(os.path.isabs, sys.path))}
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            env=environment,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"ct0 audit: took more than {TIMEOUT:g} s") from error
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        ours = [line for line in lines if line.startswith("ct0")]
        raise Unavailable(plain([f"ct0 audit: status {done.returncode}", *lines, *ours][-1]))
    return done.stdout.decode("utf-8", "replace")


def parse_report(text: str) -> Report:
    """Raises Malformed."""
    try:
        record = json.loads(text)
        findings = tuple(
            of_finding(each)
            for each in record["findings"]
            if not each["covered"] and each["confidence"] != "low"
        )
        unread = tuple(
            (str(each["path"]), str(each["reason"]))
            for each in record["not_read"]
            # A script in another language is no shell that was missed.
            if not str(each["reason"]).startswith("written for ")
        )
        return Report(findings, unread, int(record["files"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Malformed("ct0 audit", text) from error


def of_finding(each: Any) -> Finding:
    hits = (f"{hit['comm']} of {hit['name'] or hit['ctid']}" for hit in each["hits"])
    return Finding(
        str(each["rule"]),
        SEVERITIES[each["severity"]],
        str(each["path"]),
        int(each["line"]),
        str(each["detail"]),
        tuple(dict.fromkeys(hits)),
    )
