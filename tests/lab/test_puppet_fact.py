"""The fact ct0_host beside ct0 itself: the same containers of every recorded host, and real ones.

Each recorded host is planted in the root of Puppet's tools, and Ruby reads it there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

import hostile_names
from ct0.containers import containers
from ct0.host import Host
from ct0.text import plain
from planted import HOSTS, plant

from .command import attempt
from .ct import CT
from .dead_files import dead_files
from .fleet import Fleet
from .puppet_tools import ENVIRONMENT, MODULE, TOOLS, Tools, tools
from .run import Run

RECORDED = sorted(path.name for path in HOSTS.iterdir() if (path / "proc/1").is_dir())
PLANTED = [*RECORDED, "hostile-names"]

DESCRIBE = """
require 'puppet_x/ct0/host'
puts JSON.generate(ARGV.to_h { |root| [root, PuppetX::Ct0::Host.fact(root)] })
"""

Facts = dict[str, dict[str, Any]]


@pytest.fixture(scope="module", params=TOOLS)
def there(run: Run, request: pytest.FixtureRequest) -> Iterator[Tools]:
    """Puppet's tools with all recorded hosts in them."""
    with tools(run, request.param) as there:
        for name in RECORDED:
            plant(name, there.root / name)
        hostile_names.plant(there.root / "hostile-names")
        yield there


@pytest.fixture(scope="module")
def facts(there: Tools) -> Facts:
    """Recorded host -> its fact."""
    done = there.run(["ruby", "-Ilib", "-e", DESCRIBE, *[f"/{name}" for name in PLANTED]])
    assert done.returncode == 0, done.stderr
    found: Facts = json.loads(done.stdout)
    return {root.lstrip("/"): fact for root, fact in found.items()}


@pytest.mark.parametrize("name", PLANTED)
def test_the_fact_has_the_containers_that_ct0_list_has(
    there: Tools, facts: Facts, name: str
) -> None:
    expected = [
        {
            "engine": ct.engine,
            "id": plain(ct.ctid),
            "name": plain(ct.name),
            "running": ct.state in ("running", "frozen"),
        }
        for ct in containers(Host(str(there.root / name)))
    ]
    assert facts[name]["containers"] == expected
    assert facts[name]["containers_count"] == len(expected) > 0
    assert facts[name]["role"] == "ct0", facts[name]["reason"]
    assert set(facts[name]["engines"]) == {each["engine"] for each in expected}


def test_a_dead_file_system_does_not_hang_puppet(there: Tools, run: Run) -> None:
    """/etc/pve is FUSE on Proxmox: what runs is known from /proc all the same."""
    name = "debian12-proxmox"
    script = (
        "require 'puppet_x/ct0/host'; puts PuppetX::Ct0::Host.fact(ARGV[0], seconds: 1).to_json"
    )
    # Not in a PID namespace of its own: that would wait for the process that hangs.
    enter = 'mount --bind "$1" "$0/$2/etc/pve/lxc" && shift 2 && exec chroot "$0" "$@"'
    with dead_files(run, f"dead{there.root.parent.name}") as dead:
        words = [str(there.root), str(dead), name, "env", "-C", "/module", "-i"]
        words += [f"{key}={value}" for key, value in ENVIRONMENT.items()]
        ruby = ["ruby", "-Ilib", "-e", script, f"/{name}"]
        began = time.monotonic()
        done = attempt(["unshare", "--mount", "sh", "-c", enter, *words, *ruby], timeout=30)
        assert time.monotonic() - began < 15
    assert done.returncode == 0, done.stderr
    fact = json.loads(done.stdout)
    assert fact["role"] == "ct0"
    assert fact["reason"].endswith("reading the files of proxmox did not end within 1 s")
    assert [each["id"] for each in fact["containers"] if each["running"]] == ["101"]


@pytest.fixture(scope="module")
def places(fleet: Fleet) -> dict[str, CT]:
    """The fleet's machines that have Puppet, with the module's lib in each."""
    found: dict[str, CT] = {
        "node-a": fleet.a,
        "node-b": fleet.b,
        "101": fleet.a.ct("101"),
        "102": fleet.a.ct("102"),
    }
    for place in found.values():
        place.copy_in(MODULE / "lib", "/root/ct0-lib")
    return found


def facter(place: CT, *words: str) -> Any:
    done = place.run(["facter", "--json", "--custom-dir", "/root/ct0-lib/facter", *words])
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("name", "names"),
    [("node-a", {"101": "web", "102": "mail"}), ("node-b", {"201": "shop", "202": "base"})],
)
def test_a_node_is_ct0(places: dict[str, CT], name: str, names: dict[str, str]) -> None:
    fact = facter(places[name], "ct0_host")["ct0_host"]
    assert fact["role"] == "ct0"
    assert fact["reason"] == "there are containers: 2 of lxc"
    assert fact["engines"] == ["lxc"]
    assert fact["containers"] == [
        {"engine": "lxc", "id": ctid, "name": called, "running": True}
        for ctid, called in names.items()
    ]
    assert fact["init"] == "systemd"
    assert fact["pidof"] == "sysvinit"
    assert fact["hooks"] == {
        "/lib/lsb/init-functions.d/99-ct0": True,
        "/etc/sysconfig/init": False,
    }
    assert fact["shims"]


@pytest.mark.parametrize(("name", "init"), [("101", "sysvinit"), ("102", "systemd")])
def test_a_container_is_one(places: dict[str, CT], name: str, init: str) -> None:
    fact = facter(places[name], "ct0_host")["ct0_host"]
    assert (fact["role"], fact["virtual"], fact["init"]) == ("ct", "lxc", init), fact["reason"]
    assert fact["containers"] == fact["engines"] == fact["diversions"] == []
    assert fact["shims"] is None


def test_it_takes_less_than_a_tenth_of_a_second(places: dict[str, CT]) -> None:
    """Not counting Ruby and Facter, which Puppet has running."""
    script = (
        "require '/root/ct0-lib/puppet_x/ct0/host'; now = -> { Process.clock_gettime(1) };"
        "puts 5.times.map { began = now.(); PuppetX::Ct0::Host.fact; now.() - began }.min"
    )
    done = places["node-a"].run(["ruby", "-e", script])
    assert float(done.stdout) < 0.1, done.stdout + done.stderr
