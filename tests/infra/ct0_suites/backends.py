"""testinfra backends for containers: the schemes of `ct0_suites.urls`, each also through a node.

pytest --hosts='ct://*'                                   every container of this machine
pytest --hosts='ct+ssh://root@node1?container=web*'       those of a node
pytest --hosts='ct+ssh://root@node1'                      the node and all its containers

Each is a host of testinfra's with an id such as ct+ssh://root@node1/web1. `--sudo` is for the
machine, which enters containers as root; `host.sudo("user")` is for the container. testinfra's own
backends stay what they are.
"""

from __future__ import annotations

import atexit
import shlex
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import pytest
import testinfra.backend
from testinfra.backend import base

from ct0.container import CT
from ct0.errors import Error, reason
from ct0.text import plain
from ct0_suites.expectations.files import Wrong
from ct0_suites.nodes import Found, look, members, name_of, way_to
from ct0_suites.records import Unreachable
from ct0_suites.target import Target
from ct0_suites.transport import Transport
from ct0_suites.urls import OPTIONS, SCHEMES, Address, address

MACHINE = "0"


class Machines:
    """The machines of a session: each is reached and looked at once, and left at its end."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.ways: dict[Address, Transport] = {}
        self.found: dict[Address, Found] = {}
        self.stack = ExitStack()

    def look(self, where: Address) -> Found:
        """The machine of an address. Raises an Error of ct0's, OSError."""
        machine = where._replace(scheme="", pattern="")
        with self.lock:
            if machine not in self.found:
                name = name_of(where)
                if machine not in self.ways:
                    self.ways[machine] = self.stack.enter_context(way_to(where, name))
                self.found[machine] = look(self.ways[machine], name)
            return self.found[machine]

    def close(self) -> None:
        with self.lock:
            self.stack.close()
            self.ways.clear()
            self.found.clear()


MACHINES = Machines()
atexit.register(MACHINES.close)


class ContainerBackend(base.BaseBackend):  # type: ignore[misc]  # testinfra has no types
    """A container, or with the name "0" or none its machine."""

    NAME = "ct"

    def __init__(self, name: str, *args: Any, **options: Any) -> None:
        self.target = one(self.NAME, name, options)
        super().__init__(name or MACHINE, False, options.get("sudo_user"))
        if options.get("sudo_user"):
            self.sudo = True

    @classmethod
    def get_hosts(cls, host: str, **options: Any) -> list[str]:
        """The names of all whom a URL means: NAME, or for a node's [user@]node[:port]/NAME."""
        where = of_options(cls.NAME, host, options)
        cts = looked(where)[1]
        silent = () if where.alone else MACHINES.look(where).silent
        if silent:
            text = f"{name_of(where)}: {silent[0]} does not answer: who does not run is not known"
            raise pytest.Collector.CollectError(plain(text))
        here = f"{host.rstrip('/')}/" if where.host else ""
        machine = [here.rstrip("/") or MACHINE] if where.alone or not where.pattern else []
        if where.scheme == "nsenter":
            return [here + where.pattern]
        return machine + [here + name for name in names(cts)]

    def get_sudo_command(self, command: str, sudo_user: str | None) -> str:
        """root needs no sudo to be root, and few containers have it."""
        words = shlex.join(["/bin/sh", "-c", command])
        return words if sudo_user is None else super().get_sudo_command(command, sudo_user)

    def run(self, command: str, *args: str, **kwargs: Any) -> base.CommandResult:
        """Raises Unreachable when the command did not run to its end."""
        text = self.get_command(command, *args)
        said = self.target.run(text)
        return self.result(said.status, self.encode(text), said.stdout, said.stderr)

    def encode(self, data: str) -> bytes:
        return data.encode("utf-8", "surrogateescape")

    def decode(self, data: bytes) -> str:
        """What is no UTF-8 is shown as \\xNN; `stdout_bytes` has it as it came."""
        return data.decode("utf-8", "backslashreplace")


def of_options(scheme: str, host: str, options: Mapping[str, Any]) -> Address:
    """The address that testinfra has taken apart. Raises CollectError."""
    given = {key: str(options[key]) for key in OPTIONS if options.get(key)}
    if not scheme.endswith("+ssh"):
        # --ssh-config and --ssh-identity-file are for all hosts of a session.
        given.pop("ssh_config", None)
        given.pop("ssh_identity_file", None)
    try:
        return address(scheme, host.rstrip("/"), given)
    except Wrong as error:
        raise pytest.Collector.CollectError(f"{scheme}://{plain(host)}: {error}") from None


def looked(where: Address) -> tuple[Target, list[tuple[CT, Target]]]:
    """The machine of an address, and the containers that it means. Raises CollectError."""
    try:
        found = MACHINES.look(where)
        return found.machine, members(found, where)
    except (Error, OSError) as error:
        raise pytest.Collector.CollectError(f"{name_of(where)}: {reason(error)}") from None


def one(scheme: str, name: str, options: Mapping[str, Any]) -> Target:
    """The target of one name that `get_hosts` gave, or of a URL that means one alone."""
    options = dict(options)
    place, slash, container = name.partition("/")
    if scheme.endswith("+ssh"):
        if slash:
            options["container"] = container
    else:
        place = name
    where = of_options(scheme, place, options)
    if not where.alone and not where.pattern:
        where = where._replace(pattern=MACHINE)
    machine, cts = looked(where)
    if where.alone:
        return machine
    if len(cts) != 1:
        text = f"{len(cts)} containers match {plain(where.pattern)}: {', '.join(names(cts))}"
        raise pytest.Collector.CollectError(f"{name_of(where)}: {plain(text)}")
    return cts[0][1]


def names(cts: list[tuple[CT, Target]]) -> list[str]:
    """What to call each container so that nobody else is meant: its name, else its CTID."""
    taken = [each for ct, _ in cts for each in {ct.name, ct.ctid}]
    return [called(ct, taken) for ct, _ in cts]


def called(ct: CT, taken: list[str]) -> str:
    usable = ct.name.isprintable() and not set(ct.name) & set("/*?[%")
    return ct.name if ct.name and usable and taken.count(ct.name) == 1 else ct.ctid


def backend(scheme: str) -> type[ContainerBackend]:
    return type(class_name(scheme), (ContainerBackend,), {"NAME": scheme, "__module__": __name__})


def class_name(scheme: str) -> str:
    """lxc-attach+ssh -> LxcAttachSshBackend"""
    return "".join(word.title() for word in scheme.replace("+", "-").split("-")) + "Backend"


ALL = tuple(f"{scheme}{plus}" for scheme in SCHEMES for plus in ("", "+ssh"))
globals().update({class_name(scheme): backend(scheme) for scheme in ALL})


def register() -> None:
    """Tell testinfra of them; a scheme that it has already keeps its meaning."""
    for scheme in ALL:
        testinfra.backend.BACKENDS.setdefault(scheme, f"{__name__}.{class_name(scheme)}")


__all__ = ["ContainerBackend", "Unreachable", "register"]
