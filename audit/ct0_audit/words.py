"""How findings are put into words, the same in every output."""

from __future__ import annotations

from ct0.text import plain
from ct0_audit.records import BLOCKS, KILLS, LOW, MISCOUNTS, Finding, Hit, NotRead, Report

DOES = {
    KILLS: "signals containers' processes",
    BLOCKS: "keeps the host's own from being started",
    MISCOUNTS: "takes containers' processes for the host's",
}
NAMES = {"kill": KILLS, "block": BLOCKS, "miscount": MISCOUNTS}
SHOWN_NAMES = 3  # containers that are named before the rest is counted


def open_findings(report: Report, low: bool = False) -> list[Finding]:
    """What is left to do: not covered by a shim, and sure enough unless `low` is asked for."""
    return [f for f in report.findings if not f.covered and (low or f.confidence != LOW)]


def unread(report: Report) -> list[NotRead]:
    """What should have been read. A script in another language is no shell that was missed."""
    return [item for item in report.not_read if not item.reason.startswith("written for ")]


def whom(hits: tuple[Hit, ...]) -> str:
    """`nginx of web1, web2 and 5 more containers: 23 processes`."""
    if not hits:
        return ""
    comms = list(dict.fromkeys(hit.comm for hit in hits))
    cts = list(dict.fromkeys(hit.ct_name or hit.ctid for hit in hits))
    what = ", ".join(map(plain, comms[:SHOWN_NAMES])) + (" …" if len(comms) > SHOWN_NAMES else "")
    named = [plain(short(name)) for name in cts[:SHOWN_NAMES]]
    more = len(cts) - len(named)
    where = ", ".join(named)
    if more:
        where += f" and {more} more container{'s' if more > 1 else ''}"
    pids = ", ".join(str(hit.pid) for hit in hits[:SHOWN_NAMES])
    count = f"PID {pids}" if len(hits) <= SHOWN_NAMES else f"{len(hits)} processes"
    return f"{what} of {where}: {count}"


def short(name: str) -> str:
    """A name as people tell it: the beginning of one of 64 hexadecimal digits."""
    return name[:12] if len(name) == 64 else name


def at(finding: Finding) -> str:
    place = finding.place
    return f"{plain(place.path, 400)}:{place.line}:{place.column}"


def counted(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
