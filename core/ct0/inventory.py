"""The list of containers again and again, for a program that stays: an exporter, a monitor."""

from __future__ import annotations

from ct0.container import CT
from ct0.containers import containers
from ct0.host import Host


class Inventory:
    """Remembers from one look to the next what need not be read again."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def containers(self) -> list[CT]:
        """All CTs, as `ct0.containers.containers` gives them."""
        return containers(self.host)
