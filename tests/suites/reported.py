"""Results for the reports to be about: a small run with all of it, a large one, bad names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ct0_suites.records import (
    CRITICAL,
    CT,
    CT0,
    ERROR,
    FAILED,
    HOST,
    NOT_APPLICABLE,
    OUTCOMES,
    PASSED,
    WAIVED,
    WARNING,
    Result,
    Subject,
)
from ct0_suites.running import Report, Summary

STARTED = 1_764_090_000.0  # 25 November 2025, 17:00 UTC
NODE1 = Subject("node1", CT0, "openvz")
SHOP = Subject("node1", CT, "openvz", "101", "shop")
DB = Subject("node1", CT, "openvz", "102", "db")
NODE2 = Subject("node2", CT0, "lxc")
WEB = Subject("node2", CT, "lxc", "web1", "web1")
MAIL = Subject("node2", CT, "lxc", "mail", "mail")
DEAD = Subject("node3", HOST)
ALL = (NODE1, SHOP, DB, NODE2, WEB, MAIL)

# What all of them are asked.
ASKED = (
    ("puppet-fresh", "puppet"),
    ("puppet-clean", "puppet"),
    ("default-policies", "firewall"),
    ("web-open", "firewall"),
    ("saved-is-live", "firewall"),
    ("cron-runs", "processes"),
    ("sshd-runs", "processes"),
    ("init-scripts", "initscripts"),
    ("root-keys", "ssh"),
    ("root-password", "ssh"),
    ("forwarding", "sysctls"),
    ("shims-protect", "shims"),
)
# What is not as it should be there, and what does not apply.
WRONG = {
    (NODE1, "puppet-fresh"): (
        FAILED,
        WARNING,
        ("the last run ended 3 days ago (2025-11-22 16:41 UTC), not within 2 h",),
        "",
    ),
    (SHOP, "web-open"): (
        FAILED,
        CRITICAL,
        ("tcp 443 from anywhere is not accepted on input: it meets the policy DROP",),
        "",
    ),
    (SHOP, "root-keys"): (
        WAIVED,
        CRITICAL,
        ("root has a key without a passphrase: /root/.ssh/id_ed25519",),
        "until 2025-12-31, ops@example.com: keys are being replaced, ticket 4711",
    ),
    (DB, "root-keys"): (
        WAIVED,
        CRITICAL,
        ("root has a key without a passphrase: /root/.ssh/id_ed25519",),
        "until 2025-12-31, ops@example.com: keys are being replaced, ticket 4711",
    ),
    (NODE2, "init-scripts"): (
        FAILED,
        CRITICAL,
        tuple(
            f"/etc/init.d/{name}:{line}: killall {name} would also end containers' processes"
            for name, line in (("apache2", 120), ("cron", 44), ("exim4", 71), ("named", 58))
        )
        + ("/etc/init.d/ntp:37: start-stop-daemon --name without --pidfile",),
        "",
    ),
    (WEB, "cron-runs"): (
        FAILED,
        CRITICAL,
        ("no process cron of this container's own; one of CT0's is all there is",),
        "waiver expired on 2025-11-01, web@example.com: cron comes with the new image",
    ),
    (MAIL, "puppet-clean"): (
        ERROR,
        CRITICAL,
        ("/var/cache/puppet/state/last_run_summary.yaml: cannot read 'version: [' as YAML",),
        "",
    ),
}


def results() -> Iterator[Result]:
    """As they come: the targets of a node one after the other, two nodes at a time."""
    for number, (name, suite) in enumerate(ASKED):
        for subject in ALL:
            outcome, severity, problems, waiver = WRONG.get(
                (subject, name), (PASSED, CRITICAL, (), "")
            )
            if suite == "shims" and subject.kind == CT:
                outcome, problems = (
                    NOT_APPLICABLE,
                    ("a container, not a CT0: no shims belong here",),
                )
            seconds = 0.012 * (number + 1)
            yield Result(name, suite, subject, outcome, severity, problems, seconds, waiver)
    trouble = ("root@node3: connect to host node3 port 22: No route to host",)
    yield Result("state", "state", DEAD, ERROR, CRITICAL, trouble, 3.1)


# Chosen to break whoever writes them down.
HOSTILE = (
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "\" onmouseover='alert(1)' x=\"",
    "]]><!-- &amp; <![CDATA[",
    "\u202egnp.exe\u202c \u200f\u0645\u0631\u062d\u0628\u0627",
    "nul\0 bell\a esc\x1b[31m del\x7f c1\x9b lone\udc80 \ufffe\uffff",
    "pipe|semi;colon $USER1$ `id` back\\slash",
    "new\nline\ttab\r\n# HELP ct0_verify_state\nct0_verify_state 0",
    "x" * 5000,
    "'; DROP TABLE hosts; -- {{7*7}} ${7*7}",
)


def hostile() -> Iterator[Result]:
    for name in HOSTILE:
        for outcome in OUTCOMES:
            subject = Subject(f"node {name}", CT, f"lxc{name}", name, name)
            problems = (name, f"{name} again", *(f"{number} {name}" for number in range(3)))
            waiver = f"until 2025-12-31, {name}: {name}" if outcome == WAIVED else ""
            yield Result(name, name, subject, outcome, CRITICAL, problems, 0.1, waiver)


def many(hosts: int = 100, expectations: int = 50) -> Iterator[Result]:
    """Of every hundred results 2 have failed, 1 could not be judged, 2 are waived."""
    for host in range(hosts):
        subject = Subject(f"node{host:03}.example.org", CT0, "lxc")
        for number in range(expectations):
            name, suite = f"{ASKED[number % 12][0]}-{number}", ASKED[number % 12][1]
            outcome, waiver = PASSED, ""
            if (at := (host * 7 + number * 13) % 100) < 5:
                outcome = (FAILED, FAILED, ERROR, WAIVED, WAIVED)[at]
                waiver = "until 2025-12-31, ops@example.com: being moved" if at > 2 else ""
            problems = () if outcome == PASSED else (f"{name} is not as it should be",)
            severity = WARNING if at == 1 else CRITICAL
            yield Result(name, suite, subject, outcome, severity, problems, 0.02, waiver)


def summary(found: Sequence[Result], **more: Any) -> Summary:
    counts = {outcome: sum(each.outcome == outcome for each in found) for outcome in OUTCOMES}
    critical = sum(each.outcome == FAILED and each.severity == CRITICAL for each in found)
    targets = len({each.subject for each in found} - {DEAD})
    nodes = len({each.subject.node for each in found})
    whole = Summary(counts, nodes, targets, 3.21, STARTED, critical)
    return whole._replace(**more)


def run(report: Report, found: Iterable[Result], **more: Any) -> Summary:
    """A whole run of a report; `more` replaces what the summary says."""
    results = list(found)
    report.begin(len({each.subject.node for each in results}), len(ASKED))
    for result in results:
        report.add(result)
    whole = summary(results, **more)
    report.end(whole)
    return whole


def all_well() -> list[Result]:
    return [each for each in results() if each.outcome in (PASSED, NOT_APPLICABLE)]
