"""systemd-nspawn and what systemd-machined registers.

/machine.slice/machine-web1.scope/payload                 machinectl, nspawn by hand
/machine.slice/systemd-nspawn@web1.service/payload        the template unit
/system.slice/web.service/payload                         nspawn --keep-unit in a unit
.../supervisor                                            nspawn itself: CT0's own
/machine.slice/machine-qemu\\x2d1\\x2dvm.scope              a virtual machine, not a CT
"""

from __future__ import annotations

from ct0.engines.mark import Mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ct0.container import CT
    from ct0.host import Host


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts, 1):
        inner = parts[depth] if depth < len(parts) else ""
        if part.startswith("machine-") and part.endswith(".scope"):
            name = unescape(part[8:-6])
            if name.startswith(("qemu-", "lxc-")) or inner == "supervisor":
                return None
            return Mark(depth, name or part, weak=inner != "payload")
        if part.startswith("systemd-nspawn@") and part.endswith(".service"):
            if inner == "supervisor":
                return None
            return Mark(depth, unescape(part[15:-8]) or part, weak=inner != "payload")
        if inner == "payload" and part.endswith((".service", ".scope")):
            return Mark(depth, unescape(part.rpartition(".")[0]) or part, weak=True)
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


def configured(host: Host, commands: list[list[str]]) -> Iterator[CT]:
    """What machined knows to run (/run/systemd/machines), then the images in /var/lib/machines."""
    from ct0.container import CT, RUNNING
    from ct0.errors import Unavailable
    from ct0.text import entries, read_text, settings

    config = {
        name[:-7]: f"/etc/systemd/nspawn/{name}"
        for name in entries(host.path("/etc/systemd/nspawn"))
        if name.endswith(".nspawn")
    }
    enabled = {
        unescape(name[15:-8])
        for name in entries(host.path("/etc/systemd/system/machines.target.wants"))
        if name.startswith("systemd-nspawn@") and name.endswith(".service")
    }
    seen = set()
    for name in entries(host.path("/run/systemd/machines")):
        if name.startswith("unit:"):
            continue  # links from unit names to the same files
        try:
            keys = settings(read_text(host.path(f"/run/systemd/machines/{name}")))
        except Unavailable:
            continue
        if keys.get("CLASS") != "container" or keys.get("SERVICE") == "libvirt-lxc":
            continue
        seen.add(name)
        leader = keys.get("LEADER", "")
        yield CT(
            "nspawn",
            name,
            name,
            RUNNING,
            init_pid=int(leader) if leader.isdigit() else 0,
            config=config.get(name, ""),
            root=keys.get("ROOT", ""),
            autostart=name in enabled,
        )
    for image in entries(host.path("/var/lib/machines")):
        name = image[:-4] if image.endswith(".raw") else image
        if not name.startswith(".") and name not in seen:
            seen.add(name)
            yield CT(
                "nspawn",
                name,
                name,
                config=config.get(name, ""),
                root=f"/var/lib/machines/{image}",
                autostart=name in enabled,
            )
