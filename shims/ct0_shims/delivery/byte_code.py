"""The cache of byte code beside the one file, for one build and one Python.

A header (build, Python's magic number, size), an index of how long each module's code is and where
it begins, then the codes: whoever needs ten modules reads ten. The loader's own code is under "".
Under "NAME needs" the index has all that a module imports at its top, in the order of importing.
"""

from __future__ import annotations

from ct0_shims.commands import COMMANDS
from ct0_shims.delivery.bundle import INDEX, LOADER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType


def byte_code(modules: dict[str, str], number: str) -> bytes:
    """The cache for these sources and their build number, for the Python that runs this."""
    import importlib.util
    import marshal

    codes = {
        name: marshal.dumps(compiled(source, f"ct0-shims:{name}"))
        for name, source in {**modules, "": LOADER}.items()
    }
    places: dict[str, tuple[int, int] | tuple[str, ...]] = {}
    end = INDEX
    for name, code in codes.items():
        places[name] = len(code), end
        end += len(code)
    commands = [f"ct0_shims.{command.replace('-', '_')}" for command in COMMANDS]
    for name in ("ct0_shims.__main__", *commands, "ct0.engines"):
        places[f"{name} needs"] = tuple(needs(modules, name))
    header = number.encode() + importlib.util.MAGIC_NUMBER + b"%012d" % end
    head = header + marshal.dumps(places)
    if len(head) > INDEX:
        raise ValueError(f"the cache's index of {len(head)} bytes is longer than {INDEX}")
    return head.ljust(INDEX, b"\0") + b"".join(codes.values())


def needs(modules: dict[str, str], name: str) -> list[str]:
    """What a module imports at its top, and what that imports in turn, the innermost first."""
    found: list[str] = []
    visit(modules, name, found, set())
    package = name.rpartition(".")[0]
    above = [package] if package in modules and package not in found else []
    return [one for one in above + found if one != name]


def visit(modules: dict[str, str], name: str, found: list[str], seen: set[str]) -> None:
    import ast

    seen.add(name)
    for node in ast.parse(modules[name]).body:
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        for wanted in [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]:
            package = wanted.rpartition(".")[0]
            for one in (package, wanted):
                if one in modules and one not in seen:
                    visit(modules, one, found, seen)
    found.append(name)


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
