"""What a plugin has to say at the end, before it is written in one format or the other."""

from __future__ import annotations

from typing import NamedTuple

from ct0.container import CT
from ct0_checks.layer.findings import BADNESS, Finding, Ok, ServiceState, worst


class Judged(NamedTuple):
    """One CT and what was found of it. `label` is its part of its labels."""

    ct: CT
    label: str
    findings: list[Finding]

    @property
    def state(self) -> ServiceState:
        return worst(finding.state for finding in self.findings)

    @property
    def idle(self) -> bool:
        """Whether nothing of it was judged."""
        return all(finding.idle for finding in self.findings)


class Report(NamedTuple):
    """`host`: findings about CT0, about all containers together, or about none. `notes` are for
    the first line, `details` for -v. `host_name` is the host's, for the formats that need one."""

    name: str  # ct_resources
    host_name: str
    judged: list[Judged]
    host: list[Finding]
    notes: list[str]
    details: list[str]

    @property
    def state(self) -> ServiceState:
        states = [finding.state for finding in self.host] + [each.state for each in self.judged]
        return worst(states)

    def troubled(self) -> list[Judged]:
        """Those that are not OK, the worst first, else in order."""
        found = [each for each in self.judged if each.state != Ok]
        return sorted(found, key=lambda each: -BADNESS[each.state])
