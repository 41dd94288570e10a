"""All shims as one file, for hosts without pip: `make shims`, `ct0 shims install`.

The file holds the sources of the shims, and of what they import of core, packed, as a comment: a
start reads the whole file, and 280 kB of plain text would cost it 2 ms, a packed constant 0.5 ms.
`ct0-shims sources DIR` writes them out to be read. Compiling what a command needs costs 10 ms more
at every start, so the installer puts a cache of byte code beside the file, made by the host's own
Python. A cache of another build, of another Python, or that others than its owner may write is not
used.
"""

from __future__ import annotations

from ct0 import __version__
from ct0_shims.commands import MANAGED
from ct0_shims.delivery.contents import functions, is_package, sources

MARK = "The sources, packed:"
INDEX = 8192  # bytes of a cache that are read at once: its header and its index

# Raw texts below are Python of their own: they are written into the file as they stand here.
HEAD = '''\
#!{python} -IS
"""ct0 {version}: killproc, pidof and their family, CT0's own processes only.

Built by `make shims`; edit the sources, not this file. Called by a link named after a command, it
is that command. `{name} install | remove | status` lays the links out and takes them back;
`{name} sources DIR` writes out the sources it holds.
"""
import marshal
import posix
import sys
from _frozen_importlib_external import MAGIC_NUMBER

BUILD = "{build}"
PACKAGES = {packages!r}
MANAGED = {managed!r}


def cached(path):
    """Where each module is in the cache beside this file, (length, offset), and its descriptor."""
    try:
        for _ in range(8):  # /usr/bin/pidof may be a link to our link
            goal = posix.readlink(path)
            path = goal if goal[0] == "/" else path[: path.rfind("/") + 1] + goal
    except OSError:
        pass  # no link any more
    try:
        file = posix.open(path + "." + sys.implementation.cache_tag + ".cache", posix.O_RDONLY)
        if file < 3:  # the caller closed a standard stream: it is not to be one
            posix.close(file)
            while posix.open("/dev/null", posix.O_RDWR) < 3:
                pass
            return cached(path)
        facts, own = posix.fstat(file), posix.stat(path)
    except OSError:
        return {{}}, -1
    # Only what has our header is given to marshal: it believes any length it reads.
    header = BUILD.encode() + MAGIC_NUMBER + b"%012d" % facts.st_size
    start = posix.read(file, {index})
    is_ours = facts.st_uid in (0, own.st_uid) and not facts.st_mode & 0o022
    if is_ours and start.startswith(header):
        return marshal.loads(start[len(header) :]), file
    return {{}}, -1


def unpacked(text=None):
    """What this file holds: {{"sources": module -> text, "files": name -> text, "loader": ...}}."""
    from binascii import a2b_base64
    from zlib import decompress

    if text is None:
        with open(__file__, encoding="ascii") as file:
            text = file.read()
    return marshal.loads(decompress(a2b_base64(text.rpartition("{mark}")[2])))


if __name__ == "__main__":
    PLACES, CACHE = {{}}, -1
    if (sys.argv + [""])[1] not in MANAGED:
        PLACES, CACHE = cached(sys.argv[0])  # who lays this file out needs its texts
    if PLACES:
        exec(marshal.loads(posix.pread(CACHE, *PLACES[""])))
    else:
        SOURCES = unpacked()["sources"]
        exec(unpacked()["loader"])

# {mark}
'''

LOADER = '''
class Loader:
    """Imports the modules from the cache or, without one, from their sources."""

    def find_spec(self, name, path=None, target=None):
        if name in (PLACES or SOURCES):
            return ModuleSpec(name, self, is_package=name in PACKAGES)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        plant_for(module.__name__)
        exec(code_of(module.__name__), module.__dict__)


def code_of(name):
    if PLACES:
        return marshal.loads(posix.pread(CACHE, *PLACES[name]))
    return compile(SOURCES[name], "ct0-shims:" + name, "exec", dont_inherit=True)


def plant_for(name):
    """Import what a module is going to import, each after what it imports itself: there is nothing
    left to be found then, for which Python takes longer than for all of a module's own code."""
    for needed in PLACES.get(name + " needs", ()):
        if needed not in sys.modules:
            module = sys.modules[needed] = type(sys)(needed)
            if needed in PACKAGES:
                module.__path__ = []
            folder, _, last = needed.rpartition(".")
            if folder:
                setattr(sys.modules[folder], last, module)
            exec(code_of(needed), module.__dict__)


import gc
from _frozen_importlib import ModuleSpec

sys.meta_path.insert(0, Loader())
if __name__ == "__main__":
    gc.disable()  # nothing here lives long enough to be worth the search
    from ct0_shims.__main__ import main

    status = main()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    posix._exit(status)  # taking the interpreter down in good order costs 1 ms
'''


def build(python: str = "/usr/bin/python3", name: str = "ct0-shims") -> str:
    """The text of the one file."""
    import hashlib

    modules, files = sources(), functions()
    digest = hashlib.sha256(repr((sorted(modules.items()), sorted(files.items()))).encode())
    facts = {
        "python": python,
        "version": __version__,
        "name": name,
        "build": digest.hexdigest()[:32],
        "packages": sorted(module for module in modules if is_package(module)),
        "index": INDEX,
        "mark": MARK,
        "managed": MANAGED,
    }
    held: dict[str, object] = {
        "sources": dict(sorted(modules.items())),
        "files": dict(sorted(files.items())),
        "loader": LOADER,
    }
    return HEAD.format(**facts) + packed(held)


def packed(held: dict[str, object]) -> str:
    """Comments of base64: what every Python's marshal has read since 2.5 (format 2), compressed."""
    import base64
    import marshal
    import zlib

    lines = base64.encodebytes(zlib.compress(marshal.dumps(held, 2), 9)).decode("ascii").split()
    return "".join([f"# {line}\n" for line in lines])
