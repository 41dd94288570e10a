"""Puppet's agent on a target: its program, what starts its runs, and the files those leave behind.

    I:0                                               the caller's user
    P:/usr/bin/puppet                                 the program
    M:1795626779:/var/cache/puppet/state/agent_disabled.lock   a file that is there, and since when
    O:/var/cache/puppet/state/agent_catalog_run.lock           one that is no regular file
    /var/cache/puppet/public/last_run_summary.yaml:---         a line of one
    N:1795626839                                      the time there, after all was read

`grep -H` puts the file's name before each of its lines, so that none can pass for another's. Of the
report, which may have megabytes, only the lines that are not indented are asked for.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from typing import NamedTuple

from ct0.errors import Malformed, Unavailable
from ct0.puppet.certificate import Validity, parse_validity
from ct0.puppet.health import Disabled, Health, RunLock
from ct0.puppet.lock import parse_disabled, parse_run_lock
from ct0.puppet.report import Report, parse_report
from ct0.puppet.summary import Summary, parse_summary
from ct0.text import plain
from ct0_suites.resources.backing import everybody
from ct0_suites.target import Target
from ct0_suites.transport import Output


class Layout(NamedTuple):
    """Where one kind of package keeps it. `summaries`: older ones of it wrote to the second."""

    summaries: tuple[str, ...]
    state: str
    ssl: str
    report: str = ""  # "" is in `state`, as are the locks
    disabled_lock: str = ""
    run_lock: str = ""

    @property
    def disabled(self) -> str:
        return self.disabled_lock or f"{self.state}/agent_disabled.lock"

    @property
    def run(self) -> str:
        return self.run_lock or f"{self.state}/agent_catalog_run.lock"

    @property
    def reports(self) -> str:
        return self.report or f"{self.state}/last_run_report.yaml"


SUMMARY = "last_run_summary.yaml"
LAYOUTS = (
    # Puppet's and OpenVox' own packages, and the gem run as root; `public` since 6.20.
    Layout(
        (
            f"/opt/puppetlabs/puppet/public/{SUMMARY}",
            f"/opt/puppetlabs/puppet/cache/state/{SUMMARY}",
        ),
        "/opt/puppetlabs/puppet/cache/state",
        "/etc/puppetlabs/puppet/ssl",
    ),
    # Debian's, since 10.
    Layout(
        (f"/var/cache/puppet/public/{SUMMARY}", f"/var/cache/puppet/state/{SUMMARY}"),
        "/var/cache/puppet/state",
        "/var/lib/puppet/ssl",
    ),
    # Puppet 3, and distributions' packages of 4 and 5.
    Layout((f"/var/lib/puppet/state/{SUMMARY}",), "/var/lib/puppet/state", "/var/lib/puppet/ssl"),
)
CONFIGURATIONS = ("/etc/puppetlabs/puppet/puppet.conf", "/etc/puppet/puppet.conf")
# What in puppet.conf moves the files elsewhere.
MOVES = re.compile(
    r"\s*(vardir|statedir|publicdir|lastrunfile|lastrunreport|ssldir|agent_\w+_lockfile)\s*=\s*(\S.*)"
)
ASKED = (
    "lastrunfile",
    "lastrunreport",
    "statedir",
    "ssldir",
    "agent_disabled_lockfile",
    "agent_catalog_run_lockfile",
)

PATH = "PATH=$PATH:/opt/puppetlabs/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin; export PATH"
TEXT = r"""
{path}
LC_ALL=C; export LC_ALL
printf 'I:%s\n' "$(id -u)"
p=$(command -v puppet) && printf 'P:%s\n' "$p"
for f in {files}; do
    if [ -f "$f" ]; then
        printf 'M:%s:%s\n' "$(stat -c %Y "$f" 2>/dev/null)" "$f"
        case $f in
            */last_run_report.yaml|{report}) grep -aH '^[-a-z]' "$f" | grep -av ':- ' ;;
            *) grep -aH '' "$f" ;;
        esac
    elif [ -e "$f" ]; then printf 'O:%s\n' "$f"; fi
done
for f in {configurations}; do [ -f "$f" ] && grep -asH '=' "$f"; done
printf 'N:%s\n' "$(date +%s)"
"""


class Agent(NamedTuple):
    """`program` is "" when there is none; `health` None when nothing of Puppet is there."""

    program: str
    health: Health | None


class Answer(NamedTuple):
    user: str
    program: str
    now: float
    since: dict[str, float | None]  # by file: those that are there
    odd: list[str]  # there, but no regular files
    texts: dict[str, str]


def command(layouts: Iterable[Layout]) -> str:
    files, reports = [], []
    for each in layouts:
        files += [*each.summaries, each.reports, each.disabled, each.run, f"{each.ssl}/crl.pem"]
        reports.append(each.reports)
    globs = [f"{shlex.quote(each.ssl)}/certs/*.pem" for each in layouts]
    unique = list(dict.fromkeys([*map(shlex.quote, files), *globs]))
    return TEXT.format(
        path=PATH,
        files=" ".join(unique),
        report="|".join(map(shlex.quote, dict.fromkeys(reports))),
        configurations=" ".join(CONFIGURATIONS),
    )


def parse_answer(said: Output) -> Answer:
    """Raises Unavailable when it was cut off, or the caller may not see Puppet's files."""
    user, program, now = "", "", None
    since: dict[str, float | None] = {}
    odd: list[str] = []
    lines: dict[str, list[str]] = {}
    for line in said.text.split("\n"):
        kind, _, rest = line.partition(":")
        if kind == "I":
            user = rest
        elif kind == "P":
            program = rest
        elif kind == "N" and rest.isdigit():
            now = float(rest)
        elif kind == "O":
            odd.append(rest)
        elif kind == "M":
            when, _, path = rest.partition(":")
            since[path] = float(when) if when.isdigit() and len(when) < 16 else None
        elif kind.startswith("/"):
            lines.setdefault(kind, []).append(rest)
    if now is None:
        raise Unavailable(f"Puppet's files cannot be read: {said.trouble}")
    if user != "0":
        raise Unavailable("Puppet's state is root's alone: be root there")
    texts = {path: "\n".join([*each, ""]) for path, each in lines.items()}
    return Answer(user, program, now, since, odd, texts)


def read_agent(target: Target) -> Agent:
    """Raises Unavailable, Unreachable."""
    return target.once("puppet", lambda: read_anew(target))


def read_anew(target: Target) -> Agent:
    answer = parse_answer(target.run(command(LAYOUTS)))
    layout = chosen(LAYOUTS, answer)
    if answer.program and (layout is None or moved(answer, layout)):
        layout = asked(target, answer.program)
        answer = parse_answer(target.run(command([layout])))
    if layout is None:
        return Agent(answer.program, None)
    return Agent(answer.program, health_of(target, layout, answer))


def chosen(layouts: Iterable[Layout], answer: Answer) -> Layout | None:
    """The one with the latest run: of two packages one after the other the first left its files."""

    def latest(layout: Layout) -> float:
        return max((answer.since.get(each) or 0.0 for each in layout.summaries), default=0.0)

    def is_there(layout: Layout) -> bool:
        paths = (*layout.summaries, layout.reports, layout.disabled, layout.run)
        return any(path in answer.since or path in answer.odd for path in paths)

    found = [layout for layout in layouts if is_there(layout)]
    return max(found, key=latest, default=None)


def moved(answer: Answer, layout: Layout) -> bool:
    """Whether puppet.conf says that the files are somewhere else."""
    files = (*layout.summaries, layout.reports, layout.disabled, layout.run)
    for path in CONFIGURATIONS:
        for line in answer.texts.get(path, "").split("\n"):
            if found := MOVES.fullmatch(line):
                value = found[2].strip().strip("\"'").rstrip("/")
                known = (f"{layout.ssl}/",) if found[1] == "ssldir" else files
                if not any(each == value or each.startswith(f"{value}/") for each in known):
                    return True
    return False


def asked(target: Target, program: str) -> Layout:
    """Where Puppet itself says that it keeps its files; it takes a second to say so."""
    said = target.run(f"{PATH}; puppet config print {' '.join(ASKED)} --section agent", timeout=60)
    found = {}
    for line in said.text.split("\n"):
        key, equals, value = line.partition(" = ")
        if equals and key in ASKED and re.fullmatch(r"/[^\n\0:]{1,4000}", value):
            found[key] = value
    if said.status != 0 or len(found) != len(ASKED):
        raise Unavailable(f"{plain(program)} does not say where it keeps its files: {said.trouble}")
    return Layout(
        (found["lastrunfile"],),
        found["statedir"],
        found["ssldir"],
        found["lastrunreport"],
        found["agent_disabled_lockfile"],
        found["agent_catalog_run_lockfile"],
    )


def health_of(target: Target, layout: Layout, answer: Answer) -> Health:
    unreadable: dict[str, str] = {}
    summary = report = None
    path = max(layout.summaries, key=lambda each: answer.since.get(each) or 0.0)
    try:
        summary = summary_of(answer, path)
    except Malformed as error:
        unreadable["summary"] = str(error)
    try:
        report = report_of(answer, layout.reports)
    except Malformed as error:
        unreadable["report"] = str(error)
    for odd in answer.odd:
        unreadable[odd] = f"{odd}: not a regular file"
    disabled = None
    if layout.disabled in answer.since:
        text = answer.texts.get(layout.disabled, "")
        disabled = Disabled(parse_disabled(text), answer.since[layout.disabled])
    run_lock = None
    try:
        run_lock = run_lock_of(target, layout.run, answer)
    except Malformed as error:
        unreadable["lock"] = str(error)
    validities: dict[str, tuple[Validity, ...]] = {}
    for file in answer.since:
        if file.startswith(f"{layout.ssl}/"):
            try:
                validities[file] = tuple(parse_validity(answer.texts.get(file, ""), file))
            except Malformed as error:
                unreadable[file] = str(error)
    return Health(answer.now, "", summary, report, disabled, run_lock, validities, unreadable)


def summary_of(answer: Answer, path: str) -> Summary | None:
    return parse_summary(answer.texts.get(path, ""), path) if path in answer.since else None


def report_of(answer: Answer, path: str) -> Report | None:
    return parse_report(answer.texts.get(path, ""), path) if path in answer.since else None


def run_lock_of(target: Target, path: str, answer: Answer) -> RunLock | None:
    """With the process that its PID is now, if one lives."""
    if path not in answer.since:
        return None
    pid = parse_run_lock(answer.texts.get(path, ""), path)
    lock = RunLock(pid, answer.since[path])
    who = None if pid is None else everybody(target).get(pid)
    if who is None:
        return lock
    return lock._replace(
        alive=True, comm=who.comm, arguments=" ".join(who.arguments), container=who.whose
    )


def installed_version(target: Target) -> str:
    """What `puppet --version` prints. Raises Unavailable."""

    def read() -> str:
        said = target.run(f"{PATH}; puppet --version", timeout=60)
        last = said.text.strip().split("\n")[-1].strip()
        if said.status != 0 or not re.fullmatch(r"[0-9]+(\.[0-9]+){1,3}\S*", last):
            raise Unavailable(f"puppet --version: {said.trouble}")
        return last

    return target.once("puppet.version", read)
