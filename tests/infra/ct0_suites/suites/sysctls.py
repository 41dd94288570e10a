"""sysctls: settings of the kernel, as they are in force now.

sysctls:
  - id: routes-for-containers
    for: {kind: ct0}
    values:
      net.ipv4.ip_forward: 1
      net.ipv4.conf.all.rp_filter: [1, 2]
      fs.inotify.max_user_instances: {at_least: 1024}
      net.ipv4.tcp_rmem: 4096 131072 6291456
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ct0_suites.records import KINDS
from ct0_suites.resources.sysctls import normal, path_of, read_sysctls
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

VALUE: dict[str, Any] = {"type": ["integer", "string"]}
SCHEMA = {
    "values": {
        "description": "Name -> value, a list of those that are right, or a bound: {at_least: 1024}"
        " or {at_most: 60}. A name that this kernel does not have is a failure.",
        "type": "object",
        "propertyNames": {"pattern": "^(?!.*(\\.\\.|//))[A-Za-z0-9_][A-Za-z0-9_./:*@+-]*$"},
        "additionalProperties": {
            "oneOf": [
                VALUE,
                {"type": "array", "items": VALUE, "minItems": 1},
                {
                    "type": "object",
                    "properties": {"at_least": {"type": "integer"}, "at_most": {"type": "integer"}},
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ]
        },
        "minProperties": 1,
    }
}
REQUIRED = ("values",)

# What hosts of containers have set, or find out too late that they should have.
TELLING = (
    "fs.inotify.max_user_instances",
    "fs.inotify.max_user_watches",
    "kernel.dmesg_restrict",
    "kernel.keys.maxkeys",
    "kernel.kptr_restrict",
    "kernel.unprivileged_userns_clone",
    "net.bridge.bridge-nf-call-ip6tables",
    "net.bridge.bridge-nf-call-iptables",
    "net.ipv4.conf.all.forwarding",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.default.rp_filter",
    "net.ipv4.ip_forward",
    "net.ipv4.neigh.default.gc_thresh3",
    "net.ipv6.conf.all.forwarding",
    "vm.max_map_count",
    "vm.overcommit_memory",
)
NUMBER = re.compile(r"-?[0-9]{1,20}", re.ASCII)


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    found = read_sysctls(target, want["values"])
    for name, wanted in want["values"].items():
        value = found[name]
        if value is None:
            yield f"{name}: this kernel has no {path_of(name)} now, should be {told(wanted)}"
        elif not fits(value, wanted):
            yield f"{name}: is {value}, should be {told(wanted)}"


def fits(value: str, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(fits(value, each) for each in wanted)
    if isinstance(wanted, Mapping):
        if not NUMBER.fullmatch(value):
            return False
        number = int(value)
        least, most = wanted.get("at_least", number), wanted.get("at_most", number)
        return bool(least <= number <= most)
    return value == normal(str(wanted))


def told(wanted: Any) -> str:
    if isinstance(wanted, list):
        return " or ".join(map(str, wanted))
    if isinstance(wanted, Mapping):
        bounds = {"at_least": "at least", "at_most": "at most"}
        return " and ".join(f"{bounds[key]} {value}" for key, value in wanted.items())
    return str(wanted)


def observe(target: Target) -> Iterator[dict[str, Any]]:
    found = read_sysctls(target, TELLING)
    values = {
        name: int(value) if NUMBER.fullmatch(value) else value
        for name, value in found.items()
        if value is not None
    }
    if values:
        yield {"values": values}
