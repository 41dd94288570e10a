"""Scripts of the host: whole files of shell, and those that a configured command leads to."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator

from ct0.errors import Malformed
from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import SHELL, Direct, NotRead, Snippet
from ct0_audit.sources.lines import Line

Found = Iterator["Snippet | Direct | NotRead"]
# Files to read, and folders of them that could not be listed.
Paths = Iterable["str | files.Unreadable"]

SHELLS = {
    *("sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh"),
    # OpenRC's, sysvinit-utils' and runit-helper's: they source the script that calls for them.
    *("openrc-run", "runscript", "init-d-script", "invoke-run"),
}

# What packages and editors leave beside the file that is meant; nothing runs these.
LEFT = re.compile(
    r"(~|\.(bak|orig|old|swp|dpkg-\w+|rpmsave|rpmnew|rpmorig|ucf-\w+|md|txt))$|^README|^\.",
    re.IGNORECASE,
)

WORD = re.compile(r"""[^\s'"]+""")


def interpreter(text: str) -> str:
    """Whom the first line calls for, without folders: "#!/usr/bin/env bash" is bash; "" if none."""
    if not text.startswith("#!"):
        return ""
    words = text[2:].partition("\n")[0].split()
    if words and words[0].endswith("/env"):
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if words and words[0].endswith("/busybox"):
        words = words[1:]
    return words[0].rpartition("/")[2] if words else ""


def script(path: str, text: str, kind: str, context: str = "", package: str = "") -> Found:
    """The snippet of a whole file that is run; what is not shell is told as not read."""
    asked = interpreter(text)
    if asked and asked not in SHELLS:
        yield NotRead(path, f"written for {asked[:40]}, not for a shell")
    else:
        yield Snippet(path, 1, 1, SHELL, text, kind, context, package)


def named(host: Host, path: str, kind: str, context: str = "") -> Found:
    """The script at `path`, if something is there."""
    try:
        yield from script(files.real(host, path), files.text(host, path), kind, context)
    except files.Absent:
        return
    except files.Unreadable as reason:
        yield NotRead(path, reason.reason)


def folders(
    host: Host,
    paths: Iterable[str],
    kind: str,
    context: str = "",
    depth: int = 0,
    only: Callable[[str], bool] = lambda name: True,
) -> Found:
    """Every script in the folders, each file once however many links lead to it."""
    seen = set()
    for folder in paths:
        for entry in files.walk(host, folder, depth):
            if isinstance(entry, files.Unreadable):
                if not isinstance(entry, files.Absent):
                    yield NotRead(entry.path, entry.reason)
                continue
            name = entry.path.rpartition("/")[2]
            if entry.real not in seen and not LEFT.search(name) and only(name):
                seen.add(entry.real)
                yield from named(host, entry.path, kind, context)


def configured(
    host: Host, paths: Paths, parse: Callable[[str, str], Iterable[Snippet | Direct]]
) -> Found:
    """What `parse(text, path)` finds in each file, and the scripts that its commands lead to."""
    seen: set[str] = set()
    for path in paths:
        if isinstance(path, files.Unreadable):
            yield NotRead(path.path, path.reason)
            continue
        try:
            real = files.real(host, path)
            if real in seen:
                continue
            seen.add(real)
            text = files.text(host, path)
        except files.Absent:
            continue
        except files.Unreadable as reason:
            yield NotRead(path, reason.reason)
            continue
        try:
            found = list(parse(text, real))
        except files.Unreadable as reason:
            yield NotRead(path, reason.reason)
            continue
        except Malformed as reason:
            yield NotRead(path, f"not understood: {reason}")
            continue
        for item in found:
            yield item
            if isinstance(item, Snippet):
                yield from followed(host, item, seen)


def followed(host: Host, item: Snippet, seen: set[str]) -> Found:
    """The shell scripts named by absolute paths in a command, one level deep.

    Only the words that may be what is run: the first one of each command, and what follows an
    interpreter. A path that is data only (`cat /etc/x`) is no script, or is one with a reason.
    """
    for path in programs(item.text):
        try:
            real = files.real(host, path)
            if real in seen:
                continue
            if interpreter(files.shebang(host, path)) not in SHELLS:
                continue
            text = files.text(host, path)
        except (files.Absent, files.NoFile):
            continue
        except files.Unreadable as reason:
            yield NotRead(path, reason.reason)
            continue
        seen.add(real)
        where = item.context or os.path.basename(item.path)
        yield Snippet(real, 1, 1, SHELL, text, item.kind, f"run by {where}")


def programs(text: str) -> list[str]:
    """Absolute paths in a command line that may be run by it: not what redirections name, and not
    the tools in /bin everybody knows, which are no scripts."""
    found = []
    for word in WORD.finditer(text):
        path = word[0].strip(";&|(){}`")
        before = text[: word.start()].rstrip()
        if (
            path.startswith("/")
            and not path.startswith(("/dev/", "/proc/", "/sys/"))
            and not before.endswith((">", "<"))
            and not set(path) & set("$*?%@<>=,")
            and path not in found
        ):
            found.append(path)
    return found[:20]


def settings(lines: Iterable[Line]) -> Iterator[tuple[str, Line]]:
    """`KEY = VALUE` lines as keys and the places of the values, quotes taken off."""
    for line in lines:
        key, equals, _ = line.text.partition("=")
        if equals:
            yield key.strip(), line.after("=").unquoted()


def paths_in(
    host: Host, *wanted: str, depth: int = 0, ends: tuple[str, ...] = ()
) -> list[str | files.Unreadable]:
    """The files in the folders `wanted` and `depth` levels below, those with such an ending if
    any is given; what cannot be looked at stays in the list, to be told."""
    found: list[str | files.Unreadable] = []
    for folder in wanted:
        for entry in files.walk(host, folder, depth):
            name = entry.path.rpartition("/")[2]
            if isinstance(entry, files.Absent) or LEFT.search(name):
                continue
            if isinstance(entry, files.Unreadable):
                found.append(entry)
            elif not ends or name.endswith(ends):
                found.append(entry.path)
    return found
