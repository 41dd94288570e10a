"""Having the monitoring program itself read the configuration that it would load."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import NamedTuple

# Format -> the commands that check the whole configuration; the first that is there is used.
CHECKS = {
    "nagios": (
        ("nagios4", "-v", "/etc/nagios4/nagios.cfg"),
        ("nagios", "-v", "/etc/nagios/nagios.cfg"),
        ("nagios", "-v", "/usr/local/nagios/etc/nagios.cfg"),
    ),
    "icinga2": (("icinga2", "daemon", "-C"),),
}
SECONDS = 120
PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin:/usr/local/nagios/bin"


class Verdict(NamedTuple):
    loads: bool | None  # None: there is nobody here to ask
    text: str


def validate(format: str, command: str = "") -> Verdict:
    """Whether the configuration loads; `command` is a shell's line that exits 0 if it does."""
    words = ["/bin/sh", "-c", command] if command else known(format)
    if not words:
        return Verdict(None, f"nothing here to check it with (no {named(format)})")
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Verdict(False, f"{command or ' '.join(words)}: no end after {SECONDS} s")
    said = done.stdout.decode("utf-8", "replace")
    return Verdict(done.returncode == 0, worst(said) or f"exit status {done.returncode}")


def known(format: str) -> list[str]:
    for program, *arguments in CHECKS.get(format, ()):
        found = shutil.which(program, path=PATH)
        configuration = arguments[-1]
        if found and (not configuration.startswith("/") or os.path.exists(configuration)):
            return [found, *arguments]
    return []


def named(format: str) -> str:
    return " or ".join(dict.fromkeys(check[0] for check in CHECKS.get(format, ()))) or "program"


def worst(said: str) -> str:
    """The first line that tells of an error, else the last one."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    wrong = [line for line in lines if line.startswith("Error") or "critical/" in line]
    return (wrong or lines[-1:] or [""])[0]
