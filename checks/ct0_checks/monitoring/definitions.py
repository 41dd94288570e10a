"""The files that are shipped ready made, from the services' table and the plugins' own options.

python -m ct0_checks.monitoring.definitions DIR      writes them below DIR, the repository's checks/
"""

from __future__ import annotations

import os
import sys

from ct0_checks.monitoring import checkmk, director, icinga2, nagios, nrpe
from ct0_checks.monitoring.options import commands
from ct0_checks.monitoring.wishes import Wishes

FILES = {
    "nagios": "nagios/ct0.cfg",
    "icinga2": "icinga2/ct0.conf",
    "nrpe": "nrpe/ct0.cfg",
    "checkmk": "checkmk/ct0",
    "director": "director/ct0-basket.json",
}
SERVICES = "director/ct0-services.conf"


def definitions(form: str, wishes: Wishes) -> str:
    if form == "icinga2":
        return icinga2.definitions(wishes, commands())
    if form == "director":
        return director.definitions(wishes, commands())
    if form == "checkmk":
        return checkmk.definitions(wishes)
    return nagios.definitions(wishes) if form == "nagios" else nrpe.definitions(wishes)


def main(folder: str) -> None:
    for form, path in FILES.items():
        with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
            file.write(definitions(form, Wishes()))
    with open(os.path.join(folder, SERVICES), "w", encoding="utf-8") as file:
        file.write(director.services(Wishes()))


if __name__ == "__main__":
    main(sys.argv[1])
