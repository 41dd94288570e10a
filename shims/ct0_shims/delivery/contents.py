"""What the one file holds: all of the shims, what they import of core, and the shell files.

Asked from an installed package it reads the package's files; asked from the one file, that file.
"""

from __future__ import annotations

import os

PACKAGES = ("ct0", "ct0_shims")
FUNCTIONS = "functions"  # shell files, carried along for the installer


def sources() -> dict[str, str]:
    """Module name -> source text: all of the shims, and of core what they import."""
    held = one_file()
    if held is not None:
        return held["sources"]
    known = installed_sources()
    found: dict[str, str] = {}
    todo = [name for name in known if name.partition(".")[0] == "ct0_shims"]
    while todo:
        name = todo.pop()
        if name in known and name not in found:
            found[name] = known[name]
            todo += imported(known[name]) + [name.rpartition(".")[0]]
    return found


def installed_sources() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        folder = os.path.dirname(__import__(package).__file__ or "")
        for path, _, names in os.walk(folder):
            inner = [package, *os.path.relpath(path, folder).split("/")]
            prefix = ".".join(part for part in inner if part != ".")
            for file in names:
                if file.endswith(".py"):
                    module = prefix if file == "__init__.py" else f"{prefix}.{file[:-3]}"
                    with open(os.path.join(path, file), encoding="utf-8") as text:
                        found[module] = text.read()
    return found


def imported(source: str) -> list[str]:
    """The modules a source imports at any place; what it takes from a package may be one too."""
    import ast

    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def functions() -> dict[str, str]:
    """Shell file name -> text."""
    held = one_file()
    if held is not None:
        return held["files"]
    folder = os.path.join(os.path.dirname(__import__("ct0_shims").__file__ or ""), FUNCTIONS)
    found = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith((".", "_")):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as text:
            found[name] = text.read()
    return found


def is_package(module: str) -> bool:
    packages = getattr(__import__("__main__"), "PACKAGES", None)
    if packages is not None:
        return module in packages
    base = os.path.dirname(os.path.dirname(__import__(module.partition(".")[0]).__file__ or ""))
    return os.path.isdir(os.path.join(base, *module.split(".")))


def one_file() -> dict[str, dict[str, str]] | None:
    """What the one file unpacks, when it is what runs."""
    unpacked = getattr(__import__("__main__"), "unpacked", None)
    return unpacked() if unpacked is not None else None
