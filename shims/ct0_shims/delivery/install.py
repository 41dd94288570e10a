"""Lay the shims out below a root, and take them back exactly.

    /usr/lib/ct0/ct0-shims                       the one file; ct0-shims.cpython-311.cache beside it
    /usr/lib/ct0/shims/pidof -> ../ct0-shims     a link for each command
    /usr/lib/ct0/functions/{rhel,lsb}.sh         the shell forms
    /lib/lsb/init-functions.d/99-ct0             Debian's hook, where /lib/lsb/init-functions is
    /etc/sysconfig/init                          RHEL's: one line added, where that file is
    /usr/lib/ct0/shims.manifest                  what was laid out, by which it is taken back

What is diverted (diversions.py) is given back before anything is taken away.

Nothing that is not ours is overwritten, and what somebody changed since is left alone and named.
"""

from __future__ import annotations

import os
from collections.abc import Collection

from ct0.errors import Error, Unavailable
from ct0_shims.commands import COMMANDS
from ct0_shims.delivery import bundle, dpkg, hooks
from ct0_shims.delivery.contents import functions
from ct0_shims.delivery.diversions import undivert
from ct0_shims.delivery.interpreter import byte_code
from ct0_shims.delivery.manifest import PATH as MANIFEST
from ct0_shims.delivery.manifest import changed, mark, read_manifest, write_manifest
from ct0_shims.delivery.tree import drop_draft, inside, make_folders, read_file, relink, write_file

BASE = "/usr/lib/ct0"
FILE = f"{BASE}/ct0-shims"
LINKS = f"{BASE}/shims"
ALWAYS = "ct0-pids"  # what the shell functions call
RHEL_FILE = f"{hooks.RHEL_FILE}/."  # a link there is followed inside the root, and stays a link


class Conflict(Error):
    """A file in our place that is not ours, or no longer."""


class Item:
    """One path to lay out: a file with a mode, or a link with its goal as content."""

    __slots__ = ("content", "kind", "mode")

    def __init__(self, kind: str, content: bytes, mode: int = 0o644) -> None:
        self.kind = kind
        self.content = content
        self.mode = mode


def install(root: str, python: str, commands: Collection[str] = tuple(COMMANDS)) -> list[str]:
    """Lay everything out, of the commands these; returns lines that say what was done.

    Installing again renews, adds and takes away.

    Raises Conflict before anything is touched, Unavailable when the interpreter does not serve.
    """
    wanted = plan(root, python, commands)
    manifest = read_manifest(root)
    for path in wanted:
        if path not in manifest.files and os.path.lexists(inside(root, path)):
            raise Conflict(f"{path} exists and is not ct0's: move it away first")
    for path, marks in manifest.files.items():
        if changed(root, path, marks):
            raise Conflict(f"{path} was changed since ct0 laid it out: move it away first")

    done = []
    for path, item in wanted.items():
        manifest.folders += make_folders(root, path)
        if path == hooks.DEBIAN_HOOK:
            # dpkg leaves them for the hook's sake when their package goes.
            folder = os.path.dirname(path)
            for shared in (folder, os.path.dirname(folder)):
                if shared not in manifest.folders and dpkg.shipped_as(root, shared):
                    manifest.folders.append(shared)
        new = mark(item.kind, item.content)
        manifest.files[path] = list({new, *manifest.files.get(path, [])})
        write_manifest(root, manifest)  # first: a run that is cut short can still be taken back
        if item.kind == "link":
            relink(inside(root, path), item.content.decode())
        else:
            write_file(root, path, item.content, item.mode)
        manifest.files[path] = [new]
        done.append(f"wrote {path}")
    for path in [path for path in manifest.files if path not in wanted]:
        if os.path.lexists(inside(root, path)):
            os.unlink(inside(root, path))
            done.append(f"removed {path}, not wanted any more")
        del manifest.files[path]
    if add_line(root):
        manifest.line = True
        done.append(f"added a line to {hooks.RHEL_FILE}")
    write_manifest(root, manifest)
    return done


def remove(root: str) -> tuple[list[str], list[str]]:
    """Take everything back; returns (what was done, what was left and why)."""
    manifest = read_manifest(root)
    if not manifest.files:
        raise Unavailable(f"nothing is installed below {root}: no {MANIFEST} there")
    done, left = undivert(root, [])
    if left:
        return done, left  # without the one file they would lead nowhere
    if manifest.line and take_line(root):
        done.append(f"took the line out of {hooks.RHEL_FILE}")
    # Hooks first, links next, the file they call last: at no moment does one lead nowhere.
    for path in sorted(manifest.files, key=lambda path: (path.startswith(BASE), path == FILE)):
        place = inside(root, path)
        drop_draft(place)
        if not os.path.lexists(place):
            continue
        if changed(root, path, manifest.files[path]):
            left.append(f"left {path}: changed since it was laid out")
            continue
        os.unlink(place)
        done.append(f"removed {path}")
    os.unlink(inside(root, MANIFEST))
    drop_draft(inside(root, MANIFEST))
    for folder in sorted(manifest.folders, key=len, reverse=True):
        if dpkg.shipped_as(root, folder):
            continue
        try:
            os.rmdir(inside(root, folder))
        except OSError:
            pass  # somebody keeps files there by now, or took the folder away already
    return done, left


def plan(root: str, python: str, commands: Collection[str]) -> dict[str, Item]:
    """All that belongs on this root, by path."""
    text = bundle.build(python)
    items = fixed(root, text, commands)
    cache = byte_code(root, python, text)
    if cache is not None:
        items[cache_of(cache[0])] = Item("file", cache[1])
    return items


def cache_of(tag: str) -> str:
    return f"{FILE}.{tag}.cache"


def fixed(root: str, text: str, commands: Collection[str]) -> dict[str, Item]:
    """All but the byte code, which the host's Python makes."""
    items = {FILE: Item("file", text.encode("utf-8", "surrogateescape"), 0o755)}
    for name, content in functions().items():
        place = f"{BASE}/functions/{name}"
        if name == os.path.basename(hooks.DEBIAN_HOOK):
            if not os.path.isdir(os.path.dirname(inside(root, hooks.DEBIAN_HOOK))):
                continue
            place = hooks.DEBIAN_HOOK
        items[place] = Item("file", content.encode())
    for command in sorted({*commands, ALWAYS}):
        items[f"{LINKS}/{command}"] = Item("link", b"../ct0-shims")
    return items


def add_line(root: str) -> bool:
    """RHEL's init functions read /etc/sysconfig/init after they set PATH: one line there."""
    text, line = read_file(root, RHEL_FILE), hooks.RHEL_LINE.encode()
    if text is None or line in text:
        return False
    # A last line without its newline: ours brings the one between, and goes with it again.
    addition = line + b"\n" if text.endswith(b"\n") or not text else b"\n" + line
    rewrite(root, RHEL_FILE, text + addition)
    return True


def take_line(root: str) -> bool:
    """Take our line out again; the rest of the file stays as it is, to the byte."""
    text, line = read_file(root, RHEL_FILE), hooks.RHEL_LINE.encode()
    if text is None or line not in text:
        return False
    joint = line + b"\n" if line + b"\n" in text else b"\n" + line
    rewrite(root, RHEL_FILE, text.replace(joint, b"", 1))
    return True


def rewrite(root: str, path: str, data: bytes) -> None:
    """New content for a file of the distribution's, with the owner and mode it has."""
    facts = os.stat(inside(root, path))
    write_file(root, path, data, facts.st_mode & 0o7777)
    os.chown(inside(root, path), facts.st_uid, facts.st_gid)
