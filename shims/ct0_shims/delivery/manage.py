"""`ct0 shims`: lay the shims out, take them back, say what would bypass them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from ct0.host import Host
from ct0.text import plain
from ct0_shims.commands import MANAGED
from ct0_shims.delivery import hooks
from ct0_shims.delivery.bypass import bypasses
from ct0_shims.delivery.contents import is_package, sources
from ct0_shims.delivery.install import FILE, LINKS, RHEL_FILE, install, remove
from ct0_shims.delivery.manifest import changed, read_manifest
from ct0_shims.delivery.tree import inside, read_file


def main(arguments: Sequence[str], host: Host) -> int:
    options = parser().parse_args(arguments)
    root = options.root or host.root
    if not os.path.isdir(root):
        print(f"ct0 shims: --root {root}: not a folder", file=sys.stderr)
        return 2
    root = os.path.realpath(root)
    if options.action == "build":
        from ct0_shims.delivery.bundle import build

        sys.stdout.write(build(options.python))
        return 0
    if options.action == "sources":
        return write_sources(options.folder)
    if options.action == "install":
        for line in install(root, options.python):
            if options.verbose:
                print(line)
        print(f"shims installed in {os.path.join(root, LINKS[1:])}; `ct0 shims status` tells more")
        return 0
    if options.action == "remove":
        done, left = remove(root)
        for line in done if options.verbose else ():
            print(line)
        for line in left:
            print(line, file=sys.stderr)
        print(f"shims removed from {root}: {len(done)} files taken back")
        return 1 if left else 0
    return show_status(root, options.json)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ct0 shims",
        description="Lay the shims out in /usr/lib/ct0 with the hooks that make init scripts find"
        " them, take them back exactly, or say how things stand and which callers on this host"
        " would bypass them. `status` exits 0 when the shims are installed whole, else 1. `build`"
        " prints the one file, `sources` writes what it holds below DIR, to be read.",
    )
    parser.add_argument("action", choices=MANAGED)
    parser.add_argument("folder", nargs="?", metavar="DIR", help="where `sources` writes them")
    parser.add_argument("--root", metavar="DIR", help="another system's root (default: /)")
    parser.add_argument(
        "--python",
        metavar="PATH",
        default="/usr/bin/python3",
        help="the interpreter that will run them, 3.9 or later (default: %(default)s)",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="name every file")
    parser.add_argument("--json", action="store_true", help="status as JSON")
    return parser


def write_sources(folder: str | None) -> int:
    """What runs as root should be readable: the one file's sources as files."""
    if folder is None:
        print("ct0 shims sources: where to? name a folder", file=sys.stderr)
        return 2
    for module, text in sources().items():
        path = module.replace(".", "/") + ("/__init__.py" if is_package(module) else ".py")
        place = os.path.join(folder, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
    print(f"{len(sources())} modules written below {folder}")
    return 0


def show_status(root: str, as_json: bool) -> int:
    manifest = read_manifest(root)
    damaged = [
        path
        for path, marks in sorted(manifest.files.items())
        if changed(root, path, marks) or not os.path.lexists(inside(root, path))
    ]
    active = hook_states(root)
    found = list(bypasses(Host(root)))
    healthy = bool(manifest.files) and not damaged
    if as_json:
        record = {
            "installed": bool(manifest.files),
            "damaged": damaged,
            "hooks": active,
            "bypasses": [call._asdict() for call in found],
        }
        json.dump(record, sys.stdout, indent=2)
        sys.stdout.write("\n")
        return 0 if healthy else 1
    print(f"shims:   {'installed, ' + FILE if manifest.files else 'not installed'}")
    for path in damaged:
        print(f"damaged: {path} is missing or was changed")
    for hook, state in active.items():
        print(f"hook:    {hook}: {state}")
    for call in found:
        print(f"bypass:  {call.path}:{call.line}: {plain(call.text, 100)}\n         {call.reason}")
    print(
        f"{len(found)} calls on this host would bypass the shims" if found else "no bypasses found"
    )
    return 0 if healthy else 1


def hook_states(root: str) -> dict[str, str]:
    """Hook file -> active, not active, or not of this system."""
    states = {}
    if not os.path.isdir(os.path.dirname(inside(root, hooks.DEBIAN_HOOK))):
        states[hooks.DEBIAN_HOOK] = "not of this system"
    else:
        there = os.path.exists(inside(root, hooks.DEBIAN_HOOK))
        states[hooks.DEBIAN_HOOK] = "active" if there else "not active"
    text = read_file(root, RHEL_FILE)
    if text is None:
        states[hooks.RHEL_FILE] = "not of this system"
    else:
        there = hooks.RHEL_LINE.encode() in text
        states[hooks.RHEL_FILE] = "active" if there else "not active"
    return states
