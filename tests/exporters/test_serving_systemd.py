"""The units that are shipped: systemd takes them, and they keep what was promised."""

from __future__ import annotations

import configparser
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ct0_exporters.serving.options import PORT
from exporters.served import CHECKOUT

UNITS = CHECKOUT / "exporters" / "systemd"
SERVICE, SOCKET = UNITS / "ct0-exporter.service", UNITS / "ct0-exporter.socket"


def settings(path: Path, section: str) -> list[tuple[str, str]]:
    """Key and value of each line; keys may come more than once."""
    found, current = [], ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            current = line.strip("[]")
        elif "=" in line and not line.startswith("#") and current == section:
            key, _, value = line.partition("=")
            found.append((key, value))
    return found


def lay_out(folder: Path) -> Path:
    """The units with a program that is there in place of ct0-exporter."""
    for name in ("ct0-exporter.service", "ct0-exporter.socket"):
        text = (UNITS / name).read_text()
        (folder / name).write_text(text.replace("ExecStart=ct0-exporter", "ExecStart=/bin/true"))
    drop_ins = folder / "ct0-exporter.service.d"
    drop_ins.mkdir()
    for name in ("openvz.conf", "proxmox.conf"):
        shutil.copy(UNITS / name, drop_ins / name)
    return folder / "ct0-exporter.service"


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze: Debian's package systemd has it")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True)


def test_systemd_verifies_the_units(tmp_path: Path) -> None:
    service = lay_out(tmp_path)
    run = analyze("verify", "--man=no", str(service), str(service.with_suffix(".socket")))
    ours = [line for line in (run.stdout + run.stderr).splitlines() if "ct0-exporter" in line]
    assert (run.returncode, ours) == (0, [])


def test_a_unit_that_is_wrong_would_be_noticed(tmp_path: Path) -> None:
    service = lay_out(tmp_path)
    service.write_text(service.read_text().replace("ProtectHome=", "ProtectHouse="))
    run = analyze("verify", "--man=no", str(service))
    assert "ProtectHouse" in run.stdout + run.stderr


def test_systemd_finds_little_exposed(tmp_path: Path) -> None:
    service = lay_out(tmp_path)
    shutil.rmtree(tmp_path / "ct0-exporter.service.d")
    run = analyze("security", "--offline=yes", "--json=short", str(service))
    if "--offline" in run.stderr:
        pytest.skip("systemd before 250 judges only units that run")
    exposed = {
        item["json_field"]
        for item in json.loads(run.stdout)
        if item["set"] is False and float(item["exposure"] or 0) >= 0.1
    }
    # What is exposed on purpose, each with its comment in the unit. A new one needs a thought.
    assert exposed == {
        "AmbientCapabilities",
        "CapabilityBoundingSet_CAP_DAC_FOWNER_IPC_OWNER",  # for DAC_READ_SEARCH
        "CapabilityBoundingSet_CAP_SYS_PTRACE",
        "DeviceAllow",  # ProtectClock lets the clock be read
        "IPAddressDeny",  # who may scrape is for the site to say
        "PrivateNetwork",
        "PrivateUsers",
        "ProcSubset",
        "ProtectHome",
        "ProtectProc",
        "RestrictAddressFamilies_AF_INET_INET6",
        "RestrictAddressFamilies_AF_UNIX",
        "RootDirectoryOrRootImage",  # the host is what it is here to see
        "SystemCallFilter_resources",  # threads, and the limit of open files
    }


def test_exactly_two_capabilities_and_a_third_for_openvz() -> None:
    given = dict(settings(SERVICE, "Service"))
    assert given["AmbientCapabilities"] == "CAP_DAC_READ_SEARCH CAP_SYS_PTRACE"
    assert given["CapabilityBoundingSet"] == given["AmbientCapabilities"]
    added = settings(UNITS / "openvz.conf", "Service")
    assert added == [
        ("AmbientCapabilities", "CAP_DAC_OVERRIDE"),
        ("CapabilityBoundingSet", "CAP_DAC_OVERRIDE"),
    ]


@pytest.mark.parametrize(
    ("key", "harmless"),
    [
        ("PrivateUsers", ["no"]),
        ("ProtectProc", ["default"]),
        ("ProcSubset", ["all"]),
        ("PrivateNetwork", ["no"]),
        ("PrivatePIDs", []),
        ("ProtectControlGroups", ["yes"]),  # not `private` or `strict`, of systemd 257
        ("ProtectHome", ["read-only"]),
        ("DynamicUser", ["yes"]),
        ("User", []),
    ],
)
def test_nothing_hides_what_there_is_to_see(key: str, harmless: list[str]) -> None:
    assert [value for name, value in settings(SERVICE, "Service") if name == key] == harmless


def test_socket_listens_where_the_server_would() -> None:
    listening = [value for name, value in settings(SOCKET, "Socket") if name == "ListenStream"]
    assert listening == [f"127.0.0.1:{PORT}", f"[::1]:{PORT}"]


@pytest.mark.parametrize("path", sorted(UNITS.iterdir()), ids=lambda path: path.name)
def test_units_are_plain_text_of_known_sections(path: Path) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.read_string(path.read_text(encoding="ascii"))
    assert set(parser.sections()) <= {"Unit", "Service", "Socket", "Install"}
