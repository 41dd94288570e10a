"""Whether a CT is set to start with its host, as each engine writes it down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ct0.containers import configured
from ct0.host import Host

ID = "ab" * 32
LXC, PVE, VZ = "var/lib/lxc/web1/config", "etc/pve/lxc/101.conf", "etc/vz/conf/101.conf"
NSPAWN = "etc/systemd/system/machines.target.wants/systemd-nspawn@web\\x2d1.service"
DOCKER = f"var/lib/docker/containers/{ID}"


def docker(policy: str, by_hand: bool = False) -> dict[str, str]:
    record = {"State": {"Pid": 0}, "Name": "/app1", "HasBeenManuallyStopped": by_hand}
    return {
        f"{DOCKER}/config.v2.json": json.dumps(record),
        f"{DOCKER}/hostconfig.json": json.dumps({"RestartPolicy": {"Name": policy}}),
    }


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({LXC: "lxc.start.auto = 1\n"}, True, id="LXC says so"),
        pytest.param({LXC: "lxc.start.auto = 0\n"}, False, id="LXC says no"),
        pytest.param({LXC: "lxc.uts.name = web1\n"}, False, id="LXC says nothing: no"),
        pytest.param({PVE: "hostname: web1\nonboot: 1\n"}, True, id="Proxmox says so"),
        pytest.param({PVE: "onboot: 0\n"}, False, id="Proxmox says no"),
        pytest.param({PVE: "cores: 1\n[snap]\nonboot: 1\n"}, False, id="a snapshot said so"),
        pytest.param({PVE: ""}, None, id="Proxmox's file is empty: not known"),
        pytest.param({VZ: 'ONBOOT="yes"\n'}, True, id="OpenVZ says so"),
        pytest.param({VZ: 'ONBOOT="no"\n'}, False, id="OpenVZ says no"),
        pytest.param({VZ: 'NAME="web1"\n'}, False, id="OpenVZ says nothing: no"),
        pytest.param({VZ: 'ONBOOT="auto"\n'}, None, id="as it was before: not known"),
        pytest.param(docker("always", True), True, id="Docker always, though stopped by hand"),
        pytest.param(docker("unless-stopped"), True, id="Docker unless stopped, and was not"),
        pytest.param(docker("unless-stopped", True), False, id="Docker unless stopped, and was"),
        pytest.param(docker("on-failure"), False, id="Docker on failure only"),
        pytest.param(docker("no"), False, id="Docker never"),
        pytest.param(
            {f"{DOCKER}/config.v2.json": docker("no")[f"{DOCKER}/config.v2.json"]},
            None,
            id="Docker's hostconfig.json is missing: not known",
        ),
        pytest.param(
            {"var/lib/machines/web-1/x": "", NSPAWN: ""}, True, id="machinectl enable was run"
        ),
        pytest.param({"var/lib/machines/web-1/x": ""}, False, id="machinectl enable was not run"),
    ],
)
def test_a_ct_is_set_to_start(files: dict[str, str], expected: bool | None, tmp_path: Path) -> None:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/mounts").write_text("")
    (ct,) = {ct.ctid: ct for ct in reversed(list(configured(Host(str(tmp_path)), [])))}.values()
    assert ct.autostart is expected
