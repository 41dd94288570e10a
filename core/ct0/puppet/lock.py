"""The two locks in Puppet's state folder.

    agent_disabled.lock         {"disabled_message":"maintenance, see 4711"}
    agent_catalog_run.lock      4711        the PID of the run

The first is written by `puppet agent --disable`; the agent obeys it whatever is in it. The second
is taken for stale when its PID is gone, or is no process that looks like a puppet
(lib/puppet/util/pidlock.rb).
"""

from __future__ import annotations

import re

from ct0.errors import Malformed
from ct0.records import parse_json
from ct0.text import plain

LIMIT = 64 << 10  # characters


def parse_disabled(text: str) -> str:
    """Why it is disabled, safe to print; "" when nobody said so, or the lock cannot be read."""
    try:
        lock = parse_json(text[:LIMIT])
    except ValueError:
        return ""
    message = lock.get("disabled_message") if isinstance(lock, dict) else None
    return plain(message) if isinstance(message, str) else ""


def parse_run_lock(text: str, path: str) -> int | None:
    """The PID of a run; None for an empty lock, which the next run clears. Raises Malformed."""
    text = text.strip()
    if not text:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text, re.ASCII):
        raise Malformed(path, text)
    return int(text)


def looks_like_puppet(comm: str, arguments: str) -> bool:
    """Whether Puppet takes a process for a run of its own: as pidlock.rb, by name alone."""
    return ("ruby" in comm and "puppet" in arguments) or bool(re.search(r"puppet(-.*)?$", comm))
