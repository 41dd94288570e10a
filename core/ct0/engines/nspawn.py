"""systemd-nspawn and what systemd-machined registers.

/machine.slice/machine-web1.scope/payload                 machinectl, nspawn by hand
/machine.slice/systemd-nspawn@web1.service/payload        the template unit
/system.slice/web.service/payload                         nspawn --keep-unit in a unit
.../supervisor                                            nspawn itself: CT0's own
/machine.slice/machine-qemu\\x2d1\\x2dvm.scope              a virtual machine, not a CT
"""

from __future__ import annotations

from ct0.engines.mark import Mark


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts, 1):
        inner = parts[depth] if depth < len(parts) else ""
        if part.startswith("machine-") and part.endswith(".scope"):
            name = unescape(part[8:-6])
            if name.startswith(("qemu-", "lxc-")) or inner == "supervisor":
                return None
            return Mark(depth, name, weak=inner != "payload")
        if part.startswith("systemd-nspawn@") and part.endswith(".service"):
            if inner == "supervisor":
                return None
            return Mark(depth, unescape(part[15:-8]), weak=inner != "payload")
        if inner == "payload" and part.endswith((".service", ".scope")):
            return Mark(depth, unescape(part.rpartition(".")[0]), weak=True)
    return None


def unescape(name: str) -> str:
    """Undo systemd's unit name escaping: web\\x2d1 -> web-1."""
    pieces = name.split("\\x")
    plain = pieces[0]
    for piece in pieces[1:]:
        try:
            plain += chr(int(piece[:2], 16)) + piece[2:]
        except ValueError:
            plain += "\\x" + piece
    return plain
