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
from ct0_shims.delivery.tree import (
    drop_draft,
    inside,
    read_file,
    relink,
    second_name,
    without_links,
)

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
    if again:
        return divert_again(root, manifest)
    systems = {path: system_of(root, path, manifest) for path in places(root, words, manifest)}
    for path, system in systems.items():
        refuse_foreign(root, path, system, manifest)
    return [f"diverted {path}" for path in systems if put(root, path, systems[path], manifest)]


def divert_again(root: str, manifest: Manifest) -> list[str]:
    """All that are diverted; one that is refused keeps no other from it."""
    done, refused = [], []
    for path, record in list(manifest.diversions.items()):
        try:
            refuse_foreign(root, path, record["by"], manifest)
            if put(root, path, record["by"], manifest):
                done.append(f"diverted {path}")
        except Error as error:
            refused.append(str(error))
    if refused:
        raise Refused("; ".join([*done, *refused]))
    return done


def put(root: str, path: str, system: str, manifest: Manifest) -> bool:
    """Divert one; False when it is already."""
    is_active = is_shim(root, path) and (system != dpkg.NAME or not dpkg.missing(root, path))
    there = mark_of(root, path)
    is_real = there != "" and not is_shim(root, path)
    if is_real or path not in manifest.diversions:  # not there, but active: a manifest was lost
        manifest.diversions[path] = {"by": system, "was": there if is_real else ""}
        write_manifest(root, manifest)
    if is_active:
        return False
    if is_real:
        keep(root, path, system)
    if system == dpkg.NAME:
        dpkg.add(root, path)
    relink(inside(root, path), SHIM)
    return True


def keep(root: str, path: str, system: str) -> None:
    """Give the incumbent its second name; a copy of before goes, unless it is dpkg's own."""
    if system == rpm.NAME:
        second_name(inside(root, path), inside(root, rpm.kept(path)))
        return
    shipped = dpkg.shipped_as(root, path)
    if not shipped:
        return
    copy = inside(root, dpkg.kept(shipped))
    if shipped in dpkg.missing(root, path) or not os.path.lexists(copy):
        second_name(inside(root, path), copy)
    for name in kept_copies(root, path, system):
        if name != dpkg.kept(shipped):
            os.unlink(inside(root, name))  # begun before an upgrade changed the spelling


def undivert(root: str, words: list[str]) -> tuple[list[str], list[str]]:
    """The incumbents back in these places, or in all; returns (what was done, what was left)."""
    manifest = read_manifest(root)
    done, left = [], []
    for path in diverted_of(root, words, manifest):
        try:
            give_back(root, path, manifest)
            done.append(f"{path} is the package's again")
        except Error as reason:
            left.append(f"left {reason}")
    return done, left


def diverted_of(root: str, words: list[str], manifest: Manifest) -> list[str]:
    """Those of these that are diverted, or all."""
    wanted = places(root, words, manifest, strict=False) if words else list(manifest.diversions)
    return [path for path in wanted if path in manifest.diversions]


def give_back(root: str, path: str, manifest: Manifest) -> None:
    record = manifest.diversions[path]
    there, ours = mark_of(root, path), is_shim(root, path)
    copies = kept_copies(root, path, record["by"])
    is_diverted = False
    if record["by"] == dpkg.NAME:
        shipped, is_diverted = dpkg.says(root, path)
        is_owned = shipped != ""
        copies.sort(key=lambda name: name != dpkg.kept(shipped))  # another is of before an upgrade
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
    for name in (path, *kept_names(path, record["by"])):
        drop_draft(inside(root, name))
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
            path = without_links(root, f"{each}/{name}")
            is_there = os.path.lexists(inside(root, path))
            if path in manifest.diversions or (is_there and (slash or owner(root, path))):
                meant.append(path)
        if not meant and strict:
            raise Refused(f"{word}: no package on this host has it")
        found.update(dict.fromkeys(meant))
    return list(found)


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
        shipped, is_diverted = dpkg.says(root, path)  # Unavailable when it is somebody else's
        is_fresh = shipped != "" and not is_diverted
        if is_real and not is_fresh and there not in known(root, path, system, manifest):
            raise Refused(f"{path} was changed since ct0 diverted it: move it away first")
        is_begun = is_begun or len(dpkg.missing(root, path)) < 2
    elif not there and not rpm.owns(root, path):
        raise Refused(f"{path}: no package has it any more: `ct0 shims undivert {path}` ends it")
    for copy in kept_copies(root, path, system):
        if is_real and not is_begun and mark_of(root, copy) != there:
            raise Refused(f"{copy} exists and is not ct0's: move it away first")


def known(root: str, path: str, system: str, manifest: Manifest) -> set[str]:
    """The marks of the incumbent: of what is kept, and of what was there when it was diverted."""
    marks = {mark_of(root, copy) for copy in kept_copies(root, path, system)}
    return marks | {manifest.diversions.get(path, {}).get("was", "")}


def kept_names(path: str, system: str) -> list[str]:
    """The second names that the incumbent may have."""
    if system == dpkg.NAME:
        return [dpkg.kept(spelling) for spelling in dpkg.spellings(path)]
    return [rpm.kept(path)]


def kept_copies(root: str, path: str, system: str) -> list[str]:
    """Those that are there."""
    return [name for name in kept_names(path, system) if os.path.lexists(inside(root, name))]


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


def check_undiverted(root: str, words: list[str]) -> str:
    """What of these is diverted, or was begun to be; "" if none is."""
    found = diverted_of(root, words, read_manifest(root))
    return f"{found[0]} is diverted" if found else ""
