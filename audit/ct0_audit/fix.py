"""`ct0 audit fix`: the safe rewrites as a diff, and with --apply in place.

Only what needs no thought is rewritten: an option more, another command of the same meaning. The
diff is for `patch -p1` in the host's root. With --apply each file is first copied beside the
others in a folder of the backup, then written whole or not at all, with its owner and mode.
"""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ct0.errors import Unavailable
from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import Edit, Finding

BACKUPS = "/var/backups/ct0-audit"
# What packages bring is overwritten by their next version: it is theirs to mend, or a shim's.
OURS = ("/etc/", "/usr/local/", "/root/", "/home/", "/srv/", "/opt/", "/var/spool/cron/")
NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Rewrite(NamedTuple):
    path: str
    old: str
    new: str
    findings: tuple[Finding, ...]


def rewrites(host: Host, found: Iterable[Finding], vendor: bool = False) -> Iterator[Rewrite]:
    """One for each file that can be mended; those of packages only with `vendor`."""
    by_path: dict[str, list[Finding]] = {}
    for finding in found:
        path = finding.place.path
        if finding.edits and not finding.covered and (vendor or path.startswith(OURS)):
            by_path.setdefault(path, []).append(finding)
    for path, findings in sorted(by_path.items()):
        try:
            old = files.text(host, path)
        except files.Unreadable:
            continue  # gone since it was judged
        findings = [finding for finding in findings if still_there(finding, old)]
        new = edited(old, [edit for finding in findings for edit in finding.edits])
        if new != old:
            yield Rewrite(path, old, new, tuple(findings))


def still_there(finding: Finding, text: str) -> bool:
    """Whether the lines of a finding read as they did when they were judged."""
    lines = text.split("\n")[finding.place.line - 1 : finding.place.end_line]
    return finding.code in " ".join("\n".join(lines).replace("\\\n", " ").split())


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made, from the last to the first; one that overlaps is left out."""
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + column - 1

    spans = sorted(
        {
            (
                offset(e.place.line, e.place.column),
                offset(e.place.end_line, e.place.end_column),
                e.text,
            )
            for e in edits
            if e.place.end_line <= len(lines)
        },
        reverse=True,
    )
    before = len(text) + 1
    for start, end, new in spans:
        if end <= before:
            text = text[:start] + new + text[end:]
            before = start
    return text


def diff(rewrite: Rewrite) -> str:
    """A unified diff for patch -p1. Raises nothing: what is not UTF-8 stays as it is."""
    name = rewrite.path.lstrip("/")
    lines = difflib.unified_diff(
        rewrite.old.splitlines(keepends=True),
        rewrite.new.splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    found = []
    for line in lines:
        found.append(line)
        if not line.endswith("\n"):
            found.append("\n\\ No newline at end of file\n")
    return "".join(found)


def apply(host: Host, rewrite: Rewrite, backups: str) -> str:
    """Write the file anew, a copy of the old one first; returns where the copy is.

    Raises Unavailable if the file has changed meanwhile, or cannot be written.
    """
    real = files.real(host, rewrite.path)
    if files.text(host, real) != rewrite.old:
        raise Unavailable(f"{rewrite.path}: changed since it was audited: run it again")
    above, _, name = real.rpartition("/")
    backup = f"{backups}{real}"  # a path of the host's
    draft = f".{name}.ct0-new"
    folder = files.folder(host, above or "/")
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise Unavailable(f"{rewrite.path}: not a plain file with one name: mend it by hand")
        kept = made(host, os.path.dirname(backup))
        try:
            write(os.open(name, NEW, 0o600, dir_fd=kept), rewrite.old, status)
        finally:
            os.close(kept)
        file = os.open(draft, NEW, 0o600, dir_fd=folder)
        try:
            write(file, rewrite.new, status)
            os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            os.unlink(draft, dir_fd=folder)
            raise
    except OSError as error:
        raise Unavailable(f"{rewrite.path}: not rewritten: {error.strerror}") from error
    finally:
        os.close(folder)
    return backup


def made(host: Host, path: str) -> int:
    """A descriptor of a folder of the host's, made where it is missing, for root alone. No link on
    the way is followed: on a mounted disk it would lead out of it."""
    folder = os.open(host.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in filter(None, path.split("/")):
            try:
                os.mkdir(name, 0o700, dir_fd=folder)
            except FileExistsError:
                pass  # made before, or by the host
            inner = os.open(
                name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
            )
            os.close(folder)
            folder = inner
    except OSError:
        os.close(folder)
        raise
    return folder


def write(descriptor: int, text: str, status: os.stat_result) -> None:
    """The text into a new file, with the owner and mode of another's status."""
    with open(descriptor, "wb") as file:
        file.write(text.encode("utf-8", "surrogateescape"))
        file.flush()
        if os.geteuid() == 0:
            os.fchown(file.fileno(), status.st_uid, status.st_gid)
        os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode))
        os.fsync(file.fileno())
