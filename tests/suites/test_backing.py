"""Whose the processes behind services are, on recorded hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from ct0.host import Host
from ct0_suites.resources.backing import Who, everybody, read_all
from ct0_suites.target import Target
from planted import plant, process
from suites.scripted import scripted


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    return plant("debian12-docker", tmp_path / "host")


def test_own_and_containers(docker: Path) -> None:
    people = read_all(Host(str(docker)))
    assert people[1].whose == ""
    whose = {who.whose.partition(" ")[0] for who in people.values()}
    assert whose == {"", "docker"}
    assert all(who.pid == pid for pid, who in people.items())


def test_a_process_without_a_container_is_a_sandboxes(docker: Path) -> None:
    process(docker, 900, "named", nspid="900\t1", namespace="pid:[4026599999]")
    assert read_all(Host(str(docker)))[900].whose == "a sandbox"


def test_zombies_back_nothing(docker: Path) -> None:
    before = read_all(Host(str(docker)))
    stat = docker / "proc/1/stat"
    stat.write_text(stat.read_text().replace(") S ", ") Z ", 1))
    assert read_all(Host(str(docker))).keys() == before.keys() - {1}


@pytest.mark.parametrize(
    ("comm", "arguments", "names", "is_called"),
    [
        ("named", ("/usr/sbin/named", "-f"), ("named",), True),
        ("nginx", ("nginx: master process",), ("nginx",), True),
        ("transmission-da", ("transmission-daemon",), ("transmission-daemon",), True),
        ("python3", ("/usr/bin/python3", "/usr/bin/fail2ban-server"), ("fail2ban-server",), True),
        ("vi", ("vi", "/usr/sbin/named"), ("named",), False),
        ("named-checkconf", ("named-checkconf",), ("named",), False),
        ("kthreadd", (), ("named",), False),
    ],
)
def test_what_it_is_called(
    comm: str, arguments: tuple[str, ...], names: tuple[str, ...], is_called: bool
) -> None:
    assert Who(1, comm, arguments, "").is_called(names) is is_called


def test_texts_are_safe_to_print() -> None:
    assert Who(7, "a\x1b[2J", (), "").text == "PID 7 (a?[2J)"


def test_once_for_all_services() -> None:
    given: Target = scripted({})
    given.once("backing", dict)
    assert everybody(given) == {}
