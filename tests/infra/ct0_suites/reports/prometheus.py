"""Metrics for node_exporter's textfile collector.

Series are bounded: counts by machine, container and suite; single expectations only while they are
in trouble, and of those the worst EXPECTATIONS. `failed` and `error` are there when they are 0 too,
so that who alerts on them sees that there was a run; other outcomes only if there are any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ct0_suites.records import ERROR, FAILED, Result
from ct0_suites.reports.wording import cleaned, ct_name, machine_word, state_of
from ct0_suites.reports.worst import Worst
from ct0_suites.reports.writing import check, written
from ct0_suites.running import Summary

EXPECTATIONS = 1000  # series of single expectations
ALWAYS = (FAILED, ERROR)

Labels = tuple[tuple[str, str], ...]


class Prometheus:
    """Metrics for node_exporter's textfile collector."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.expectations = 0
        self.counts: Counter[tuple[str, str, str, str]] = Counter()
        self.worst = Worst(EXPECTATIONS)

    def begin(self, nodes: int, expectations: int) -> None:
        check(self.path)
        self.expectations = expectations

    def add(self, result: Result) -> None:
        result = cleaned(result, problems=0)
        who = result.subject.node, ct_name(result.subject), result.suite
        self.counts[(*who, result.outcome)] += 1
        for outcome in ALWAYS:
            self.counts[(*who, outcome)] += 0
        if state_of(result):
            self.worst.add(result)

    def end(self, summary: Summary) -> None:
        # node_exporter runs as another user.
        with written(self.path, 0o644) as stream:
            for text in self.families(summary):
                stream.write(text.encode())

    def families(self, summary: Summary) -> Iterator[str]:
        yield from family(
            "ct0_verify_state",
            "What came of the last run: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
            [((), summary.state)],
        )
        yield from family(
            "ct0_verify_last_run_timestamp_seconds",
            "When the last run ended, in seconds since the epoch.",
            [((), round(summary.started + summary.seconds, 3))],
        )
        yield from family(
            "ct0_verify_duration_seconds",
            "How long the last run took.",
            [((), round(summary.seconds, 3))],
        )
        for name, count, what in (
            ("nodes", summary.nodes, "Machines that the last run was about."),
            ("targets", summary.targets, "Machines and containers that the last run reached."),
            ("expectations", self.expectations, "Expectations that were given to the last run."),
        ):
            yield from family(f"ct0_verify_{name}", what, [((), count)])
        yield from family(
            "ct0_verify_results",
            "Results of the last run by machine, container (empty: the machine itself), suite and "
            "outcome.",
            (
                (labels(node=node, ct=ct, suite=suite, outcome=machine_word(outcome)), count)
                for (node, ct, suite, outcome), count in sorted(self.counts.items())
            ),
        )
        states: dict[Labels, int] = {}
        for result in self.worst:
            key = labels(
                node=result.subject.node,
                ct=ct_name(result.subject),
                suite=result.suite,
                expectation=result.expectation,
            )
            states.setdefault(key, state_of(result))
        yield from family(
            "ct0_verify_expectation_state",
            "Expectations that are not met or could not be judged: 1 WARNING, 2 CRITICAL, 3 "
            f"UNKNOWN. At most {EXPECTATIONS}.",
            states.items(),
        )
        yield from family(
            "ct0_verify_expectation_states_omitted",
            "How many of those are not among the series, for there are too many.",
            [((), self.worst.left)],
        )


def family(name: str, what: str, samples: Iterable[tuple[Labels, float]]) -> Iterator[str]:
    yield f"# HELP {name} {what}\n# TYPE {name} gauge\n"
    for pairs, value in samples:
        inside = ",".join(f'{label}="{escaped(text)}"' for label, text in pairs)
        yield f"{name}{{{inside}}} {value}\n" if inside else f"{name} {value}\n"


def labels(**values: str) -> Labels:
    return tuple(values.items())


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
