"""Services of init scripts: their links in the runlevels, and what their `status` answers.

    script:/etc/init.d/cron
    runlevel:N 2
    initdefault:id:2:initdefault:
    link:/etc/rc2.d/S01cron
    targets:TARGETS = killprocs bootlogs cron      startpar's, where Debian boots with it
    status:0
    O:cron is running.
    T:#!/bin/sh                                    the script's own text, to its end

`status` ends with 0 (runs), 1 or 2 (died), 3 (does not run) or 4 (not known): LSB 20.2. Whoever
looks for the daemon by name answers 0 on a CT0 for a container's, so a 0 is believed only with a
process of the machine's own behind it (ct0_suites.resources.backing).

What boots Debian's sysvinit is not the links: startpar runs those of them that insserv wrote into
.depend.start, and passes over the others without a word.
"""

from __future__ import annotations

import re
import shlex
from typing import NamedTuple

from ct0.errors import Unavailable
from ct0.text import plain
from ct0_suites.resources.backing import Who, everybody
from ct0_suites.resources.services.initscript import Script, parse_script
from ct0_suites.resources.services.record import OPENRC, Service
from ct0_suites.target import Target
from ct0_suites.transport import Output

# As service(8) runs them.
ENVIRONMENT = "env -i LC_ALL=C TERM=dumb PATH=/sbin:/usr/sbin:/bin:/usr/bin"
LINES = 4000  # of a script
# status) or start|status), not the usage that it prints; init-d-script(5) has it for its callers.
HAS_STATUS = r"""{ sed -n 1p "$s" | grep -q init-d-script ||
    grep -av -i -e usage -e '^[[:space:]]*echo' "$s" |
        grep -aqE "(^|[^A-Za-z0-9_-])status[\"']?[[:space:]]*[|)]"; }"""

TEXT = r"""
n={name}
for d in /etc/init.d /etc/rc.d/init.d; do
    [ -f "$d/$n" ] && s=$d/$n && break
done
[ -e "/etc/init/$n.conf" ] && initctl version 2>/dev/null | grep -q upstart && echo upstart:
[ -n "$s" ] || {{ echo none:; exit 0; }}
printf 'script:%s\n' "$s"
[ -x "$s" ] || echo inert:
printf 'runlevel:%s\n' "$(runlevel 2>/dev/null)"
grep -ash '^[^#]*:initdefault:' /etc/inittab | sed 's/^/initdefault:/'
for d in /etc/rc.d/rc?.d /etc/rc?.d; do
    for f in "$d"/[SK][0-9][0-9]"$n"; do
        if [ -e "$f" ]; then printf 'link:%s\n' "$f"
        elif [ -h "$f" ]; then printf 'broken:%s\n' "$f"; fi
    done
done
for f in /etc/runlevels/*/"$n"; do [ -e "$f" ] && printf 'link:%s\n' "$f"; done
if [ -s /etc/init.d/.depend.start ] && [ -s /etc/init.d/.depend.boot ] \
    && [ -s /etc/init.d/.depend.stop ] && [ ! -e /etc/init.d/.legacy-bootordering ] \
    && grep -qs startpar /etc/init.d/rc; then
    grep -ash '^TARGETS' /etc/init.d/.depend.start /etc/init.d/.depend.boot | sed 's/^/targets:/'
fi
if {asks}; then
    o=$({environment} {status} </dev/null 2>&1)
    printf 'status:%s\n' $?
    printf '%s\n' "$o" | sed -n '1,40s/^/O:/p'
fi
sed -n '1,{lines}s/^/T:/p' "$s"
echo end:
"""

# What is no digit becomes an x: a pidfile has nothing else in its first line.
FIRST_LINES = r"""
for f in {files}; do
    [ -f "$f" ] && printf '%s:%s\n' "$f" "$(head -c 32 "$f" | tr -c '0-9\n' x | sed -n 1p)"
done
:
"""


class Answer(NamedTuple):
    """What the target printed."""

    values: dict[str, list[str]]  # by the word before the colon

    def one(self, key: str) -> str:
        return self.values.get(key, [""])[0]


def command(name: str, init: str, ask: bool = True) -> str:
    """`status` is asked only of a script that has such a case: one without may do anything."""
    status, asks = '"$s" status', f'[ -x "$s" ] && {HAS_STATUS}'
    if init == OPENRC:
        status, asks = 'rc-service -- "$n" status', "true"
    if not ask:
        asks = "false"
    return TEXT.format(
        name=shlex.quote(name), environment=ENVIRONMENT, status=status, asks=asks, lines=LINES
    )


def parse_answer(said: Output) -> Answer:
    """Raises Unavailable when it was cut off."""
    values: dict[str, list[str]] = {}
    for line in said.text.split("\n"):
        key, colon, rest = line.partition(":")
        if colon:
            values.setdefault(key, []).append(rest)
    if "none" not in values and "end" not in values:
        raise Unavailable(f"its init scripts cannot be read: {said.trouble}")
    return Answer(values)


def read_script(target: Target, name: str, init: str) -> Service:
    """Raises Unavailable, Unreachable."""
    answer = parse_answer(target.run(command(name, init), timeout=60))
    if "upstart" in answer.values:
        raise Unavailable(f"{name} is a job of upstart, which is not read: initctl status {name}")
    if "none" in answer.values:
        return Service(name, init, exists=False, running=False, state="no script", enabled=False)
    enabled, enabling = started_at_boot(answer, name, init)
    running, state = judged(target, answer, name, init)
    return Service(
        name,
        init,
        exists=True,
        running=running,
        state=state,
        enabled=enabled,
        enabling=enabling,
        script=answer.one("script"),
    )


def started_at_boot(answer: Answer, name: str, init: str) -> tuple[bool, str]:
    """Whether the next boot starts it, and by what."""
    links = answer.values.get("link", [])
    if init == OPENRC:
        levels = [link.split("/")[3] for link in links if link.startswith("/etc/runlevels/")]
        on = [each for each in levels if each in ("sysinit", "boot", "default")]
        if on:
            return True, f"in runlevel {', '.join(on)}"
        return False, f"only in runlevel {', '.join(levels)}" if levels else "in no runlevel"
    level = default_level(answer)
    starts = {link: found[1] for link in links if (found := re.search(r"/rc(.)\.d/S\d\d", link))}
    here = [link for link, of in starts.items() if of in ("S", level)]
    if "inert" in answer.values:
        return False, f"{answer.one('script')} is not executable"
    if not here:
        if answer.values.get("broken"):
            return False, f"{answer.one('broken')} leads nowhere"
        if starts:
            return False, f"not in runlevel {level}, only in {', '.join(sorted(starts.values()))}"
        return False, f"no S link in runlevel {level}"
    targets = " ".join(answer.values.get("targets", []))
    if targets and name not in targets.split():
        return False, f"{here[0]} is there, but startpar does not know it: run insserv {name}"
    return True, here[0]


def default_level(answer: Answer) -> str:
    """The runlevel of the next boot; without an inittab the one it is in, or 3."""
    for line in answer.values.get("initdefault", []):
        if found := re.match(r"[^:]*:([0-9]):initdefault:", line):
            return found[1]
    current = answer.one("runlevel").split()
    return current[-1] if current and current[-1] in "2345" else "3"


def judged(target: Target, answer: Answer, name: str, init: str) -> tuple[bool | None, str]:
    """Whether it runs, and that in words; None when the script does not tell."""
    script = parse_script(name, "\n".join(answer.values.get("T", [])))
    if "status" not in answer.values:
        return None, "its script has no status"
    code, said = answer.one("status"), "\n".join(answer.values.get("O", []))
    last = plain(said.strip().split("\n")[-1], 80)
    if re.search(r"usage:", said, re.IGNORECASE):
        return None, f"its script does not know status ({last})"
    if code == "0":
        return backed(target, script)
    if code in ("1", "2", "3") or (init == OPENRC and code in ("32", "16", "4", "8")):
        return gainsaid(target, script, CODES.get(code, "stopped") if init == OPENRC else LSB[code])
    more = f" ({last})" if last else ""
    meaning = "that it does not know" if code == "4" else "no code of LSB's"
    return None, f"its script's status ends with {plain(code)}{more}: {meaning}"


LSB = {"1": "dead, its pidfile is left", "2": "dead, its lock is left", "3": "stopped"}
CODES = {"32": "crashed", "16": "inactive", "4": "stopping", "8": "starting", "3": "stopped"}


def backed(target: Target, script: Script) -> tuple[bool | None, str]:
    """A script says that its daemon runs: whose process is that?"""
    people = everybody(target)
    of_pidfile = by_pidfile(target, script, people)
    for path, who in sorted(of_pidfile, key=lambda each: bool(each[1].whose)):
        if not who.whose:
            return True, f"running, {who.text} of {path}"
        return False, f"its script says it runs, but {who.text} of {path} is of {who.whose}"
    named = [who for who in people.values() if who.is_called(script.names)]
    for who in sorted(named, key=lambda each: bool(each.whose)):
        if not who.whose:
            return True, f"running, {who.text}"
        whose = ", ".join(sorted({each.whose for each in named})[:5])
        return False, f"its script says it runs, but {who.text} is of {whose}, and none is its own"
    # A name that is in the script somewhere, of containers alone: it may be what it looked for.
    own = {who.comm for who in people.values() if not who.whose}
    theirs = {who.comm for who in people.values() if who.whose} - own
    if doubtful := sorted(theirs & script.words):
        return None, (
            f"its script says it runs, and may mean a container's {plain(', '.join(doubtful[:3]))}"
        )
    return True, "running, by its script's word"


def gainsaid(target: Target, script: Script, state: str) -> tuple[bool | None, str]:
    """A script says that its daemon does not run: does the pidfile's process?"""
    people = everybody(target)
    for path, who in by_pidfile(target, script, people):
        if not who.whose and who.is_called(script.names):
            return None, f"{state}, says its script, but {who.text} of {path} lives"
    return False, state


def by_pidfile(target: Target, script: Script, people: dict[int, Who]) -> list[tuple[str, Who]]:
    """The living processes that the pidfiles name, whatever they are."""
    files = " ".join(map(shlex.quote, script.pidfiles))
    said = target.run(FIRST_LINES.format(files=files))
    found = []
    for line in said.text.split("\n"):
        path, _, pid = line.partition(":")
        if path in script.pidfiles and re.fullmatch(r"[0-9]{1,10}", pid) and int(pid) in people:
            found.append((path, people[int(pid)]))
    return found
