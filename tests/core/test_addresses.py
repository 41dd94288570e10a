"""The addresses that each engine's files give a CT."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

from ct0.addresses import docker, lxc, openvz, pve, read_addresses
from ct0.container import CT
from ct0.containers import containers
from ct0.host import Host


def networks(**addresses: dict[str, str]) -> str:
    return json.dumps({"NetworkSettings": {"Networks": addresses}})


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        pytest.param(openvz, 'IP_ADDRESS="10.1.0.1 2001:db8::5"', ["10.1.0.1", "2001:db8::5"]),
        pytest.param(openvz, 'IP_ADDRESS="10.1.0.1/255.255.255.0"', ["10.1.0.1/255.255.255.0"]),
        pytest.param(openvz, 'IP_ADDRESS=""\n', []),
        pytest.param(lxc, "lxc.net.0.ipv4.address = 10.0.3.5/24 10.0.3.255\n", ["10.0.3.5/24"]),
        pytest.param(lxc, "lxc.network.ipv4=10.0.3.5/24\n", ["10.0.3.5/24"], id="lxc 2"),
        pytest.param(lxc, "lxc.net.0.ipv4.gateway = 10.0.3.1\n", [], id="a gateway is none"),
        pytest.param(lxc, "#lxc.net.0.ipv4.address = 10.0.3.5/24\n", [], id="a comment"),
        pytest.param(pve, "net0: name=eth0,ip=192.0.2.1/24,ip6=auto\n", ["192.0.2.1/24"]),
        pytest.param(pve, "net0: name=eth0,ip=dhcp\nnet1: ip6=2001:db8::1/64", ["2001:db8::1/64"]),
        pytest.param(pve, "net0: ip=manual\n[old]\nnet0: ip=192.0.2.9/24\n", [], id="a snapshot"),
        pytest.param(
            docker,
            networks(web={"IPAddress": "172.18.0.2", "GlobalIPv6Address": "2001:db8::2"}),
            ["172.18.0.2", "2001:db8::2"],
        ),
        pytest.param(docker, networks(none={"IPAddress": ""}), ["", ""], id="docker, stopped"),
        pytest.param(docker, '{"NetworkSettings": {"Netw', [], id="docker, half written"),
        pytest.param(docker, "[]", [], id="docker, something else"),
    ],
)
def test_words_in_a_file(read: Callable[[str], object], text: str, expected: list[str]) -> None:
    assert [word for word in read(text) if word or "" in expected] == expected  # type: ignore[attr-defined]


def test_openvz_running_has_what_the_kernel_routes_stopped_what_its_file_says(
    host: Callable[[str], Path],
) -> None:
    here = Host(str(host("openvz6")))
    cts = containers(here)
    assert dict(zip([ct.ctid for ct in cts], read_addresses(here, cts))) == {
        "101": ("10.1.0.101",),
        "102": ("10.1.0.102", "10.1.0.112"),
        "103": ("10.1.0.103",),
        "104": ("10.1.0.104",),
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("10.1.0.1 10.1.0.1/32", ("10.1.0.1",), id="each address once"),
        pytest.param("2001:DB8:0:0::5", ("2001:db8::5",), id="in its usual form"),
        pytest.param("0.0.0.0 :: 127.0.0.1", (), id="not any, not CT0 itself"),
        pytest.param("10.1.0 10.1.0.256 web1 -", (), id="no addresses"),
    ],
)
def test_only_addresses_that_can_be_scraped(
    value: str, expected: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "101.conf").write_text(f'IP_ADDRESS="{value}"\n')
    assert read_addresses(Host(str(tmp_path)), [CT("openvz", "101", config="/101.conf")]) == [
        expected
    ]


@pytest.mark.parametrize("ct", [CT("nspawn", "web1"), CT("lxc", "web1", config="/gone")], ids=str)
def test_none_known(ct: CT, tmp_path: Path) -> None:
    assert read_addresses(Host(str(tmp_path)), [ct]) == [()]
