"""A wrong OK is worse than no check: whole commands on recorded hosts, each asked in a way in which
it judges nothing, or cannot read what it should."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ct0.host import Host
from ct0.survey import dump, survey
from ct0_checks.launch import launch
from planted import plant

Say = Callable[..., tuple[int, str]]
EVERY = ("state", "resources", "pressure", "disk", "load", "network")
RUNNING = EVERY[1:]


@pytest.fixture
def say(host: Callable[[str], Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Say:
    """say("disk", "openvz6", "--ct=101") -> (exit status, text)."""

    def run(plugin: str, name: str, *arguments: str) -> tuple[int, str]:
        where = f"--root={host(name)}", f"--state-dir={tmp_path}/kept", "--no-perfdata"
        status = launch(f"check_ct_{plugin}", [*where, "-t60", *arguments])
        said = capfd.readouterr()
        assert said.err == ""
        return status, said.out.replace(str(tmp_path), "TMP")

    return run


def unknown(plugin: str, text: str) -> tuple[int, str]:
    return 3, f"CT_{plugin.upper()} UNKNOWN - {text}\n"


@pytest.mark.parametrize("plugin", EVERY)
def test_who_was_asked_for_is_judged_or_missed(plugin: str, say: Say) -> None:
    for argument, text in (
        ("--ct=", "no container (an empty --ct) on this host"),
        ("--ct=999", "no container 999 on this host"),
        ("--include=web", "no container matches, of 4"),
        ("--exclude=.*", "no container matches, of 4"),
        ("--engine=lxc", "no container matches, of 4"),
    ):
        assert say(plugin, "openvz6", argument) == unknown(plugin, text)
    both = "--ct=101", "--ct=102", "--exclude=102"
    left_out = "102 is left out by --engine, --include or --exclude"
    status, text = say(plugin, "openvz6", *both, "--missing=critical")
    assert (status, text.split(" - ")[0]) == (2, f"CT_{plugin.upper()} CRITICAL")
    assert left_out in text


def test_an_engine_whose_folder_does_not_answer_hides_who_is_stopped(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A dead /etc/pve is no Proxmox without containers; a link in a circle reads no better."""
    root = plant("openvz6", tmp_path / "host")
    (root / "etc/pve").mkdir(parents=True)
    (root / "etc/pve/lxc").symlink_to("lxc")
    asked = [f"--root={root}", f"--state-dir={tmp_path}/kept", "--no-perfdata", "-t60"]
    ours = [f"--autostart={each}=ok" for each in ("stopped", "running")]
    assert launch("check_ct_state", [*asked, *ours]) == 3
    assert "/etc/pve/lxc: Too many levels of symbolic links" in capfd.readouterr().out
    # Who asks for one by name asks for no other.
    assert launch("check_ct_state", [*asked, *ours, "--ct=101"]) == 0
    (root / "etc/pve/lxc").unlink()
    assert launch("check_ct_state", [*asked, *ours]) == 0


@pytest.mark.parametrize("plugin", RUNNING)
def test_one_stopped_on_purpose(plugin: str, say: Say) -> None:
    """UNKNOWN for who asks; OK with a word for a service whose host's check is its state."""
    assert say(plugin, "openvz6", "--ct=104") == unknown(plugin, "stopped.example.com is stopped")
    assert say(plugin, "openvz6", "--ct=104", "--unjudged=ok") == (
        0,
        f"CT_{plugin.upper()} OK - stopped.example.com is stopped\n",
    )


@pytest.mark.parametrize("plugin", ["state", "resources", "network"])
def test_nowhere_to_keep_what_was_counted(plugin: str, say: Say, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("")
    trouble = "TMP/kept is no directory, or a link: give another --state-dir"
    assert say(plugin, "openvz6", "--ct=101") == unknown(plugin, trouble)


@pytest.mark.parametrize("plugin", RUNNING)
def test_one_of_whom_nothing_was_recorded(plugin: str, say: Say) -> None:
    """Docker's containers of this host have their processes there and no figures."""
    status, text = say(plugin, "debian12-docker")
    assert (status, text.split(" - ")[0]) == (3, f"CT_{plugin.upper()} UNKNOWN")


@pytest.mark.parametrize("plugin", ["resources", "disk", "network"])
def test_a_figure_that_does_not_read(plugin: str, say: Say, tmp_path: Path) -> None:
    root = plant("openvz6", tmp_path / "host")
    (root / "proc/user_beancounters").write_text("Version: 2.5\n\0garbage 1 2\n")
    (root / "proc/vz/vzquota").write_text("garbage\n")
    for counters in root.glob("proc/*/net/dev"):
        counters.write_text("Inter-|\n face |\n venet0: many\n")
    status, text = say(plugin, "openvz6", f"--root={root}")
    assert (status, text.split(" - ")[0]) == (3, f"CT_{plugin.upper()} UNKNOWN")
    assert "garbage" in text or "many" in text


@pytest.mark.parametrize("plugin", EVERY)
def test_a_state_file_of_another_host_or_boot(
    plugin: str, host: Callable[[str], Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It is of now, and says of itself that it is of another boot."""

    state = tmp_path / "state.json"
    found = survey(Host(str(host("openvz6"))))
    state.write_text(dump(found._replace(time=time.time(), boot_id="7f3b")))
    state.chmod(0o640)
    arguments = ["--source=state", f"--state-file={state}", "-t60", "--format=json"]
    assert launch(f"check_ct_{plugin}", arguments) == 3
    said = json.loads(capfd.readouterr().out)
    assert f"{state} is of another boot or host: systemctl status ct0-state.timer" in str(said)
