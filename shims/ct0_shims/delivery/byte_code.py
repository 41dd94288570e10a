"""The cache of byte code beside the one file, for one build and one Python.

A header (build, Python's magic number, size), an index of how long each module's code is and where
it begins, then the codes: whoever needs ten modules reads ten. The loader's own code is under "".
"""

from __future__ import annotations

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
