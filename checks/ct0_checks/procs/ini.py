"""--extra-opts[=[SECTION][@FILE]]: options out of an ini file, put in front of the others.

    [check_procs]
    warning = 250
    critical = 400
    k =
    ; a comment

The section is the command's name if none is given, the file the first of the usual ones. A long
name becomes `--warning=250`, a letter `-w250`, one without a value `-k`.
https://www.monitoring-plugins.org/doc/extra-opts.html
"""

from __future__ import annotations

import os

from ct0_checks.procs.getopt import Stop

NAMES = ("monitoring-plugins.ini", "plugins.ini", "nagios-plugins.ini")
USUAL = (
    "/usr/local/etc/monitoring-plugins/monitoring-plugins.ini",
    "/usr/local/etc/monitoring-plugins.ini",
    "/etc/monitoring-plugins/monitoring-plugins.ini",
    "/etc/monitoring-plugins.ini",
    "/etc/nagios/plugins.ini",
    "/usr/local/nagios/etc/plugins.ini",
    "/usr/local/etc/nagios/plugins.ini",
    "/etc/opt/nagios/plugins.ini",
    "/etc/nagios-plugins.ini",
    "/usr/local/etc/nagios-plugins.ini",
    "/etc/opt/nagios-plugins.ini",
)
LIMIT = 1 << 20


class Unusable(Stop):
    """No options can be had; the text is what is printed."""


def expand(arguments: list[str], command: str) -> list[str]:
    """The arguments with each --extra-opts replaced by what its file says, which comes first.

    Raises Unusable.
    """
    extra: list[str] = []
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word.startswith("--extra-opts="):
            extra += options(word[13:], command)
        elif word == "--extra-opts":
            own = bool(waiting) and not waiting[0].startswith("-")
            extra += options(waiting.pop(0) if own else "", command)
        else:
            rest.append(word)
    return extra + rest


def options(locator: str, command: str) -> list[str]:
    section, _, path = locator.partition("@")
    path = path or usual()
    found = parse(read(path), section or command)
    if not found:
        raise Unusable(f"Invalid section '{section or command}' in config file '{path}'\n")
    return found


def usual() -> str:
    chosen = os.environ.get("MP_CONFIG_FILE", "")
    if chosen:
        return chosen
    folders = [part for part in os.environ.get("NAGIOS_CONFIG_PATH", "").split(":") if part]
    for path in [*(f"{folder}/{name}" for name in NAMES for folder in folders), *USUAL]:
        if os.path.isfile(path):
            return path
    raise Unusable("Cannot find config file in any standard location.\n")


def read(path: str) -> str:
    try:
        file = 0 if path == "-" else os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        text = b""
        while len(text) < LIMIT and (part := os.read(file, LIMIT)):
            text += part
    except OSError as error:
        raise Unusable(f"Can't read config file: {error.strerror}\n") from error
    return text.decode("utf-8", "surrogateescape")


def parse(text: str, section: str) -> list[str]:
    """The section's options as arguments, [] if there is no such section. Raises Unusable."""
    found: list[str] = []
    inside: bool | None = None  # None before the first section
    for line in text.replace("\r", "").split("\n"):
        line = line.strip(" \t\v\f")
        if line.startswith("["):
            name, bracket, line = line[1:].partition("]")
            if not bracket:
                break
            inside = name.strip(" \t\v\f") == section
            line = line.strip(" \t\v\f")
        if not line or line[0] in "#;":
            continue
        if inside is None:
            raise Unusable("Config file error\n")
        if inside:
            found.append(argument(line))
    return found


def argument(line: str) -> str:
    key, equals, value = line.partition("=")
    key, value = key.rstrip(" \t"), value.lstrip(" \t")
    if not equals or not key:
        raise Unusable("Config file error\n")
    if len(key) == 1:
        return f"-{key}{value}"
    return f"--{key}={value}" if value else f"--{key}"
