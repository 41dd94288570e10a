"""Which plugin watches what: the services of CT0 and of each of its CTs.

A service that could only be UNKNOWN is left out. What decides that does not change while the host
runs: a CT that is down, or cannot be read for a moment, must not lose its services.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import NamedTuple

from ct0.host import Host


class Service(NamedTuple):
    """One plugin as a service.

    A CT's state is no service: it is its host's own check.
    """

    plugin: str  # check_ct_resources
    description: str  # the service's name at the monitoring server
    command: str  # Icinga's CheckCommand; NRPE's command is this and, for a CT, its name
    arguments: str = ""  # what a command line has that knows no thresholds yet
    needs: str = ""  # a path below /proc, without which no CT has such figures
    engines: tuple[str, ...] = ()  # whose CTs alone have them; (): all


# A CT that is stopped on purpose is UP, and one that shares CT0's disk has none of its own: its
# services say so and are OK, for its host's check and CT0's health tell what is amiss there.
UNJUDGED = "ok"

STATE = Service("check_ct_state", "state", "ct_state")

OF_CT = (
    Service("check_ct_resources", "resources", "ct_resources"),
    Service("check_ct_pressure", "pressure", "ct_pressure", needs="pressure"),
    Service("check_ct_disk", "disk", "ct_disk"),
    Service("check_ct_load", "load", "ct_load", engines=("openvz",)),
    Service("check_ct_network", "network", "ct_network"),
)

OF_CT0 = (
    Service("check_ct0_health", "ct0 health", "ct0_health"),
    # As Icinga's `procs` has it, with CT0's own processes only and without the kernel's threads.
    Service("check_procs", "processes", "ct0_procs", "-k -w 250 -c 400"),
)

# By the name of their commands.
NAMED = {service.command: service for service in OF_CT}

ALL = (STATE, *OF_CT, *OF_CT0)


def offered(
    host: Host, wanted: Collection[str] = (), unwanted: Collection[str] = ()
) -> tuple[Service, ...]:
    """The services of this host's CTs. Wanted ones, by their commands' names, are among them
    whatever the host offers, for every engine's CTs."""
    found = []
    for service in OF_CT:
        if service.command in unwanted:
            continue
        if service.command in wanted:
            found.append(service._replace(engines=()))
        elif not service.needs or os.path.exists(f"{host.proc}/{service.needs}"):
            found.append(service)
    return tuple(found)
