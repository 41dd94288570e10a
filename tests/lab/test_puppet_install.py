"""What Puppet brings without packages: releases by pip and as a zipapp, one beside the other."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from .overlay import root_of
from .puppet_tools import MODULE, Tools
from .recipes import PUPPET_NODE_BOOKWORM, PUPPET_NODE_TRIXIE, rootfs
from .releases import wheelhouse, zipapp
from .run import Run
from .tree import Tree, difference, tree

OLD, NEW = "0.0.1", "0.0.2"
NODES = {"7": PUPPET_NODE_BOOKWORM, "8": PUPPET_NODE_TRIXIE}
# What Puppet keeps of its own, what the tests put there, and dpkg's files, which are asked for.
APART = (
    *("/dev", "/proc", "/root", "/run", "/srv", "/sys", "/tmp", "/etc/puppet"),
    *("/var/cache/puppet", "/var/lib/dpkg", "/var/lib/puppet"),
)
SITE = """\
class { 'ct0':
  features      => ['shims', 'checks'],
  role          => 'ct0',
  wheelhouse    => '/srv/wheels',
  zipapp_source => '/srv/ct0.pyz',
%s}
"""
# No systemd runs in a root that is only changed into, to have a timer of.
DATA = "ct0::checks::state_timer: false\nct0::shims::divert: [pidof]\n"
HIERA = """\
version: 5
hierarchy: [{name: all, path: data.yaml, datadir: /srv, data_hash: yaml_data}]
"""


class Applied(NamedTuple):
    """A run: 0 nothing to do, 2 changed, 4 and 6 failures; what it changed, and all it said."""

    status: int
    changed: list[str]
    text: str


class Bare:
    """A root that Puppet installs ct0 in."""

    def __init__(self, tools: Tools, puppet: str) -> None:
        self.tools = tools
        self.puppet = puppet

    def apply(self, **parameters: str) -> Applied:
        words = "".join(f"  {name} => '{value}',\n" for name, value in parameters.items())
        (self.tools.root / "srv/site.pp").write_text(SITE % words, encoding="ascii")
        line = ["puppet", "apply", "--color=false", "--detailed-exitcodes"]
        line += ["--modulepath", "/srv/modules:/usr/share/puppet/modules"]
        line += ["--hiera_config", "/srv/hiera.yaml", "/srv/site.pp"]
        done = self.tools.run(line, cwd="/", timeout=300)
        text = f"{done.stdout}{done.stderr}"
        changed = re.findall(r"^Notice: /Stage\[main\]/(?:.*/)?(\w+\[.*\])/\w+: ", text, re.M)
        return Applied(done.returncode, changed, text)

    def ask(self, command: str) -> str:
        done = self.tools.run(["sh", "-c", command], cwd="/", timeout=60)
        return f"{done.stdout}{done.stderr}".strip()

    def tree(self) -> Tree:
        there = tree(self.tools.root, APART)
        return {**there, "diversions": self.ask("dpkg-divert --list")}


@pytest.fixture(scope="module")
def releases(run: Run) -> Path:
    folder = run.folder / "releases"
    folder.mkdir()
    wheelhouse(folder / "wheels", (OLD,))
    zipapp(folder / "ct0.pyz", NEW)
    return folder


@pytest.fixture(params=["7", "8"])
def bare(request: pytest.FixtureRequest, run: Run, releases: Path) -> Iterator[Bare]:
    version: str = request.param
    with root_of(run, f"{run.prefix}-install{version}", rootfs(NODES[version])) as root:
        shutil.copytree(releases, root / "srv", dirs_exist_ok=True)
        spec = shutil.ignore_patterns("spec")
        shutil.copytree(MODULE, root / "srv/modules/ct0", ignore=spec)
        (root / "srv/hiera.yaml").write_text(HIERA, encoding="ascii")
        (root / "srv/data.yaml").write_text(DATA, encoding="ascii")
        yield Bare(Tools(root), version)


def test_releases_come_beside_each_other_and_all_of_them_go(bare: Bare) -> None:
    before = bare.tree()

    first = bare.apply(install_method="pip", version=OLD)
    assert first.status == 2, first.text
    assert bare.ask("/usr/local/bin/ct0 --version") == f"ct0 {OLD}"
    assert bare.ask("/usr/lib/ct0/plugins/check_ct0_health --version").endswith(OLD)
    assert bare.ask("/usr/lib/ct0/ct0-read").startswith('{"version": 1, "survey": ')
    # Byte code is there: root alone may write it, and the plugins' user runs them.
    assert bare.ask("find /opt/ct0/current/ -path '*/ct0_checks/*.pyc' | head -n 1")
    assert bare.ask("find /opt/ct0 ! -type l -perm /022") == ""
    assert bare.ask("readlink -f $(command -v pidof)") == "/usr/lib/ct0/ct0-shims"

    again = bare.apply(install_method="pip", version=OLD)
    assert (again.status, again.changed) == (0, []), again.text

    other = bare.apply(install_method="zipapp", version=NEW)
    assert other.status == 2, other.text
    assert bare.ask("/usr/local/bin/ct0 --version") == f"ct0 {NEW}"
    assert bare.ask("/usr/lib/ct0/plugins/check_ct0_health --version").endswith(NEW)
    assert bare.ask("/usr/lib/ct0/ct0-read").startswith('{"version": 1, "survey": ')
    if bare.puppet == "8":
        roll_back(bare)

    gone = bare.apply(install_method="zipapp", version=NEW, ensure="absent")
    assert gone.status == 2, gone.text
    assert difference(before, bare.tree()) == []

    again = bare.apply(install_method="zipapp", version=NEW, ensure="absent")
    assert (again.status, again.changed) == (0, []), again.text


def roll_back(bare: Bare) -> None:
    """What does not come leaves what is there; what was there before is switched to, no more."""
    # The wheelhouse does not hold it, and no index is asked: the error would name one.
    missing = bare.apply(install_method="pip", version="0.0.9")
    assert missing.status in (4, 6)
    assert re.search(r"No matching distribution found for ct0\S*==0\.0\.9", missing.text)
    assert bare.ask("/usr/local/bin/ct0 --version") == f"ct0 {NEW}"

    back = bare.apply(install_method="pip", version=OLD)
    assert back.status == 2, back.text
    assert bare.ask("/usr/local/bin/ct0 --version") == f"ct0 {OLD}"
    assert not {change for change in back.changed if "environment" in change or "pip" in change}
    assert bare.ask("ls /opt/ct0").split() == [OLD, NEW, "current"]

    again = bare.apply(install_method="zipapp", version=NEW)
    assert again.status == 2, again.text
    again = bare.apply(install_method="zipapp", version=NEW)
    assert (again.status, again.changed) == (0, []), again.text
