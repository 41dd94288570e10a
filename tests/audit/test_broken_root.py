"""A root that somebody filled with bad intent: read to the end, and what is not read is told."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PARTS = Path(__file__).parent.parent.parent
PYTHONPATH = os.pathsep.join(str(PARTS / part) for part in ("core", "shims", "audit"))

# Every place a source looks into, by one path in it.
PLACES = (
    "/etc/init.d", "/etc/rc.d/init.d", "/etc/systemd/system", "/usr/lib/systemd/system",
    "/etc/systemd/system/x.service.d", "/etc/logrotate.d", "/etc/cron.d", "/etc/cron.daily",
    "/var/spool/cron/crontabs", "/var/spool/cron/atjobs", "/var/lib/dpkg/info", "/etc/monit.d",
    "/etc/supervisor/conf.d", "/etc/sv/x", "/etc/keepalived", "/etc/nagios", "/etc/icinga2",
    "/etc/snmp/snmpd.conf.d", "/etc/zabbix", "/etc/collectd.d", "/etc/telegraf/telegraf.d",
    "/etc/munin/plugins", "/etc/datadog-agent/conf.d/process.d", "/etc/sensu/conf.d",
    "/etc/puppetlabs/code", "/etc/ansible", "/srv/salt", "/var/cfengine/inputs",
    "/var/chef/cache/cookbooks", "/etc/apt/apt.conf.d", "/usr/lib/ocf/resource.d/x",
    "/etc/network/if-up.d", "/etc/openvpn", "/etc/NetworkManager/dispatcher.d", "/etc/acpi/events",
    "/etc/udev/rules.d", "/etc/pam.d", "/etc/watchdog.d", "/etc/bacula", "/etc/borgmatic",
    "/etc/containers/systemd", "/etc/kubernetes/manifests", "/var/lib/lxc/x", "/etc/sysctl.d",
    "/run", "/usr/bin", "/usr/sbin",
)  # fmt: skip
# One ending for each source that asks for one.
ENDINGS = (
    "", ".service", ".conf", ".cfg", ".json", ".yaml", ".yml", ".pp", ".sls", ".cf", ".rb",
    ".rules", ".container", ".prerm", ".pid",
)  # fmt: skip
CONTENTS = {
    "binary": b"\x7fELF\x02\x01\x01\0\0" + bytes(range(256)),
    "nul": b"#!/bin/sh\nkillall foo\n\0\0\0",
    "latin-1": "#!/bin/sh\n# gr\xfc\xdfe\nkillall foo\n".encode("latin-1"),
    "utf-16": "#!/bin/sh\nkillall foo\n".encode("utf-16"),
    "cr": b"#!/bin/sh\r\nkillall foo\r\n",
    "no end": b"#!/bin/sh\nkill $(pidof foo | `(( { [[ \"' <<EOF\n",
    "colours": b"#!/bin/sh\nkillall \x1b[31mfoo\x1b[0m \x07\x9b31m\n",
}
NAMES = (b"new\nline", b"\xff\xfe", b"-rf", b"\x1b[31mred", b"$(reboot)", b"a" * 240, b"x;y", b" ")


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("broken")
    for place in PLACES:
        folder = os.fsencode(root) + place.encode()
        os.makedirs(folder, exist_ok=True)
        for number, (name, content) in enumerate(CONTENTS.items()):
            for ending in ENDINGS if number == 2 else ENDINGS[:1]:  # Latin-1, of every ending
                put(folder + b"/" + name.encode() + ending.encode(), content)
        for hostile in NAMES:
            put(folder + b"/" + hostile, b"#!/bin/sh\nkillall foo\n")
        os.symlink("circle-b", folder + b"/circle-a.conf")
        os.symlink("circle-a.conf", folder + b"/circle-b")
        os.symlink("..", folder + b"/up")
        os.symlink("/dev/zero", folder + b"/zero.conf")
        os.symlink("/nowhere", folder + b"/nowhere")
        os.mkfifo(folder + b"/pipe.conf")
    with open(root / "etc/cron.d/large", "wb") as large:
        large.truncate(50_000_000)
    with open(root / "etc/init.d/large-text", "wb") as text:
        text.write(b"#!/bin/sh\nkillall foo\n")
        text.truncate(50_400_010)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(f"/proc/self/fd/{os.open(root / 'run', os.O_RDONLY)}/x.pid")
    for path in ("etc/crontab", "etc/monitrc", "etc/inittab"):
        (root / path).mkdir()  # a folder where a file should be
    (root / "etc/anacrontab").symlink_to("anacrontab")
    (root / "etc/nrpe.d").write_bytes(b"a file where a folder should be")
    (root / "var/lib/rpm").mkdir(parents=True)
    (root / "var/lib/rpm/rpmdb.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    return root


def put(path: bytes, content: bytes) -> None:
    with open(path, "wb") as file:
        file.write(content)


def run(root: Path | int, *words: str, user: int = 0) -> subprocess.CompletedProcess[bytes]:
    """`ct0 audit` of a folder, given by its path or by an open descriptor."""
    open_files = (root,) if isinstance(root, int) else ()
    place = f"/proc/self/fd/{root}" if isinstance(root, int) else str(root)
    become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    command = [sys.executable, "-m", "ct0.cli", "audit", "--root", place, "--no-cache", *words]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": PYTHONPATH}
    return subprocess.run(
        [*become, *command],
        env=environment,
        capture_output=True,
        timeout=300,
        check=False,
        pass_fds=open_files,
    )


@pytest.fixture(scope="module")
def told(broken: Path) -> dict[str, Any]:
    done = run(broken, "--format=json")
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 1, 3), done.stderr
    report = json.loads(done.stdout)
    assert isinstance(report, dict)
    return report


def reasons(told: dict[str, Any]) -> dict[str, str]:
    return {item["path"]: item["reason"] for item in told["not_read"]}


def test_what_is_read_is_still_judged(told: dict[str, Any]) -> None:
    found = {(item["path"], item["line"]) for item in told["findings"]}
    assert ("/etc/init.d/latin-1", 3) in found
    assert ("/etc/init.d/cr", 2) in found
    assert any(path.startswith("/etc/cron.daily/new") for path, _ in found)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/etc/init.d/binary", "a binary file"),
        ("/etc/cron.daily/nul", "a binary file"),
        ("/etc/cron.d/large", "50000000 bytes, more than 1048576"),
        ("/etc/init.d/large-text", "50400010 bytes, more than 1048576"),
        ("/etc/init.d/circle-a.conf", "too many links, or links in a circle"),
        ("/etc/logrotate.d/circle-b", "too many links, or links in a circle"),
        ("/etc/crontab", "not a regular file"),
        ("/etc/anacrontab", "too many links, or links in a circle"),
        ("/etc/nrpe.d", "not a folder"),
    ],
)
def test_what_is_not_read_is_told_with_its_reason(
    path: str, reason: str, told: dict[str, Any]
) -> None:
    assert reasons(told).get(path) == reason


def test_a_damaged_database_of_rpms_is_told(told: dict[str, Any]) -> None:
    assert "not understood" in reasons(told)["/var/lib/rpm/rpmdb.sqlite"]


def test_nothing_of_it_reaches_a_terminal(broken: Path) -> None:
    done = run(broken, "--all")
    assert b"Traceback" not in done.stderr
    text = done.stdout.decode("utf-8")  # no byte of a file's that is no text
    assert not [c for c in text if not c.isprintable() and c != "\n"]
    # A name with a line end does not make a line of its own.
    assert not [line for line in text.splitlines() if line.startswith("line")]


@pytest.mark.parametrize("words", [("--format=sarif",), ("fix",)])
def test_no_other_output_breaks(words: tuple[str, ...], broken: Path) -> None:
    done = run(broken, *words)
    assert b"Traceback" not in done.stderr
    assert done.returncode in (0, 1, 3), done.stderr
    if "--format=sarif" in words:
        json.loads(done.stdout)


def test_a_root_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "etc/init.d"
    folder.mkdir(parents=True)
    (folder / "x").write_text("#!/bin/sh\nkillall foo\n", encoding="ascii")
    (folder / "x").chmod(0)
    (tmp_path / "etc/cron.d").mkdir(mode=0)
    root = os.open(tmp_path, os.O_PATH)  # the folders above it are closed to others
    os.chmod(tmp_path, 0o755)
    done = run(root, "--format=json", user=65534 if os.geteuid() == 0 else 0)
    os.close(root)
    (tmp_path / "etc/cron.d").chmod(0o755)
    assert b"Traceback" not in done.stderr, done.stderr
    told = reasons(json.loads(done.stdout))
    assert told["/etc/init.d/x"] == "Permission denied"
    assert told["/etc/cron.d"] == "Permission denied"
    assert done.returncode == 3
