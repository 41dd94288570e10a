"""All shims as one file, for hosts without pip: `make shims`, `ct0 shims install`.

The file holds the sources of core's lean part and of the shims as texts and imports them from
itself; only what a command needs is compiled. Compiling costs 5 to 20 ms at every start, so the
installer puts a cache of byte code beside the file. A cache of another build, of another Python, or
that others than its owner may write is not used.

With a cache the texts are not even looked at: parsing them would cost another 2 ms. A script's
first line may hand the interpreter one word, and "-ISc..." is one. So Python is told to run the
head of the file alone, and the head runs the cache; where there is none it reads on.
"""

from __future__ import annotations

import os

from ct0 import __version__
from ct0_shims.__main__ import MANAGED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

PACKAGES = ("ct0", "ct0_shims")
FUNCTIONS = "functions"  # shell files, carried along for the installer
INDEX = 8192  # bytes of a cache that are read at once: its header and its index

FIRST_LINE = "#!{python} -IScimport posix,sys;exec(posix.read(posix.open(sys.argv[1],0),{size}))\n"
LONGEST_FIRST_LINE = 127  # of kernels before 5.1, newline included; they cut off what is longer

# Raw texts below are Python of their own: they are written into the file as they stand here.
HEAD = '''\
"""ct0 {version}: killproc, pidof and their family, CT0's own processes only.

Built by `make shims`; edit the sources, not this file. Called by a link named after a command, it
is that command. `{name} install | remove | status` lays the links out and takes them back.

The first line has Python run this head alone. It runs the byte code in the cache beside this file;
without one that is of this build it reads the whole file, as `python3 -IS {name}` does.
"""
import marshal
import posix
import sys
from _frozen_importlib_external import MAGIC_NUMBER

BUILD = "{build}"
PACKAGES = {packages!r}
PLACES = {{}}  # of the modules in the cache: (length, offset)
if __name__ == "__main__":
    is_head = sys.argv[0] == "-c"
    if is_head:
        del sys.argv[0]
    path = sys.argv[0]
    try:
        goal = posix.readlink(path)
        path = goal if goal[0] == "/" else path[: path.rfind("/") + 1] + goal
    except OSError:
        pass  # called by its own name, not by a link
    try:
        CACHE = posix.open(path + "." + sys.implementation.cache_tag + ".cache", posix.O_RDONLY)
        facts, own = posix.fstat(CACHE), posix.stat(path)
        # Only what has our header is given to marshal: it believes any length it reads.
        header = BUILD.encode() + MAGIC_NUMBER + b"%012d" % facts.st_size
        start = posix.read(CACHE, {index})
        is_ours = facts.st_uid in (0, own.st_uid) and not facts.st_mode & 0o022
        # Those who lay this file out need its texts.
        if is_ours and start.startswith(header) and sys.argv[1:2] not in {managed!r}:
            PLACES = marshal.loads(start[len(header) :])
    except OSError:
        pass  # not there
    if PLACES:
        exec(marshal.loads(posix.pread(CACHE, *PLACES[""])))  # does not return
    if is_head:
        exec(compile(open(sys.argv[0], "rb").read(), sys.argv[0], "exec"))  # nor does this
'''

LOADER = '''
class Loader:
    """Imports the modules from the cache or, without one, from the texts above."""

    def find_spec(self, name, path=None, target=None):
        if name in (PLACES or SOURCES):
            return ModuleSpec(name, self, is_package=name in PACKAGES)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        if PLACES:
            code = marshal.loads(posix.pread(CACHE, *PLACES[name]))
        else:
            code = compile(SOURCES[name], "ct0-shims:" + name, "exec", dont_inherit=True)
        exec(code, module.__dict__)


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
    head = HEAD.format(
        version=__version__,
        name=name,
        build=digest.hexdigest()[:32],
        packages=sorted(name for name in modules if is_package(name)),
        managed=[[command] for command in MANAGED],
        index=INDEX,
    )
    parts = [first_line(python, head), head]
    for label, texts in (("SOURCES", modules), ("FILES", files)):
        parts.append(f"{label} = {{\n")
        parts += [f"{key!r}: {quoted(text)},\n" for key, text in sorted(texts.items())]
        parts.append("}\n")
    parts.append(LOADER)
    return "".join(parts)


def first_line(python: str, head: str) -> str:
    """Runs the head alone where the kernel lets a first line be as long as that takes."""
    size = len(FIRST_LINE.format(python=python, size=1000)) + len(head)
    line = FIRST_LINE.format(python=python, size=size)
    return line if len(line) <= LONGEST_FIRST_LINE else f"#!{python} -IS\n"


def quoted(text: str) -> str:
    """A text as a literal that stays readable: raw and triple-quoted where that is possible."""
    if "'''" in text or text.endswith(("'", "\\")):
        return repr(text)
    return f"r'''{text}'''"


def sources() -> dict[str, str]:
    """Module name -> source text, from this bundle or from the installed packages: all of the
    shims, and of core what they import."""
    main = __import__("__main__")
    if hasattr(main, "SOURCES"):
        return dict(main.SOURCES)
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
    """The cache for these sources and their build number, for the Python that runs this.

    A header, an index of how long each module's code is and where it begins (the loader's own is
    under ""), then the codes: whoever needs ten modules reads ten.
    """
    import importlib.util
    import marshal

    codes = {
        name: marshal.dumps(compiled(source, f"ct0-shims:{name}"))
        for name, source in {**modules, "": LOADER}.items()
    }
    places, end = {}, INDEX
    for name, code in codes.items():
        places[name] = len(code), end
        end += len(code)
    header = number.encode() + importlib.util.MAGIC_NUMBER + b"%012d" % end
    head = header + marshal.dumps(places)
    if len(head) > INDEX:
        raise ValueError(f"the cache's index of {len(head)} bytes is longer than {INDEX}")
    return head.ljust(INDEX, b"\0") + b"".join(codes.values())


def compiled(source: str, name: str) -> CodeType:
    """Byte code for which annotations are not evaluated, as every module here asks for, and that
    need not import __future__ (0.2 ms) to say so."""
    import __future__

    import ast

    tree = ast.parse(source)
    tree.body = [
        node
        for node in tree.body
        if not isinstance(node, ast.ImportFrom) or node.module != "__future__"
    ]
    code: CodeType = compile(
        tree, name, "exec", __future__.annotations.compiler_flag, dont_inherit=True
    )
    return code
