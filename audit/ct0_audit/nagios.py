"""usage: check_ct0_audit [--root DIR] [--critical-on kill|block|miscount|never]
                       [--warning-on kill|block|miscount|never] [--waivers FILE] [--timeout SECONDS]

What on this host would signal or count containers' processes, as a Nagios plugin. Run it as root:
as somebody else it cannot read all there is to read, and says so.

    AUDIT CRITICAL - 2 kill, 0 block, 3 miscount: CT002 /etc/init.d/nscd:41 | kill=2;;0 ...

Exit status: 2 for findings as bad as --critical-on (kill), 1 for --warning-on (miscount); 3 when
something could not be read, and nothing else is wrong; 0 when all was read and is well. What a
shim covers, what is waived, and what is of low confidence is not counted.
"""

from __future__ import annotations

import argparse
import datetime
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from ct0 import __version__
from ct0.errors import Error, Unavailable, reason
from ct0.host import Host
from ct0.text import plain
from ct0_audit.records import BLOCKS, KILLS, MISCOUNTS, Finding, Report
from ct0_audit.waivers import PATH, read_waivers
from ct0_audit.words import NAMES, at, counted, open_findings, unread, whom

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
WORSE = {
    "kill": KILLS,
    "block": KILLS + BLOCKS,
    "miscount": KILLS + BLOCKS + MISCOUNTS,
    "never": "",
}
LISTED = 10  # findings in the lines below the first


class Late(Exception):
    """The time limit is over."""


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        status, text = checked(arguments)
    except (Error, OSError) as error:
        status, text = UNKNOWN, reason(error)
    except Late:
        status, text = UNKNOWN, "the audit took longer than --timeout"
    except SystemExit:
        return UNKNOWN  # --help, --version: nothing was checked
    except Exception as error:  # a scheduler shall read a line, whatever goes wrong
        status, text = UNKNOWN, f"{type(error).__name__}: {error} (a bug in ct0: please report it)"
    try:
        print(f"AUDIT {STATES[status]} - {text}")
        sys.stdout.flush()
    except OSError:
        return UNKNOWN  # nobody reads: then nothing is known
    return status


def checked(arguments: list[str]) -> tuple[int, str]:
    options = parser().parse_args(arguments)
    if not os.path.isdir(options.root):
        raise Unavailable(f"--root {options.root}: not a folder")
    from ct0_audit.cache import Cache
    from ct0_audit.command import cache_folder
    from ct0_audit.engine import audit

    host = Host(options.root)
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(options.timeout)
    try:
        waivers = read_waivers(host, options.waivers, datetime.date.today())
        report = audit(host, (), waivers, Cache(cache_folder(), host))
    finally:
        signal.alarm(0)
    return verdict(report, options.critical_on, options.warning_on)


def give_up(number: int, frame: FrameType | None) -> None:
    raise Late


def verdict(
    report: Report, critical_on: str = "kill", warning_on: str = "miscount"
) -> tuple[int, str]:
    """Exit status and text, without the state's name."""
    found = open_findings(report)
    missed = unread(report)
    status = OK
    if any(finding.severity in WORSE[critical_on] for finding in found):
        status = CRITICAL
    elif any(finding.severity in WORSE[warning_on] for finding in found) or report.complaints:
        status = WARNING
    elif missed:
        status = UNKNOWN
    counts = {name: sum(f.severity == severity for f in found) for name, severity in NAMES.items()}
    text = ", ".join(f"{count} {name}" for name, count in counts.items())
    if found:
        text += f": {found[0].rule} {at(found[0])}".replace("|", "?")
    if missed:
        text += f"; {counted(len(missed), 'file')} not read".replace("|", "?")
    now = sum(bool(finding.hits) for finding in found)
    perf = " ".join(f"{name}={count};;;0" for name, count in counts.items())
    text += f" | {perf} now={now};;;0 not_read={len(missed)};;;0 files={report.files};;;0"
    return status, "\n".join([text, *(line.replace("|", "?") for line in details(report, found))])


def details(report: Report, found: list[Finding]) -> list[str]:
    lines = []
    for finding in found[:LISTED]:
        now = f"; now {whom(finding.hits)}" if finding.hits else ""
        lines.append(
            f"{finding.severity} {finding.rule} {at(finding)} {plain(finding.detail)}{now}"
        )
    lines += [f"not read: {plain(i.path, 400)}: {plain(i.reason)}" for i in unread(report)[:LISTED]]
    lines += [plain(complaint) for complaint in report.complaints[:LISTED]]
    return lines


class Parser(argparse.ArgumentParser):
    """A wrong command line is UNKNOWN, on standard output."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise Unavailable(f"{message} (try --help)")


def seconds(text: str) -> int:
    number = int(text)
    if not 0 < number < 86400:
        raise ValueError
    return number


def parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="check_ct0_audit",
        usage=argparse.SUPPRESS,
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-V", "--version", action="version", version=f"check_ct0_audit {__version__}"
    )
    parser.add_argument("--root", default="/", metavar="DIR", help="a mounted host")
    parser.add_argument("--critical-on", choices=tuple(WORSE), default="kill")
    parser.add_argument("--warning-on", choices=tuple(WORSE), default="miscount")
    parser.add_argument("--waivers", metavar="FILE", default=PATH, help=f"default {PATH}")
    parser.add_argument(
        "-t", "--timeout", type=seconds, default=60, metavar="SECONDS", help="default 60"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
