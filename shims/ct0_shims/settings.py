"""What a shim was told by its environment and by /etc/ct0/shims.conf.

    # /etc/ct0/shims.conf: one setting a line
    scope   host                           host | sandbox | all
    hostpid no                             yes: containers run with --pid=host count as CT0's
    pidof   auto                           auto | sysv | procps: whose matching rules
    caller  /usr/local/sbin/inventory all  a scope for one calling program or script

Environment: CT0_SCOPE (wins over the file), CT0_DRY_RUN=1 (say whom, signal nobody), CT0_ROOT (a
recorded host as a folder; nothing is signalled there), CT0_PIDOF (as `pidof` above).

What cannot be read or understood never widens the scope: it is reported, and the rest holds.
"""

from __future__ import annotations

import posix  # os costs a shim 1 ms
import sys

from ct0.host import Host

SCOPES = ("host", "sandbox", "all")
RULES = ("auto", "sysv", "procps")
PATH = "/etc/ct0/shims.conf"
LARGEST = 1 << 16


class Settings:
    __slots__ = ("complaints", "dry_run", "host", "hostpid", "pidof", "scope")

    def __init__(self) -> None:
        self.host = Host()
        self.scope = "host"
        self.hostpid = False
        self.pidof = "auto"
        self.dry_run = False
        self.complaints: list[str] = []


def read_settings() -> Settings:
    """The settings of this run, from os.environ and the host's configuration file."""
    settings = Settings()
    settings.host = Host(variable("CT0_ROOT") or "/")
    settings.dry_run = not settings.host.live or variable("CT0_DRY_RUN") not in ("", "0")

    text = read_configuration(settings)
    if text:
        parse_configuration(text, settings)

    scope = variable("CT0_SCOPE")
    if scope in SCOPES:
        settings.scope = scope
    elif scope:
        settings.complaints.append(f"CT0_SCOPE={scope}: not one of {', '.join(SCOPES)}")
    rules = variable("CT0_PIDOF")
    if rules in RULES:
        settings.pidof = rules
    elif rules:
        settings.complaints.append(f"CT0_PIDOF={rules}: not one of {', '.join(RULES)}")
    return settings


def variable(name: str) -> str:
    """An environment variable, "" without it; from os.environ only where os is imported already."""
    if "os" in sys.modules:
        text: str = sys.modules["os"].environ.get(name, "")
        return text
    value = posix.environ.get(name.encode(), b"")
    return value.decode(sys.getfilesystemencoding(), "surrogateescape")


def read_configuration(settings: Settings) -> str:
    """The text of shims.conf, "" without one. A file others than root may write is not believed."""
    path = settings.host.path(PATH)
    try:
        file = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK)
    except FileNotFoundError:
        return ""
    except OSError as error:
        settings.complaints.append(f"{path}: {error.strerror}: not read")
        return ""
    import stat

    try:
        facts = posix.fstat(file)
        if settings.host.live and (facts.st_uid != 0 or facts.st_mode & 0o022):
            settings.complaints.append(f"{path}: writable by others than root: not read")
            return ""
        if not stat.S_ISREG(facts.st_mode):
            settings.complaints.append(f"{path}: not a regular file: not read")
            return ""
        text = posix.read(file, LARGEST + 1)
        if len(text) > LARGEST:  # its end might narrow what its beginning widens
            settings.complaints.append(f"{path}: larger than {LARGEST} bytes: not read")
            return ""
        return text.decode("utf-8", "surrogateescape")
    except OSError as error:
        settings.complaints.append(f"{path}: {error.strerror}: not read")
        return ""
    finally:
        posix.close(file)


def parse_configuration(text: str, settings: Settings) -> None:
    """Put the file's lines into `settings`; a line that is wrong becomes a complaint."""
    callers: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        key, values = words[0], words[1:]
        if key == "scope" and len(values) == 1 and values[0] in SCOPES:
            settings.scope = values[0]
        elif key == "hostpid" and values in (["yes"], ["no"]):
            settings.hostpid = values == ["yes"]
        elif key == "pidof" and len(values) == 1 and values[0] in RULES:
            settings.pidof = values[0]
        elif key == "caller" and len(values) == 2 and values[1] in SCOPES:
            callers[values[0]] = values[1]
        else:
            settings.complaints.append(f"{PATH} line {number}: not understood: {line.strip()[:60]}")
    if callers:
        for name in caller_names(settings.host):
            if name in callers:
                settings.scope = callers[name]
                break


def caller_names(host: Host) -> list[str]:
    """Absolute paths by which my parent may be named: the script it runs, then its executable."""
    import os

    from ct0.process import Process

    names = []
    try:
        with Process(host, os.getppid()) as parent:
            executable = parent.link("exe")
            for word in parent.cmdline()[1:]:
                if not word.startswith("-"):
                    cwd = parent.link("cwd") or "/"
                    names.append(os.path.normpath(os.path.join(cwd, word)))
                    break
            if executable:
                names.append(executable)
    except OSError:
        pass  # the parent is gone or another user's: no exception applies, the scope stays narrow
    return names
