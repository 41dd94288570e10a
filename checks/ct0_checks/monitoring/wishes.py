"""What whoever generates a configuration may choose, the same for every format."""

from __future__ import annotations

from typing import NamedTuple

PLUGINS = "/usr/lib/ct0/plugins"

# How the monitoring server has a check run on CT0.
AGENT, NRPE, LOCAL = "agent", "nrpe", "local"


class Wishes(NamedTuple):
    via: str = NRPE
    plugins: str = PLUGINS  # their folder on CT0
    endpoint: str = ""  # Icinga's name of CT0's agent, and of its zone
    node_template: str = "ct0-node"
    ct_template: str = "ct0-ct"
    service_template: str = "ct0-service"


MADE = "Made by `ct0 monitoring generate --{format}` for {node}; changes here are lost."
