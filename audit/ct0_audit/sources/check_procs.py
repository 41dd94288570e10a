"""What a command line of monitoring-plugins' check_procs counts: every container's processes too.

    check_procs -c 1: -C cron                  exactly that name
    check_procs -w 5 -a "-d /etc/foo"          a text in the command line
    check_procs -w 250 -c 400                  everything there is
    check_procs -p 1 -C cron                   children of one process: safe

monitoring-plugins.org, check_procs(1). ct0's own, of the same name, counts CT0's own processes.
"""

from __future__ import annotations

import re

from ct0_audit.records import Direct, Selector
from ct0_audit.sources.lines import Line, direct

OUR_FOLDER = "/usr/lib/ct0/"
OPTIONS = {
    "-C": "comm",
    "--command": "comm",
    "-a": "text",
    "--argument-array": "text",
    "--ereg-argument-array": "full",
    "-u": "user",
    "--user": "user",
}
PLUGIN = re.compile(r"(?:^|[\s\"'=!/])check_procs(?:\.\w+)?(?=[\s\"'!]|$)")


def judge_check_procs(line: Line, words: list[str], path: str, kind: str) -> Direct | None:
    """The finding about a line that calls check_procs with these words after its name, if any."""
    if OUR_FOLDER in line.text:
        return None
    found: dict[str, tuple[str, ...]] = {}
    waiting = ""
    for word in words:
        option, equals, value = word.partition("=")
        if word == "-p" or word.startswith(("--ppid", "-p")):
            return None  # children of one process
        if waiting:
            found[waiting], waiting = (word.strip("\"'"),), ""
        elif option in OPTIONS:
            if equals:
                found[OPTIONS[option]] = (value.strip("\"'"),)
            else:
                waiting = OPTIONS[option]
        elif word[:2] in OPTIONS and not word.startswith("--") and len(word) > 2:
            found[OPTIONS[word[:2]]] = (word[2:].strip("\"'"),)
    users = found.pop("user", ())
    if found:
        how, values = next(iter(found.items()))
        what = {"comm": "named", "text": "with the arguments", "full": "that match"}[how]
        detail = f"check_procs counts every process {what} {values[0]!r}"
        selector = Selector(how, values, users)
    elif users:
        detail = f"check_procs counts every process of {users[0]}"
        selector = Selector("user", users)
    else:
        detail = "check_procs counts every process there is"
        selector = Selector("everybody")
    if any("$" in value for value in (*selector.values, *selector.users)):
        return direct(line, "CT103", detail, path, kind)  # a macro: only known when it runs
    return direct(line, "CT103", detail, path, kind, selector)
