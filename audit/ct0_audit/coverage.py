"""Whether a shim of ct0 that is installed on the host stands in the way of a command.

Shims are met through PATH, which two hooks set for init scripts (/etc/sysconfig/init on RHEL,
/lib/lsb/init-functions.d/99-ct0 on Debian), or where the incumbent's own path leads to them: it is
diverted (`ct0 shims divert`).
"""

from __future__ import annotations

import re

from ct0_audit.facts import DEBIAN_HOOK, RHEL_INIT, SHIMS, Facts
from ct0_audit.shell.call import Call
from ct0_audit.shell.script import Script

LIBRARY = re.compile(
    r"^[ \t]*(?:\[[^\n]*\][ \t]*&&[ \t]*)?(?:\.|source)[ \t]+"
    r"\S*(?:/lib/lsb/init-functions|init\.d/functions)\b",
    re.MULTILINE,
)
PATH_SET = re.compile(r"^[ \t]*(?:export[ \t]+)?PATH=(\S*)", re.MULTILINE)
# These set PATH themselves (sudoers' secure_path, login.defs) or forget it.
OWN_PATH = {"sudo", "su", "runuser", "doas", "env", "chroot", "systemd-run"}
FUNCTIONS = {"killproc", "status", "pidofproc", "checkproc", "status_of_proc"}


def covered(facts: Facts, library: str, call: Call, path: str) -> str:
    """By what, in words; "" if nothing stands in the way. `path` is a PATH set from outside."""
    if not facts.shims and not facts.replaced:
        return ""
    name, command = call.name, call.command
    hook = hook_of(facts, library)
    if name in FUNCTIONS and not command.startswith("/"):
        return hook and f"the hook {hook}"
    if command in facts.replaced:
        return f"{command}, which is ct0's"
    if name in facts.everywhere and "/" not in command:
        return f"{name}, which is ct0's wherever PATH leads"
    if name not in facts.shims:
        return ""
    if command.startswith(f"{SHIMS}/"):
        return f"{SHIMS}/{name}"
    if "/" in command:
        return ""
    if OWN_PATH.intersection(call.through):
        return ""
    top = call
    while top.script.outer is not None:
        top = top.script.outer
    found = leads_to_shims(top.script, top.start, hook)
    if found is not None:
        return found
    return f"PATH, which leads to {SHIMS}" if path.split(":")[0] == SHIMS else ""


def hook_of(facts: Facts, library: str) -> str:
    if library == "debian" and facts.debian_hook:
        return DEBIAN_HOOK
    if library == "rhel" and facts.rhel_hook:
        return RHEL_INIT
    return ""


def leads_to_shims(script: Script, offset: int, hook: str) -> str | None:
    """What the last line before a command says that sets PATH; None if none does."""
    text = script.syntax.cut(0, offset)
    last: tuple[int, str] | None = None
    for match in LIBRARY.finditer(text):
        last = match.start(), f"the hook {hook}" if hook else ""
    for match in PATH_SET.finditer(text):
        value = match[1].strip("\"'")
        if value.startswith(SHIMS):
            said = f"PATH, which leads to {SHIMS}"
        elif value.startswith(("$PATH:", "${PATH}:")):
            continue
        else:
            said = ""
        if last is None or match.start() > last[0]:
            last = match.start(), said
    return None if last is None else last[1]
