"""Callers by absolute path: the shim stands where the incumbent lies, which is kept beside it.

    /usr/bin/pidof -> /usr/lib/ct0/ct0-shims         told by its name which command it is
    /usr/bin/pidof.distrib.usr-is-merged, /bin/pidof.distrib or /usr/bin/pidof.ct0-real

At every moment there is a program at the path: the incumbent gets its second name first, and the
shim is renamed over the first. Each step may be the last before a crash; the manifest says what was
begun, and both `divert` and `undivert` go on from there.
"""

from __future__ import annotations

import os

from ct0.errors import Error
from ct0_shims.commands import COMMANDS
from ct0_shims.delivery import dpkg, rpm
from ct0_shims.delivery.manifest import Manifest, mark, read_manifest, write_manifest
from ct0_shims.delivery.tree import inside, read_file, relink

SHIM = "/usr/lib/ct0/ct0-shims"
FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin")
DIVERTIBLE = tuple(command for command in COMMANDS if command != "ct0-pids")


class Refused(Error):
    """A path that is not diverted or given back, and why; nothing was done to it."""


def divert(root: str, words: list[str], again: bool = False) -> list[str]:
    """Put the shims in the places of these incumbents; `again`: in all that are diverted.

    Returns lines that say what was done. Raises Refused before anything is touched.
    """
    manifest = read_manifest(root)
    if again and not manifest.diversions:
        return []
    if SHIM not in manifest.files or not os.path.exists(inside(root, SHIM)):
        raise Refused("the shims are not installed: `ct0 shims install` lays them out")
    todo = list(manifest.diversions) if again else places(root, words, manifest)
    systems = {path: system_of(root, path, manifest) for path in todo}
    for path, system in systems.items():
        refuse_foreign(root, path, system, manifest)
    done: list[str] = []
    for path, system in systems.items():
        if is_active(root, path, system):
            if path not in manifest.diversions:  # by a manifest that is lost
                manifest.diversions[path] = {"by": system, "was": ""}
                write_manifest(root, manifest)
            continue
        put(root, path, system, manifest)
        done.append(f"diverted {path}")
    return done


def put(root: str, path: str, system: str, manifest: Manifest) -> None:
    there = mark_of(root, path)
    is_real = there != "" and not is_shim(root, path)
    if is_real or path not in manifest.diversions:
        manifest.diversions[path] = {"by": system, "was": there if is_real else ""}
        write_manifest(root, manifest)
    if is_real:
        keep(root, path, system)
    if system == dpkg.NAME:
        dpkg.add(root, path)
    relink(inside(root, path), SHIM)


def keep(root: str, path: str, system: str) -> None:
    """Give the incumbent its second name; a copy of before goes, unless it is dpkg's own."""
    if system == dpkg.NAME:
        spelling = dpkg.shipped_as(root, path)
        if not spelling:
            return
        copy = dpkg.kept(spelling)
        if os.path.lexists(inside(root, copy)) and spelling not in dpkg.missing(root, path):
            return
    else:
        copy = rpm.kept(path)
    second_name(inside(root, path), inside(root, copy))


def second_name(place: str, other: str) -> None:
    """Have one file, or one link, by two names; what was at the other gives way at once."""
    draft = f"{other}.ct0-new"
    if os.path.lexists(draft):
        os.unlink(draft)
    os.link(place, draft, follow_symlinks=False)
    os.rename(draft, other)
    if os.path.lexists(draft):  # rename(2) does nothing when both are one file already
        os.unlink(draft)


def undivert(root: str, words: list[str]) -> tuple[list[str], list[str]]:
    """The incumbents back in these places, or in all; returns (what was done, what was left)."""
    manifest = read_manifest(root)
    wanted = places(root, words, manifest, strict=False) if words else list(manifest.diversions)
    done, left = [], []
    for path in wanted:
        if path not in manifest.diversions:
            continue
        try:
            give_back(root, path, manifest)
            done.append(f"{path} is the package's again")
        except Error as reason:
            left.append(f"left {reason}")
    return done, left


def give_back(root: str, path: str, manifest: Manifest) -> None:
    record = manifest.diversions[path]
    there, ours = mark_of(root, path), is_shim(root, path)
    copies = kept_copies(root, path, record["by"])
    is_diverted = False
    if record["by"] == dpkg.NAME:
        is_owned = bool(dpkg.shipped_as(root, path))
        is_diverted = len(dpkg.missing(root, path)) < 2
        if len(copies) > 1:
            raise Refused(f"{path}: {' and '.join(copies)} are both there: move the old one away")
        is_foreign = there not in {"", *known(root, path, dpkg.NAME, manifest)} and not ours
        if copies and is_diverted and is_foreign:
            raise Refused(f"{path}: changed since it was diverted; the real one is {copies[0]}")
    else:
        is_owned = rpm.owns(root, path)
    if ours and is_owned and not copies:
        raise Refused(f"{path}: the real one is gone: install its package again first")

    # Without a diversion, what is neither the shim nor nothing is newer than what was kept.
    if copies and (ours or is_diverted or (is_owned and not there)):
        record["was"] = mark_of(root, copies[0])
        write_manifest(root, manifest)
        second_name(inside(root, copies[0]), inside(root, path))
    elif ours:
        os.unlink(inside(root, path))  # its package was removed meanwhile
    if record["by"] == dpkg.NAME:
        dpkg.take_away(root, path)
    for copy in copies:
        os.unlink(inside(root, copy))
    del manifest.diversions[path]
    write_manifest(root, manifest)


def places(root: str, words: list[str], manifest: Manifest, strict: bool = True) -> list[str]:
    """The paths that these names and paths mean on this host, as they are without links."""
    found: dict[str, None] = {}
    for word in words:
        folder, slash, name = word.rpartition("/")
        if name not in DIVERTIBLE or (slash and folder not in FOLDERS):
            raise Refused(
                f"{word}: can be diverted: {' '.join(DIVERTIBLE)}, in {' '.join(FOLDERS)}"
            )
        meant = []
        for each in [folder] if slash else FOLDERS:
            path = real(root, f"{each}/{name}")
            is_there = os.path.lexists(inside(root, path))
            if path in manifest.diversions or (is_there and (slash or owner(root, path))):
                meant.append(path)
        if not meant and strict:
            raise Refused(f"{word}: no package on this host has it")
        found.update(dict.fromkeys(meant))
    return list(found)


def real(root: str, path: str) -> str:
    """The path with the links above it resolved: /usr/bin/pidof for /bin/pidof on most systems."""
    return inside(root, path)[len(root.rstrip("/")) :]


def system_of(root: str, path: str, manifest: Manifest) -> str:
    if path in manifest.diversions:
        return manifest.diversions[path]["by"]
    system = owner(root, path)
    if not system:
        raise Refused(f"{path}: belongs to no package of dpkg's or rpm's")
    return system


def owner(root: str, path: str) -> str:
    """Whose database has this file: "dpkg", "rpm" or ""."""
    if dpkg.is_here(root) and dpkg.shipped_as(root, path):
        return dpkg.NAME
    return rpm.NAME if rpm.owns(root, path) else ""


def refuse_foreign(root: str, path: str, system: str, manifest: Manifest) -> None:
    """Raises Refused where something lies that is neither the incumbent nor ct0's."""
    there = mark_of(root, path)
    is_real = there != "" and not is_shim(root, path)
    is_begun = path in manifest.diversions
    if system == dpkg.NAME:
        is_diverted = len(dpkg.missing(root, path)) < 2  # Unavailable when it is somebody else's
        is_fresh = not is_diverted and dpkg.shipped_as(root, path) != ""
        if is_real and not is_fresh and there not in known(root, path, system, manifest):
            raise Refused(f"{path} was changed since ct0 diverted it: move it away first")
        is_begun = is_begun or is_diverted
    for copy in kept_copies(root, path, system):
        if is_real and not is_begun and mark_of(root, copy) != there:
            raise Refused(f"{copy} exists and is not ct0's: move it away first")


def known(root: str, path: str, system: str, manifest: Manifest) -> set[str]:
    """The marks of the incumbent: of what is kept, and of what was there when it was diverted."""
    marks = {mark_of(root, copy) for copy in kept_copies(root, path, system)}
    return marks | {manifest.diversions.get(path, {}).get("was", "")}


def kept_copies(root: str, path: str, system: str) -> list[str]:
    """The second names that are there."""
    if system == dpkg.NAME:
        names = [dpkg.kept(spelling) for spelling in dpkg.spellings(path)]
    else:
        names = [rpm.kept(path)]
    return [name for name in names if os.path.lexists(inside(root, name))]


def is_active(root: str, path: str, system: str) -> bool:
    return is_shim(root, path) and (system != dpkg.NAME or not dpkg.missing(root, path))


def is_shim(root: str, path: str) -> bool:
    place = inside(root, path)
    return os.path.islink(place) and os.readlink(place) == SHIM


def mark_of(root: str, path: str) -> str:
    """The mark of what lies there, "" for nothing."""
    place = inside(root, path)
    if os.path.islink(place):
        return mark("link", os.fsencode(os.readlink(place)))
    data = read_file(root, path)
    return "" if data is None else mark("file", data)


def states(root: str) -> dict[str, dict[str, str]]:
    """Path -> by whom, where the real one is, and "active" or what is wrong."""
    found = {}
    for path, record in read_manifest(root).diversions.items():
        found[path] = {
            "by": record["by"],
            "kept": ", ".join(kept_copies(root, path, record["by"])),
            "state": state(root, path, record["by"]),
        }
    return found


def state(root: str, path: str, system: str) -> str:
    if not is_shim(root, path):
        return "the shim is not there" if mark_of(root, path) else "nothing is there"
    try:
        undiverted = dpkg.missing(root, path) if system == dpkg.NAME else []
    except Error as error:
        return str(error)
    return f"{undiverted[0]} is not diverted" if undiverted else "active"


def check_diverted(root: str, words: list[str]) -> str:
    """What keeps these from being diverted, "" if they are."""
    manifest = read_manifest(root)
    for path in places(root, words, manifest):
        if path not in manifest.diversions:
            return f"{path} is not diverted"
        found = state(root, path, manifest.diversions[path]["by"])
        if found != "active":
            return f"{path}: {found}"
    return ""
