"""`ct0 audit`: what else on this host would come back and bite."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
import time
from collections.abc import Sequence

from ct0.host import Host
from ct0_audit.as_json import as_json
from ct0_audit.as_text import Text, explained
from ct0_audit.cache import FOLDER, Cache
from ct0_audit.engine import Progress, audit
from ct0_audit.fix import BACKUPS, apply, diff, rewrites
from ct0_audit.records import BLOCKS, KILLS, LOW, MISCOUNTS, Report
from ct0_audit.rules import RULES
from ct0_audit.sarif import as_sarif
from ct0_audit.sources import SOURCES
from ct0_audit.waivers import PATH, read_waivers
from ct0_audit.words import NAMES, counted, open_findings, unread

WORSE = {KILLS: (KILLS,), BLOCKS: (KILLS, BLOCKS), MISCOUNTS: (KILLS, BLOCKS, MISCOUNTS)}


def main(arguments: Sequence[str], host: Host) -> int:
    options = parser().parse_args(arguments)
    if options.explain:
        return explain(options.explain)
    if options.root is not None:
        if not os.path.isdir(options.root):
            print(f"ct0 audit: --root {options.root}: not a folder", file=sys.stderr)
            return 2
        host = Host(options.root)
    unknown = [kind for kind in options.only if kind not in SOURCES]
    if unknown:
        print(f"ct0 audit: --only {unknown[0]}: not one of {' '.join(SOURCES)}", file=sys.stderr)
        return 2
    waivers = read_waivers(host, options.waivers, datetime.date.today())
    cache = Cache(None if options.no_cache else cache_folder(), host)
    shown = progress() if sys.stderr.isatty() and not options.quiet else quiet
    report = audit(host, options.only, waivers, cache, shown)
    shown("", report.files)
    if options.action == "fix":
        return fix(report, host, options)
    if options.format == "json":
        sys.stdout.write(as_json(report, host.root))
    elif options.format == "sarif":
        sys.stdout.write(as_sarif(report, host.root))
    else:
        colour = options.color == "always" or (
            options.color == "auto" and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        )
        sys.stdout.write(Text(colour, options.all).report(report))
    return failed(report, options.fail_on)


def failed(report: Report, fail_on: str) -> int:
    """1 if there is a finding as bad as asked for, and sure enough, that no shim covers; 3 if there
    is none but something could not be read, so that nobody takes that for nothing."""
    if fail_on == "never":
        return 0
    wanted = WORSE[NAMES[fail_on]]
    if any(finding.severity in wanted for finding in open_findings(report)):
        return 1
    return 3 if unread(report) else 0


def explain(rule: str) -> int:
    """One rule's page, or with `all` a line for each."""
    if rule == "all":
        for each in RULES.values():
            print(f"{each.id}  {each.severity}  {each.title}")
        return 0
    if rule.upper() not in RULES:
        print(f"ct0 audit: {rule}: no such rule; `ct0 audit --explain all` names them",
              file=sys.stderr)  # fmt: skip
        return 2
    sys.stdout.write(explained(rule.upper()))
    return 0


def fix(report: Report, host: Host, options: argparse.Namespace) -> int:
    """The diff, or with --apply the files."""
    found = [finding for finding in report.findings if options.all or finding.confidence != LOW]
    todo = list(rewrites(host, found, options.vendor))
    changed = {rewrite.path for rewrite in todo}
    if not options.apply:
        for rewrite in todo:
            sys.stdout.buffer.write(diff(rewrite).encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()
    else:
        stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
        backups = f"{BACKUPS}/{stamp}.{os.getpid()}"
        for rewrite in todo:
            backup = host.path(apply(host, rewrite, backups))
            print(f"rewrote {rewrite.path}; the old one is {backup}")
    left = [
        f for f in open_findings(report, options.all) if not f.edits or f.place.path not in changed
    ]
    done = f"{counted(len(changed), 'file')} {'rewritten' if options.apply else 'in the diff'}"
    more = ": `ct0 audit` shows them" if left else ""
    print(f"ct0 audit fix: {done}, {counted(len(left), 'finding')} left{more}", file=sys.stderr)
    return 0


def cache_folder() -> str:
    """Root's own below /var/cache; another user's below his own; CT0_AUDIT_CACHE names another."""
    if chosen := os.environ.get("CT0_AUDIT_CACHE", ""):
        return chosen
    if os.geteuid() == 0:
        return FOLDER
    base = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(base if base[:1] == "/" else os.path.expanduser("~/.cache"), "ct0-audit")


def quiet(kind: str, files: int) -> None:
    """No progress is shown."""


def progress() -> Progress:
    """One line on the terminal, drawn anew ten times a second at most; wiped at the end."""
    drawn = 0.0

    def show(kind: str, files: int) -> None:
        nonlocal drawn
        now = time.monotonic()
        if kind and now - drawn < 0.1:
            return
        drawn = now
        line = f"\r\x1b[K{files} files, {kind}" if kind else "\r\x1b[K"
        sys.stderr.write(line)
        sys.stderr.flush()

    return show


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ct0 audit",
        usage="ct0 audit [fix] [OPTION ...]",
        description="Finds what on this host would see, signal or count containers' processes:"
        " init scripts, units, logrotate, cron, maintainer scripts, monitoring and more. Exits 1 if"
        " there is a finding as bad as --fail-on, 3 if there is none but a file could not be read,"
        " 2 if the command line is wrong.",
    )
    parser.add_argument(
        "action", nargs="?", choices=("fix",), help="write the safe rewrites as a diff instead"
    )
    parser.add_argument("--root", metavar="DIR", help="audit a mounted or recorded host")
    parser.add_argument(
        "--only", action="append", default=[], metavar="KIND", help="only this kind of files"
    )
    parser.add_argument("--format", choices=("text", "json", "sarif"), default="text")
    parser.add_argument(
        "--fail-on", choices=(*NAMES, "never"), default="kill", help="exit 1 for these and worse"
    )
    parser.add_argument(
        "--all", action="store_true", help="what is less sure, covered or left with a reason too"
    )
    parser.add_argument(
        "--explain", metavar="RULE", help="why a rule is one and what to do; `all` names them"
    )
    parser.add_argument("--waivers", metavar="FILE", default=PATH, help=f"default {PATH}")
    parser.add_argument("--no-cache", action="store_true", help="judge everything anew")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")
    fixing = parser.add_argument_group("fix")
    fixing.add_argument(
        "--apply", action="store_true", help=f"rewrite the files, with a copy in {BACKUPS}"
    )
    fixing.add_argument("--vendor", action="store_true", help="packages' files too")
    return parser
