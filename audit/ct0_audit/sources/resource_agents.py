"""Resource agents of cluster managers: /usr/lib/ocf/resource.d/PROVIDER/NAME, /etc/ha.d.

A manager runs an agent with start, stop and monitor: what it kills or miscounts moves services from
node to node. Most come with the package resource-agents.
"""

from __future__ import annotations

from ct0.host import Host
from ct0_audit.sources.scripts import Found, folders

KIND = "resource agent"

FOLDERS = ("/usr/lib/ocf/resource.d", "/usr/lib/ocf/lib", "/etc/ha.d/resource.d", "/etc/ha.d/rc.d")


def read(host: Host) -> Found:
    yield from folders(host, FOLDERS, KIND, depth=2)
