"""The audit on what Debian's own daemons bring, each finding reviewed by hand.

`corpus_reviewed.txt` has a section for each package and version with findings, and in it a line for
each finding: the verdict, rule and severity, path, code, and for a known false one the reason.

    == apache2 2.4.68-1~deb12u1
    true   CT005F /etc/logrotate.d/apache2 | if pgrep -f ^/usr/sbin/apache2 > /dev/null; then
    false  CT005F /etc/init.d/apache2 | if [ -e $PIDFILE ] && pidof ... -- asks for one number only

`--update-golden` writes what is found now, with "new" for a finding nobody has looked at yet; a
test fails as long as one is. Places are not in it: a package's next version moves lines.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from ct0.host import Host
from ct0_audit.engine import audit
from ct0_audit.records import Finding, Report

from .corpus import BASE, DAEMONS, corpus

REVIEWED = Path(__file__).parent / "corpus_reviewed.txt"
LINE = re.compile(r"(true|false|new) +(CT\d+[KBF]) (/\S+) \| (.*?)(?: -- (.*))?$")

# What was known of Debian before the audit was written: package, rule, path.
KNOWN = (
    ("mariadb-server", "CT001", "/etc/init.d/mariadb"),
    ("ppp", "CT002", "/var/lib/dpkg/info/ppp.prerm"),
    ("ppp", "CT004", "/usr/bin/poff"),
    ("nfs-kernel-server", "CT002", "/etc/init.d/nfs-kernel-server"),
    ("apache2", "CT005", "/etc/logrotate.d/apache2"),
    ("exim4-base", "CT012", "/etc/init.d/exim4"),
    ("exim4-base", "CT001", "/usr/sbin/exiwhat"),
    ("exim4-base", "CT005", "/var/lib/dpkg/info/exim4-base.postrm"),
    ("php8.2-fpm", "CT002", "/etc/init.d/php8.2-fpm"),
    ("nscd", "CT002", "/etc/init.d/nscd"),
    ("irqbalance", "CT002", "/etc/init.d/irqbalance"),
    ("bind9", "CT004", "/etc/init.d/named"),
    ("initscripts", "CT007", "/etc/init.d/sendsigs"),
    ("resource-agents", "CT001", "/usr/lib/ocf/resource.d/heartbeat/clvm"),
    ("resource-agents", "CT001", "/usr/lib/ocf/resource.d/heartbeat/CTDB"),
    ("acpi-support-base", "CT005", "/usr/share/acpi-support/policy-funcs"),
)
# These give a PID file on a line that continues the call: not one finding of start-stop-daemon.
SAFE = ("haproxy", "syslog-ng-core", "openssh-server", "rsyslog", "cron", "chrony")


class Reviewed(NamedTuple):
    package: str
    rule: str  # with its severity: CT001K
    path: str
    code: str


class Corpus(NamedTuple):
    root: Path
    versions: dict[str, str]
    report: Report
    found: list[Reviewed]


@pytest.fixture(scope="module")
def audited() -> Corpus:
    root, versions = corpus()
    host = Host(str(root))
    report = audit(host)
    found = sorted(reviewed(finding) for finding in report.findings)
    return Corpus(root, versions, report, found)


def reviewed(finding: Finding) -> Reviewed:
    package = finding.package or "unknown"
    code = " ".join(finding.code.split())[:200].replace(" -- ", " - ")
    return Reviewed(package, f"{finding.rule}{finding.severity}", finding.place.path, code)


def golden() -> tuple[dict[Reviewed, list[tuple[str, str]]], dict[str, str]]:
    """Each reviewed finding with its verdicts and reasons, and the versions they were made of."""
    verdicts: dict[Reviewed, list[tuple[str, str]]] = {}
    versions = {}
    package = ""
    for line in REVIEWED.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            _, package, versions[package] = line.split()
        elif line and not line.startswith("#"):
            match = LINE.match(line)
            assert match, f"{REVIEWED.name}: not understood: {line}"
            verdict, rule, path, code, reason = match.groups()
            key = Reviewed(package, rule, path, code)
            verdicts.setdefault(key, []).append((verdict, reason or ""))
    return verdicts, versions


def test_every_finding_was_reviewed(audited: Corpus, pytestconfig: pytest.Config) -> None:
    verdicts, versions = golden()
    if pytestconfig.getoption("--update-golden"):
        write(audited, verdicts)
        verdicts, versions = golden()
    known = Counter({key: len(several) for key, several in verdicts.items()})
    found = Counter(audited.found)
    said = [
        f"{item.package} {what}: {item.rule} {item.path}: {item.code}"
        for what, items in (("finds anew", found - known), ("finds no more", known - found))
        for item in items
    ]
    changed = [
        f"{package} is {audited.versions[package]} now, was reviewed as {version}"
        for package, version in versions.items()
        if audited.versions.get(package) != version
    ]
    assert not said, "\n".join([*changed, *said, "review, then --update-golden"])
    unseen = [key for key, several in verdicts.items() if ("new", "") in several]
    assert not unseen, f"write true or false before {unseen}"


def test_a_known_false_finding_has_its_reason() -> None:
    for key, several in golden()[0].items():
        for verdict, reason in several:
            assert verdict != "false" or reason, key


def test_precision_is_at_least_95_percent(audited: Corpus) -> None:
    verdicts = [verdict for several in golden()[0].values() for verdict, _ in several]
    assert len(verdicts) == len(audited.found) >= 150
    assert verdicts.count("true") / len(verdicts) >= 0.95


@pytest.mark.parametrize(("package", "rule", "path"), KNOWN)
def test_what_was_known_before_is_found(
    package: str, rule: str, path: str, audited: Corpus
) -> None:
    assert any(
        (item.package, item.rule[:-1], item.path) == (package, rule, path) for item in audited.found
    )


@pytest.mark.parametrize("package", SAFE)
def test_a_pid_file_on_a_line_that_continues_is_seen(package: str, audited: Corpus) -> None:
    assert not [
        item for item in audited.found if item.package == package and item.rule[:-1] == "CT002"
    ]


def test_the_corpus_is_of_60_daemons_and_more(audited: Corpus) -> None:
    assert len(set(DAEMONS) - set(BASE)) >= 60
    for package in DAEMONS:
        assert (audited.root / f"var/lib/dpkg/info/{package}.list").exists()
    assert audited.report.files >= 500


def test_what_was_not_read_has_its_reason(audited: Corpus) -> None:
    """Perl and Python in places where a script is run; nothing of Debian's is broken."""
    for unread in audited.report.not_read:
        assert re.fullmatch(r"written for (perl|python3), not for a shell", unread.reason), unread


def write(audited: Corpus, verdicts: dict[Reviewed, list[tuple[str, str]]]) -> None:
    """The file anew: verdicts are kept, what nobody has looked at is "new"."""
    text = [line for line in REVIEWED.read_text(encoding="utf-8").splitlines() if line[:1] == "#"]
    left = {key: list(several) for key, several in verdicts.items()}
    package = ""
    for item in audited.found:
        if item.package != package:
            package = item.package
            text += ["", f"== {package} {audited.versions.get(package, '-')}"]
        several = left.get(item, [])
        verdict, reason = several.pop(0) if several else ("new", "")
        more = f" -- {reason}" if reason else ""
        text.append(f"{verdict:<6} {item.rule} {item.path} | {item.code}{more}")
    REVIEWED.write_text("\n".join(text) + "\n", encoding="utf-8")
