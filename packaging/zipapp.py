"""One file for hosts without pip: core, shims and checks with nagiosplugin.

    python packaging/zipapp.py [--python PATH] OUT       build/ct0.pyz

It acts as the command it is called by, through a link named ct0, ct0-read or check_*; as ct0.pyz it
is ct0, and `ct0.pyz check_procs ...` is that plugin. It needs Python 3.9 or later and nothing else.
nagiosplugin is the one installed beside; the same sources and the same Python give the same bytes.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from entry_points import ROOT, entry_points

try:
    from ct0 import __version__
    from ct0_shims.delivery.contents import functions, is_package, sources
except ModuleNotFoundError as error:
    sys.exit(f"packaging/zipapp.py: {error.name}: not installed here: `make zipapp` sees to it")

PARTS = {"ct0": "core", "ct0_shims": "shims", "ct0_checks": "checks"}
CARRIED = "nagiosplugin"
NOT_CARRIED = ("/examples/", "/tests/")

MAIN = '''\
"""ct0 {version} in one file: see https://docs.python.org/3/library/zipapp.html"""

import os
import sys

COMMANDS = {commands!r}
MODULES = {modules!r}
PACKAGES = {packages!r}
FILES = {files!r}


def unpacked():
    """What `ct0 shims install` lays out: {{"sources": module -> text, "files": name -> text}}."""
    import zipfile

    with zipfile.ZipFile(os.path.dirname(__file__)) as archive:
        return {{
            "sources": {{name: archive.read(path).decode() for name, path in MODULES.items()}},
            "files": {{name: archive.read(path).decode() for name, path in FILES.items()}},
        }}


def main():
    if sys.version_info < (3, 9):
        sys.exit("ct0 needs Python 3.9 or later: this is %d.%d" % sys.version_info[:2])
    command = os.path.basename(sys.argv[0])
    if command not in COMMANDS:
        command = "ct0"
        if len(sys.argv) > 1 and sys.argv[1] in COMMANDS:
            command = sys.argv[1]
            del sys.argv[0]
    if command == "ct0-read" and not sys.flags.isolated:
        # The environment may already have been looked at: begin anew without.
        file = os.path.dirname(os.path.abspath(__file__))
        os.execve(sys.executable, [sys.executable, "-I", file, command, *sys.argv[1:]], {{}})
    from importlib import import_module

    module, _, function = COMMANDS[command].partition(":")
    return getattr(import_module(module), function)()


if __name__ == "__main__":
    sys.exit(main())
'''


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="zipapp.py", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument(
        "--python",
        default="/usr/bin/python3",
        metavar="PATH",
        help="the interpreter that its first line names (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(zipapp(options.python))
    options.out.chmod(0o755)
    return 0


def zipapp(python: str) -> bytes:
    # -I: it is run as root, from folders of others, and by sudo.
    data = io.BytesIO()
    data.write(f"#!{python} -I\n".encode())
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(contents().items()):
            add(archive, name, content)
            if name.endswith(".py"):
                add(archive, f"{name}c", byte_code(name, content))
    return data.getvalue()


def contents() -> dict[str, bytes]:
    """Path in the archive -> content."""
    found = {
        str(path.relative_to(ROOT / folder)): path.read_bytes()
        for package, folder in PARTS.items()
        for path in (ROOT / folder / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    found.update(carried())
    found["__main__.py"] = main_module().encode()
    return found


def carried() -> Iterator[tuple[str, bytes]]:
    """nagiosplugin's modules and its licence."""
    distribution = importlib.metadata.distribution(CARRIED)
    for file in distribution.files or ():
        name = str(file)
        is_module = name.startswith(f"{CARRIED}/") and name.endswith(".py")
        is_licence = ".dist-info/" in name and "LICENSE" in file.name
        if (is_module or is_licence) and not any(part in name for part in NOT_CARRIED):
            yield name, Path(str(file.locate())).read_bytes()


def main_module() -> str:
    modules = sorted(sources())
    return MAIN.format(
        version=__version__,
        commands={
            name: goal
            for name, goal in entry_points()["console_scripts"].items()
            if goal.partition(":")[0].partition(".")[0] in PARTS
        },
        modules={name: module_path(name) for name in modules},
        packages=tuple(name for name in modules if is_package(name)),
        files={name: f"ct0_shims/functions/{name}" for name in sorted(functions())},
    )


def module_path(name: str) -> str:
    return name.replace(".", "/") + ("/__init__.py" if is_package(name) else ".py")


def byte_code(name: str, source: bytes) -> bytes:
    """For this Python; another one compiles the source at every start.

    Marked as not to be checked (PEP 552): an archive is not changed in parts.
    """
    import marshal

    code = compile(source, name, "exec", dont_inherit=True)
    head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little")
    return head + importlib.util.source_hash(source) + marshal.dumps(code)


def add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    archive.writestr(member, content)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
