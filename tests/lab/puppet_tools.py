"""Puppet and what modules are checked with: Debian 12's are Puppet 7's, Debian 13's Puppet 8's.

    python -m tests.lab.puppet_tools 8 -- puppet-lint --fail-on-warnings manifests

runs a command there, in a copy of the module at /module, without a network.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .command import attempt
from .overlay import root_of
from .recipes import Recipe, rootfs
from .run import Run, lab_run

MODULE = Path(__file__).parents[2] / "puppet"

PACKAGES = (
    "facterdb",
    "locales-all",
    "puppet-agent",
    "puppet-lint",
    "puppet-module-puppetlabs-stdlib",
    "puppet-strings",
    "ruby-puppet-syntax",
    "ruby-puppetlabs-spec-helper",
    "ruby-rspec-puppet",
    "ruby-rspec-puppet-facts",
)

TOOLS = {
    "7": Recipe("puppet7-tools", "bookworm", PACKAGES, ()),
    "8": Recipe("puppet8-tools", "trixie", PACKAGES, ()),
}

# A user of this machine is no user there; C.UTF-8 is what Ruby needs to read UTF-8.
ENVIRONMENT = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    # Facter asks PID 1's environment what it runs in, which not every machine shows.
    "FACTER_virtual": "physical",
}


class Tools:
    """A writable root with the tools, the module in it; `run` is in namespaces of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def run(
        self, argv: Sequence[str], *, cwd: str = "/module", timeout: float = 600, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command there and return it, whatever its exit status."""
        variables = [f"{name}={value}" for name, value in {**ENVIRONMENT, **environment}.items()]
        alone = ["unshare", "--mount", "--pid", "--fork", "--net", "--kill-child"]
        start = 'mount -t proc proc "$0/proc" && exec chroot "$0" env -C "$@"'
        line = [*alone, "sh", "-c", start, str(self.root), cwd, "-i", *variables, *argv]
        return attempt(line, timeout=timeout)


@contextmanager
def tools(run: Run, version: str) -> Iterator[Tools]:
    """The tools of Puppet 7 or 8, with a copy of the module that goes with them at the end."""
    with root_of(run, f"{run.prefix}-puppet{version}", rootfs(TOOLS[version])) as root:
        done = attempt(["cp", "-a", str(MODULE), str(root / "module")])
        if done.returncode:
            raise RuntimeError(f"{MODULE}: cannot be copied: {done.stderr.strip()}")
        yield Tools(root)


def main(arguments: list[str]) -> int:
    version, dashes, *argv = arguments
    if version not in TOOLS or dashes != "--" or not argv:
        print(__doc__, file=sys.stderr)
        return 2
    with lab_run() as run, tools(run, version) as there:
        done = there.run(argv)
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
