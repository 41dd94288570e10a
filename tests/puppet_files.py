"""The files of the Puppet module that are copies: a module is installed without the rest of ct0.

    cd tests && python -m puppet_files

writes them anew; tests/puppet/test_same_files.py holds them equal.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULE = ROOT / "puppet"
RENEW = "cd tests && python -m puppet_files"

# All of a folder's files belong to the module.
WHOLE = {"exporters/systemd": "files/exporter", "checks/systemd": "files/checks"}

# Path below puppet/ -> path of the original.
COPIES = {
    "files/nagios/ct0.cfg": "checks/nagios/ct0.cfg",
    "files/icinga2/ct0.conf": "checks/icinga2/ct0.conf",
    # The specs compare what templates and defaults make.
    "spec/shipped/nrpe.cfg": "checks/nrpe/ct0.cfg",
    "spec/shipped/sudoers": "checks/sudoers/ct0",
    **{
        f"{target}/{path.name}": f"{folder}/{path.name}"
        for folder, target in WHOLE.items()
        for path in sorted((ROOT / folder).iterdir())
    },
}


def main() -> int:
    for copy, original in COPIES.items():
        target = MODULE / copy
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / original).read_bytes())
    return 0


if __name__ == "__main__":
    sys.exit(main())
