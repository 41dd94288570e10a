"""JSON lines: an object for each result as it comes, and a last one for the whole run.

A file without that last one is of a run that was ended before its time. ASCII, one object a line;
docs/suites/results.schema.json is SCHEMA.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any, BinaryIO

from ct0.errors import reason
from ct0_suites.expectations.files import Wrong
from ct0_suites.records import KINDS, OUTCOMES, SEVERITIES, Result
from ct0_suites.reports.wording import STATES, machine_word
from ct0_suites.reports.writing import check
from ct0_suites.running import Summary

VERSION = 1
PROBLEMS = 1000  # of one result
TEXT = 10000  # characters of one text

STRING = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
SECONDS = {"type": "number", "minimum": 0}


def each(what: str, **properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": what,
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "A line of ct0 verify --jsonl. Readers must ignore keys that they do not know.",
    "oneOf": [
        each(
            "One expectation on one machine or container.",
            type={"const": "result"},
            version={"const": VERSION},
            expectation={"description": "Its id in the expectations file.", **STRING},
            suite=STRING,
            node={"description": "The machine's name.", **STRING},
            kind={"enum": list(KINDS)},
            engine={"description": 'Of the container; "" if none.', **STRING},
            ctid={"description": 'The container; "" for a machine.', **STRING},
            name={"description": "What people call the container.", **STRING},
            outcome={"enum": [machine_word(outcome) for outcome in OUTCOMES]},
            severity={"enum": list(SEVERITIES)},
            problems={
                "description": "What is wrong, or why it could not be judged or does not apply.",
                "type": "array",
                "items": STRING,
            },
            waiver={"description": 'Who answers for it, until when and why; "" if none.', **STRING},
            seconds={"description": "What it took.", **SECONDS},
        ),
        each(
            "The whole run; the last line.",
            type={"const": "summary"},
            version={"const": VERSION},
            state={"enum": list(STATES)},
            status={"description": "The state as an exit status.", "enum": [0, 1, 2, 3]},
            counts={
                "type": "object",
                "properties": {machine_word(outcome): COUNT for outcome in OUTCOMES},
                "required": [machine_word(outcome) for outcome in OUTCOMES],
            },
            critical={"description": "How many of the failures are critical.", **COUNT},
            nodes=COUNT,
            targets=COUNT,
            expectations=COUNT,
            started={"description": "Seconds since the epoch.", **SECONDS},
            seconds=SECONDS,
            interrupted={"type": "boolean"},
            nothing={"description": 'Why nothing was judged, or "".', **STRING},
            trouble={"description": 'Which report could not be written, or "".', **STRING},
        ),
    ],
}


class JsonLines:
    """JSON lines, an object for each result and one for the run."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.expectations = 0
        self.trouble: OSError | None = None
        self.stream: BinaryIO | None = None

    def begin(self, nodes: int, expectations: int) -> None:
        self.expectations = expectations
        check(self.path, replaced=False)
        try:
            self.stream = (
                sys.stdout.buffer if self.path == "-" else open(self.path, "wb")  # noqa: SIM115 - until the run is over
            )
        except OSError as error:
            raise Wrong(reason(error)) from error

    def add(self, result: Result) -> None:
        subject = result.subject
        self.line(
            {
                "type": "result",
                "version": VERSION,
                "expectation": text(result.expectation),
                "suite": text(result.suite),
                "node": text(subject.node),
                "kind": subject.kind,
                "engine": text(subject.engine),
                "ctid": text(subject.ctid),
                "name": text(subject.name),
                "outcome": machine_word(result.outcome),
                "severity": result.severity,
                "problems": [text(problem) for problem in result.problems[:PROBLEMS]],
                "waiver": text(result.waiver),
                "seconds": round(result.seconds, 6),
            }
        )

    def end(self, summary: Summary) -> None:
        self.line(
            {
                "type": "summary",
                "version": VERSION,
                "state": STATES[summary.state],
                "status": summary.state,
                "counts": {machine_word(key): value for key, value in summary.counts.items()},
                "critical": summary.critical,
                "nodes": summary.nodes,
                "targets": summary.targets,
                "expectations": self.expectations,
                "started": round(summary.started, 3),
                "seconds": round(summary.seconds, 6),
                "interrupted": summary.interrupted,
                "nothing": text(summary.nothing),
                "trouble": text(summary.trouble),
            }
        )
        if self.path != "-" and self.stream is not None:
            with contextlib.suppress(OSError):  # what was not written is known already
                self.stream.close()
        if self.trouble is not None:
            self.trouble.filename = self.path
            raise Wrong(f"the report cannot be written: {reason(self.trouble)}")

    def line(self, found: dict[str, Any]) -> None:
        """Written at once, for who reads along. A full disk is told of at the end: it is no
        node's fault."""
        if self.stream is None or self.trouble is not None:
            return
        try:
            self.stream.write(json.dumps(found, allow_nan=False).encode("ascii") + b"\n")
            self.stream.flush()
        except OSError as error:
            self.trouble = error


def text(given: str) -> str:
    """As it is, but what no UTF-8 can say: readers refuse a lone surrogate."""
    return given[:TEXT].encode("utf-8", "replace").decode("utf-8")
