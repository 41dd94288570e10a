"""Cron, anacron and at: crontab lines, run-parts folders, jobs.

A line of /etc/crontab and /etc/cron.d has the user as its sixth field, those of /var/spool/cron
have not (crontab(5)); anacrontab's have period, delay and a name (anacrontab(5)):

    PATH=/usr/local/sbin:/usr/sbin:/usr/bin
    17 *    * * *   root    cd / && run-parts --report /etc/cron.hourly
    @reboot         root    pgrep -x foo || /usr/sbin/foo
    1  5  cron.daily  nice run-parts /etc/cron.daily
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ct0.host import Host
from ct0_audit.records import SHELL, Direct, Snippet
from ct0_audit.sources.lines import without_comments
from ct0_audit.sources.scripts import Found, configured, folders, paths_in

KIND = "cron"

SYSTEM = ("/etc/crontab",)
FOLDERS = tuple(
    f"/etc/cron.{often}" for often in ("hourly", "daily", "weekly", "monthly", "yearly")
)
# Debian's, EL's, SUSE's and Alpine's, which has busybox' crond.
OF_USERS = ("/var/spool/cron/crontabs", "/var/spool/cron/tabs", "/var/spool/cron", "/etc/crontabs")
AT = ("/var/spool/cron/atjobs", "/var/spool/at", "/var/spool/atjobs")

SETTING = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|(\w+))\s*=\s*(.*?)\s*$""")
TIMES = r"\s*(?:@\w+|(?:[^\s]+\s+){4}[^\s]+)\s+"
OF_SYSTEM = re.compile(TIMES + r"(\S+)\s+(?=\S)")
OF_USER = re.compile(TIMES + r"(?=\S)")
OF_ANACRON = re.compile(r"\s*(?:@\w+|\d+)\s+\d+\s+(\S+)\s+(?=\S)")


def read(host: Host) -> Found:
    yield from configured(host, [*SYSTEM, *paths_in(host, "/etc/cron.d")], parse_crontab)
    yield from configured(host, paths_in(host, *OF_USERS), parse_user_crontab)
    yield from configured(host, ("/etc/anacrontab",), parse_anacrontab)
    yield from folders(host, FOLDERS, KIND)
    yield from configured(host, paths_in(host, *AT), parse_job)


def parse_crontab(text: str, path: str) -> Iterator[Snippet]:
    """The commands of a crontab of the system's, with a user in each line."""
    return _parse(text, path, OF_SYSTEM, lambda fields: f"cron, as {fields[1]}")


def parse_user_crontab(text: str, path: str) -> Iterator[Snippet]:
    """The commands of a user's own crontab."""
    user = path.rpartition("/")[2]
    return _parse(text, path, OF_USER, lambda fields: f"crontab of {user}")


def parse_anacrontab(text: str, path: str) -> Iterator[Snippet]:
    """The commands of anacrontab."""
    return _parse(text, path, OF_ANACRON, lambda fields: f"anacron job {fields[1]}")


def parse_job(text: str, path: str) -> Iterator[Snippet | Direct]:
    """A job of at(1): a script that sets its environment first."""
    if text.startswith("#!"):
        yield Snippet(path, 1, 1, SHELL, text, KIND, "job of at")


def _parse(
    text: str, path: str, fields: re.Pattern[str], context: Callable[[re.Match[str]], str]
) -> Iterator[Snippet]:
    variables: dict[str, str] = {}
    for line in without_comments(text):
        setting = SETTING.match(line.text)
        if setting:
            name = setting[1] or setting[2] or setting[3]
            variables[name] = setting[4].strip("\"'")
            continue
        found = fields.match(line.text)
        if not found:
            continue
        # An unescaped % ends the command; what follows is its input (crontab(5)).
        command = re.split(r"(?<!\\)%", line.text[found.end() :], maxsplit=1)[0]
        place = line.part(found.end())
        yield Snippet(
            path,
            place.number,
            place.column,
            SHELL,
            command,
            KIND,
            context(found),
            variables=tuple(variables.items()),
        )
