"""puppet/REFERENCE.md, made from what the module's files say of themselves by puppet-strings.

    python -m tests.lab.puppet_reference

writes it anew; as root, for Puppet 8's tools are a root file system of the lab's.
"""

from __future__ import annotations

import sys

from .command import LabError
from .puppet_tools import MODULE, Tools, tools
from .run import lab_run

REFERENCE = MODULE / "REFERENCE.md"


def generated(there: Tools) -> str:
    """What REFERENCE.md should be; the module's copy there is what counts."""
    done = there.run(["puppet", "strings", "generate", "--format=markdown", "--out=/reference.md"])
    said = (done.stdout + done.stderr).strip()
    if done.returncode != 0 or "[warn]" in said or "[error]" in said:
        raise LabError(f"puppet strings: exit {done.returncode}: {said}")
    return (there.root / "reference.md").read_text(encoding="utf-8")


def main() -> int:
    with lab_run() as run, tools(run, "8") as there:
        REFERENCE.write_text(generated(there), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
