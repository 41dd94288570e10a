"""libvirt's LXC driver. Only its mark is known here; its CTs are listed while they run.

/machine.slice/machine-lxc\\x2d1234\\x2dweb1.scope
"""

from __future__ import annotations

from ct0.engines.mark import Mark
from ct0.engines.nspawn import unescape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ct0.container import CT
    from ct0.host import Host


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts, 1):
        if part.startswith("machine-lxc") and part.endswith(".scope"):
            words = unescape(part[8:-6]).split("-", 2)
            # libvirt_lxc, the controller, sits in the same scope, in CT0's PID namespace.
            return Mark(depth, words[-1] or part, weak=True)
    return None


def configured(host: Host, commands: list[list[str]]) -> Iterator[CT]:
    return iter(())
