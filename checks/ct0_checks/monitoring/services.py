"""Which plugin watches what: the services of CT0 and of each of its CTs."""

from __future__ import annotations

from typing import NamedTuple


class Service(NamedTuple):
    """One plugin as a service.

    A CT's state is no service: it is its host's own check.
    """

    plugin: str  # check_ct_resources
    description: str  # the service's name at the monitoring server
    command: str  # Icinga's CheckCommand; NRPE's command is this and, for a CT, its name
    arguments: str = ""  # what a command line has that knows no thresholds yet


STATE = Service("check_ct_state", "state", "ct_state")

OF_CT = (
    Service("check_ct_resources", "resources", "ct_resources"),
    Service("check_ct_pressure", "pressure", "ct_pressure"),
    Service("check_ct_disk", "disk", "ct_disk"),
    Service("check_ct_load", "load", "ct_load"),
    Service("check_ct_network", "network", "ct_network"),
)

OF_CT0 = (
    Service("check_ct0_health", "ct0 health", "ct0_health"),
    # As Icinga's `procs` has it, with CT0's own processes only and without the kernel's threads.
    Service("check_procs", "processes", "ct0_procs", "-k -w 250 -c 400"),
)

ALL = (STATE, *OF_CT, *OF_CT0)
