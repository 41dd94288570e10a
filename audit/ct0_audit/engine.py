"""One audit: what the sources read is judged, and told of this host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Callable

from ct0.host import Host
from ct0_audit import files
from ct0_audit.cache import Cache
from ct0_audit.coverage import covered
from ct0_audit.facts import Facts, facts
from ct0_audit.judge import MOST, daemons, judge
from ct0_audit.judge.verdict import Change, Verdict
from ct0_audit.live import Live, look
from ct0_audit.packages import owners
from ct0_audit.records import (
    BLOCKS,
    HIGH,
    KILLS,
    LOW,
    MEDIUM,
    MISCOUNTS,
    Direct,
    Edit,
    Finding,
    NotRead,
    Place,
    Report,
    Snippet,
)
from ct0_audit.rules import RULES
from ct0_audit.shell.script import Script
from ct0_audit.sources import SOURCES
from ct0_audit.waivers import UNREAD, Waivers, inline

Progress = Callable[[str, int], None]

SEVERITIES = (KILLS, BLOCKS, MISCOUNTS)
CONFIDENCES = (HIGH, MEDIUM, LOW)


def audit(
    host: Host,
    kinds: Iterable[str] = (),
    waivers: Waivers | None = None,
    cache: Cache | None = None,
    progress: Progress = lambda kind, files: None,
) -> Report:
    """Audit a host, or only some kinds of its files (keys of SOURCES).

    Raises Unavailable when the parser is not installed.
    """
    waivers = waivers or Waivers()
    known, live = facts(host), look(host)
    cache = cache or Cache(None)
    cache.open(known)
    found: list[Finding] = []
    not_read: dict[NotRead, None] = {}
    read: set[str] = set()
    for kind in kinds or SOURCES:
        progress(kind, len(read))
        for item in SOURCES[kind](host):
            if isinstance(item, NotRead):
                not_read[item] = None
                continue
            read.add(item.path)
            if isinstance(item, Direct):
                found.append(of_direct(item))
            else:
                if item.path not in read:
                    progress(kind, len(read))
                for finding in cache.get(item, partial(of_snippet, item, known)):
                    if finding.rule == UNREAD:
                        not_read[NotRead(finding.place.path, finding.detail)] = None
                    else:
                        found.append(finding)
    cache.close()
    kept, left = suppressed(host, owned(host, told(reaching(host, found), live)), waivers)
    return Report(
        tuple(sorted(kept, key=rank)),
        tuple(sorted(left, key=rank)),
        tuple(item for item in not_read if not waivers.leaves_unread(item.path)),
        len(read),
        (*waivers.complaints,),
        live is not None,
    )


def rank(finding: Finding) -> tuple[bool, bool, int, int, str, int, int, str]:
    """The worst first: what hits somebody now, what is sure, what kills."""
    place = finding.place
    return (
        bool(finding.covered),
        not finding.hits,
        CONFIDENCES.index(finding.confidence),
        SEVERITIES.index(finding.severity),
        place.path,
        place.line,
        place.column,
        finding.rule,
    )


def reaching(host: Host, found: Iterable[Finding]) -> Iterator[Finding]:
    """Without what can reach nobody: /proc/PID/exe of a script is its interpreter, so that
    start-stop-daemon --exec /usr/sbin/script finds no process, the host's neither."""
    for finding in found:
        chosen = finding.selector
        by_exec = finding.rule == "CT002" and chosen is not None and chosen.how == "exec"
        if not (by_exec and chosen and all(is_script(host, path) for path in chosen.values)):
            yield finding


def is_script(host: Host, path: str) -> bool:
    try:
        return path.startswith("/") and files.shebang(host, path) != ""
    except files.Unreadable:
        return False  # not there: it may be one day


def owned(host: Host, found: Iterable[Finding]) -> list[Finding]:
    """Each finding with the package that brought its file."""
    listed = list(found)
    brought = owners(host, {finding.place.path for finding in listed if not finding.package})
    return [
        finding._replace(package=finding.package or brought.get(finding.place.path, ""))
        for finding in listed
    ]


def told(found: Iterable[Finding], live: Live | None) -> Iterator[Finding]:
    """Each finding once, with whom it would reach now."""
    seen: set[tuple[str, Place]] = set()
    for finding in found:
        if (finding.rule, finding.place) in seen:
            continue
        seen.add((finding.rule, finding.place))
        hits = live.hits(finding.selector) if live is not None else ()
        if hits and finding.rule == "CT010":
            finding = finding._replace(
                confidence=HIGH, detail="the number in the file is a container's process now"
            )
        yield finding._replace(hits=hits)


def suppressed(
    host: Host, found: Iterable[Finding], waivers: Waivers
) -> tuple[list[Finding], list[Finding]]:
    """What is left to say, and what somebody has written down a reason for."""
    kept: list[Finding] = []
    left: list[Finding] = []
    lines: dict[str, list[str]] = {}
    for finding in found:
        path = finding.place.path
        if path not in lines:
            lines[path] = lines_of(host, path)
        reason = inline(finding, lines[path], waivers.complaints) or waivers.reason(finding)
        if reason:
            left.append(finding._replace(suppressed=reason))
        else:
            kept.append(finding)
    return kept, left


def lines_of(host: Host, path: str) -> list[str]:
    try:
        return files.text(host, path).split("\n")
    except files.Unreadable:
        return []  # a finding about what is no text: a missing module, a package


def of_direct(item: Direct) -> Finding:
    lines = item.code.split("\n")
    end = item.column + len(lines[0]) if len(lines) == 1 else 1 + len(lines[-1])
    return Finding(
        item.rule,
        Place(item.path, item.line, item.column, item.line + len(lines) - 1, end),
        " ".join(item.code.split()),
        item.detail,
        item.kind,
        item.severity or RULES[item.rule].severity,
        item.confidence,
        item.context,
        item.package,
        item.selector,
    )


def of_snippet(snippet: Snippet, known: Facts) -> list[Finding]:
    """Judge one piece of shell."""
    try:
        verdicts, script = judge(snippet, known)
    except RecursionError:
        return [unread(snippet, "nested too deep to be read")]
    if script is None:
        return []
    library = daemons.library(snippet.text, known.debian)
    path = dict(snippet.variables).get("PATH", "")
    found = [of_verdict(snippet, verdict, known, library, path) for verdict in verdicts[:MOST]]
    if script.cut_short:
        found.append(unread(snippet, "nested too deep, or too many commands: read in part"))
    if len(verdicts) > MOST:
        found.append(unread(snippet, f"more than {MOST} findings: the rest is not told"))
    return found


def unread(snippet: Snippet, reason: str) -> Finding:
    """What becomes a NotRead: it is kept with the findings in the cache."""
    here = Place(snippet.path, snippet.line, snippet.column, snippet.line, snippet.column)
    return Finding(UNREAD, here, "", reason, snippet.kind, MISCOUNTS, LOW)


def of_verdict(
    snippet: Snippet, verdict: Verdict, known: Facts, library: str, path: str
) -> Finding:
    call = verdict.call
    meant = verdict.around or call
    outermost, start, end = meant.script.span(meant.start, meant.end)
    changes = [
        (*call.script.span(first, last)[1:], text)
        for first, last, text in verdict.changes
        if call.script.exact and verdict.confidence != LOW
    ]
    edits = [Edit(place(snippet, outermost, first, last), text) for first, last, text in changes]
    return Finding(
        verdict.rule,
        place(snippet, outermost, start, end),
        code(outermost, start, end),
        verdict.detail,
        snippet.kind,
        verdict.severity,
        verdict.confidence,
        snippet.context,
        snippet.package,
        verdict.selector,
        call.command,
        tuple(edits),
        code(outermost, start, end, changes) if changes else "",
        covered(known, library, call, path),
    )


def place(snippet: Snippet, script: Script, start: int, end: int) -> Place:
    """A part of the outermost script, in the file."""
    line, column = script.syntax.position(start)
    end_line, end_column = script.syntax.position(end)
    return Place(
        snippet.path,
        snippet.line + line,
        column + (snippet.column if line == 0 else 1),
        snippet.line + end_line,
        end_column + (snippet.column if end_line == 0 else 1),
    )


def code(script: Script, start: int, end: int, changes: Iterable[Change] = ()) -> str:
    """The whole lines that hold it, in one line; as they read after the changes."""
    source = script.syntax.source
    first = source.rfind(b"\n", 0, start) + 1
    last = source.find(b"\n", end)
    text = source[first : len(source) if last < 0 else last]
    for begin, stop, new in sorted(changes, reverse=True):
        if first <= begin <= stop <= first + len(text):
            changed = new.encode("utf-8", "surrogateescape")
            text = text[: begin - first] + changed + text[stop - first :]
    shown = text.decode("utf-8", "surrogateescape").replace("\\\n", " ")
    return " ".join(shown.split())
