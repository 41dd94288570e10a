"""All shims as one file, for hosts without pip: `make shims`, `ct0 shims install`.

The file holds the sources of core's lean part and of the shims as texts and imports them from
itself, so reading it costs 1 ms whatever it holds, and only what a command needs is compiled.
Compiling costs 5 to 20 ms more at every start; the installer therefore puts a cache of byte code
beside it. A cache of another build, of another Python, or of another owner is not used.
"""

from __future__ import annotations

import os

from ct0 import __version__

PACKAGES = ("ct0", "ct0_shims")
LEFT_OUT = ("ct0.cli",)  # the ct0 command is for people, and comes with the Python package
FUNCTIONS = "functions"  # shell files, carried along for the installer

HEAD = '''\
#!{python} -IS
"""ct0 {version}: killproc, pidof and their family, CT0's own processes only.

Built by `make shims`; edit the sources, not this file. Called by a link named after a command, it
is that command. `{name} install | remove | status` lays the links out and takes them back.
"""
import sys

BUILD = "{build}"
'''

# Raw text below is Python of its own: it is written into the file as it stands here.
LOADER = '''
class Loader:
    """Imports the modules above from this file, or their byte code from the cache beside it."""

    def __init__(self):
        self.cache = self.read_cache()

    def find_spec(self, name, path=None, target=None):
        source = SOURCES.get(name)
        if source is None:
            return None
        return ModuleSpec(name, self, is_package=name in PACKAGES)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        code = self.cache.get(name)
        if code is None:
            code = compile(SOURCES[name], "ct0-shims:" + name, "exec", dont_inherit=True)
        else:
            code = marshal.loads(code)
        exec(code, module.__dict__)

    def read_cache(self):
        import posix

        path = globals().get("__file__")
        if not path:
            return {}  # executed as a text, not run as a file
        try:
            target = posix.readlink(path)
            path = target if target[0] == "/" else path.rpartition("/")[0] + "/" + target
        except OSError:
            pass  # called by its own name, not by a link
        try:
            file = posix.open(path + cache_suffix(), posix.O_RDONLY | posix.O_CLOEXEC)
        except OSError:
            return {}
        try:
            facts, own = posix.fstat(file), posix.stat(path)
            if facts.st_uid not in (0, own.st_uid) or facts.st_mode & 0o022:
                return {}
            data = posix.read(file, facts.st_size)
            # Only what has our header is given to marshal: it believes any length it reads.
            header = BUILD.encode() + MAGIC_NUMBER + b"%012d" % facts.st_size
            if not data.startswith(header):
                return {}
            return marshal.loads(data[len(header) :])
        except (OSError, ValueError, EOFError, TypeError):
            return {}
        finally:
            posix.close(file)


def cache_suffix():
    return "." + sys.implementation.cache_tag + ".cache"


import marshal
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER

sys.meta_path.insert(0, Loader())
if __name__ == "__main__":
    from ct0_shims.__main__ import main

    sys.exit(main())
'''


def build(python: str = "/usr/bin/python3", name: str = "ct0-shims") -> str:
    """The text of the one file."""
    import hashlib

    modules, files = sources(), functions()
    digest = hashlib.sha256(repr((sorted(modules.items()), sorted(files.items()))).encode())
    parts = [
        HEAD.format(python=python, version=__version__, name=name, build=digest.hexdigest()[:32])
    ]
    packages = sorted(name for name in modules if is_package(name))
    parts.append(f"PACKAGES = {packages!r}\n")
    for label, texts in (("SOURCES", modules), ("FILES", files)):
        parts.append(f"{label} = {{\n")
        parts += [f"{key!r}: {quoted(text)},\n" for key, text in sorted(texts.items())]
        parts.append("}\n")
    parts.append(LOADER)
    return "".join(parts)


def quoted(text: str) -> str:
    """A text as a literal that stays readable: raw and triple-quoted where that is possible."""
    if "'''" in text or text.endswith(("'", "\\")):
        return repr(text)
    return f"r'''{text}'''"


def sources() -> dict[str, str]:
    """Module name -> source text, from this bundle or from the installed packages."""
    main = __import__("__main__")
    if hasattr(main, "SOURCES"):
        return dict(main.SOURCES)
    found = {}
    for package in PACKAGES:
        folder = os.path.dirname(__import__(package).__file__ or "")
        for path, _, names in os.walk(folder):
            inner = [package, *os.path.relpath(path, folder).split("/")]
            prefix = ".".join(part for part in inner if part != ".")
            if prefix in LEFT_OUT:
                continue
            for file in names:
                if file.endswith(".py"):
                    module = prefix if file == "__init__.py" else f"{prefix}.{file[:-3]}"
                    with open(os.path.join(path, file), encoding="utf-8") as text:
                        found[module] = text.read()
    return found


def functions() -> dict[str, str]:
    """Shell file name -> text."""
    main = __import__("__main__")
    if hasattr(main, "FILES"):
        return dict(main.FILES)
    folder = os.path.join(os.path.dirname(__file__), FUNCTIONS)
    found = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        if name.startswith((".", "_")):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as text:
            found[name] = text.read()
    return found


def is_package(module: str) -> bool:
    main = __import__("__main__")
    if hasattr(main, "PACKAGES"):
        return module in main.PACKAGES
    base = os.path.dirname(os.path.dirname(__import__(module.partition(".")[0]).__file__ or ""))
    return os.path.isdir(os.path.join(base, *module.split(".")))


def byte_code(modules: dict[str, str], number: str) -> bytes:
    """The cache for these sources and their build number, for the Python that runs this."""
    import importlib.util
    import marshal

    codes = {
        name: marshal.dumps(compile(source, f"ct0-shims:{name}", "exec", dont_inherit=True))
        for name, source in modules.items()
    }
    data = marshal.dumps(codes)
    header = number.encode() + importlib.util.MAGIC_NUMBER
    return header + b"%012d" % (len(header) + 12 + len(data)) + data
