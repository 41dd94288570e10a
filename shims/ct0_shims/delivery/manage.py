"""`ct0 shims`: lay the shims out, take them back, say what would bypass them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence

from ct0.host import Host
from ct0.text import plain
from ct0_shims.commands import COMMANDS, MANAGED
from ct0_shims.delivery import hooks
from ct0_shims.delivery.bypass import bypasses
from ct0_shims.delivery.check import difference
from ct0_shims.delivery.contents import is_package, sources
from ct0_shims.delivery.diversions import (
    DIVERTIBLE,
    check_diverted,
    check_undiverted,
    divert,
    states,
    undivert,
)
from ct0_shims.delivery.install import FILE, LINKS, RHEL_FILE, install, remove
from ct0_shims.delivery.manifest import changed, read_manifest
from ct0_shims.delivery.tree import inside, read_file


def main(arguments: Sequence[str], host: Host) -> int:
    options = parser().parse_intermixed_args(arguments)
    problem = misused(options)
    root = options.root or host.root
    if not problem and not os.path.isdir(root):
        problem = f"--root {root}: not a folder"
    if problem:
        print(f"ct0 shims: {problem}", file=sys.stderr)
        return 2
    return ACTIONS[options.action](os.path.realpath(root), options)


def misused(options: argparse.Namespace) -> str:
    """What is wrong with the command line, beyond what argparse knows; "" for nothing."""
    action, words = options.action, options.words
    if options.command and action not in ("install", "check"):
        return f"{action} knows no --command"
    if action == "sources":
        return "" if len(words) == 1 else "sources: where to? name one folder"
    if action == "divert":
        if options.again:
            return (
                "divert --again takes neither names nor --check" if words or options.check else ""
            )
        return "" if words else f"divert: what? name some of {' '.join(DIVERTIBLE)}"
    if options.again or (options.check and action != "undivert"):
        return f"{action} knows no --{'again' if options.again else 'check'}"
    return f"{action} takes no names: {words[0]}" if words and action != "undivert" else ""


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ct0 shims",
        description="Lay the shims out in /usr/lib/ct0 with the hooks that make init scripts find"
        " them, take them back exactly, or say how things stand and which callers on this host"
        " would bypass them. `check` exits 0 when `install` would change nothing. `divert` puts"
        " shims in the incumbents' own places, for callers by absolute path, and `undivert` gives"
        " those back (without a name: all). `status` exits 0 when the shims are installed whole,"
        " else 1. `build` prints the one file, `sources` writes what it holds below a folder, to"
        " be read. Exit status: 0 done or nothing to do, 1 refused or trouble, 2 usage.",
    )
    parser.add_argument("action", choices=MANAGED)
    parser.add_argument(
        "words",
        nargs="*",
        metavar="NAME|PATH",
        help=f"divert, undivert: a path, or a name, which is every place where a package has it;"
        f" {' '.join(DIVERTIBLE)}. sources: a folder",
    )
    parser.add_argument("--root", metavar="DIR", help="another system's root (default: /)")
    parser.add_argument(
        "--python",
        metavar="PATH",
        default="/usr/bin/python3",
        help="the interpreter that will run them, 3.9 or later (default: %(default)s)",
    )
    parser.add_argument(
        "--command",
        metavar="NAME",
        nargs="+",
        action="extend",
        choices=list(COMMANDS),
        help="install, check: only these commands' shims (default: all)",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="divert, undivert: change nothing, exit 0 if there is nothing to do, else 1",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="divert: put back the shims that a package's upgrade wrote over",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="name every file")
    parser.add_argument("--json", action="store_true", help="status as JSON")
    return parser


def do_install(root: str, options: argparse.Namespace) -> int:
    for line in install(root, options.python, options.command or tuple(COMMANDS)):
        if options.verbose:
            print(line)
    print(f"shims installed in {os.path.join(root, LINKS[1:])}; `ct0 shims status` tells more")
    return 0


def do_check(root: str, options: argparse.Namespace) -> int:
    return tell(difference(root, options.python, options.command or tuple(COMMANDS)))


def do_remove(root: str, options: argparse.Namespace) -> int:
    done, left = remove(root)
    for line in done if options.verbose else ():
        print(line)
    for line in left:
        print(line, file=sys.stderr)
    print(f"shims removed from {root}: {len(done)} files taken back")
    return 1 if left else 0


def do_divert(root: str, options: argparse.Namespace) -> int:
    if options.check:
        return tell(check_diverted(root, options.words))
    for line in divert(root, options.words, options.again):
        print(line)
    return 0


def do_undivert(root: str, options: argparse.Namespace) -> int:
    if options.check:
        return tell(check_undiverted(root, options.words))
    done, left = undivert(root, options.words)
    for line in done:
        print(line)
    for line in left:
        print(line, file=sys.stderr)
    return 1 if left else 0


def do_build(root: str, options: argparse.Namespace) -> int:
    from ct0_shims.delivery.bundle import build

    sys.stdout.write(build(options.python))
    return 0


def do_sources(root: str, options: argparse.Namespace) -> int:
    return write_sources(options.words[0])


def do_status(root: str, options: argparse.Namespace) -> int:
    return show_status(root, options.json)


ACTIONS = {
    "install": do_install,
    "check": do_check,
    "remove": do_remove,
    "divert": do_divert,
    "undivert": do_undivert,
    "status": do_status,
    "build": do_build,
    "sources": do_sources,
}


def tell(problem: str) -> int:
    if problem:
        print(problem)
    return 1 if problem else 0


def write_sources(folder: str) -> int:
    """What runs as root should be readable: the one file's sources as files."""
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
    diverted = states(root)
    found = list(bypasses(Host(root)))
    healthy = bool(manifest.files) and not damaged
    healthy = healthy and all(about["state"] == "active" for about in diverted.values())
    if as_json:
        record = {
            "installed": bool(manifest.files),
            "damaged": damaged,
            "hooks": active,
            "diversions": [{"path": path, **about} for path, about in diverted.items()],
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
    for path, about in diverted.items():
        print(f"divert:  {path}: {about['state']}; the real one: {about['kept'] or 'none'}")
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
