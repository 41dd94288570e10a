"""Which lines of a host's scripts still call the incumbent, and which do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ct0.host import Host
from ct0_shims.delivery.bypass import bypasses, scan

LSB = "#!/bin/sh\nPATH=/sbin:/bin\n. /lib/lsb/init-functions\n"


def reasons(text: str, is_script: bool = True) -> list[tuple[int, str]]:
    return [(found.line, found.reason) for found in scan("file", text, is_script)]


@pytest.mark.parametrize(
    "call",
    [
        "kill $(/bin/pidof daemon)",
        "kill `/usr/bin/pidof daemon`",
        "/usr/bin/killall -HUP daemon",
        "test -x daemon && /sbin/killall5 -15",
        "if ! /usr/bin/pgrep -x daemon; then",
        "start || exec /usr/bin/pkill daemon",
        "env LC_ALL=C true; nice -n 5 true; /usr/bin/pkill x",
    ],
)
def test_an_absolute_path_bypasses_even_in_a_hooked_script(call: str) -> None:
    ((line, reason),) = reasons(LSB + call + "\n")
    assert line == 4
    assert reason.endswith("by absolute path")


@pytest.mark.parametrize(
    "text",
    [
        "# /bin/pidof daemon\n",
        "log_daemon_msg /bin/pidof\n",
        "DAEMON=/usr/sbin/pidofd\n",
        "path=/usr/bin/killall-wrapper\n",
        "mypidof daemon\n",
    ],
)
def test_no_call_no_finding(text: str) -> None:
    assert reasons(LSB + text) == []


def test_a_hooked_script_meets_the_shims_by_name() -> None:
    assert reasons(LSB + "kill $(pidof daemon)\nkillproc daemon\n") == []


def test_path_set_again_after_the_hook() -> None:
    text = LSB + "PATH=/usr/bin\nkillall daemon\n"
    assert reasons(text) == [(5, "killall after PATH was set again")]


def test_path_extended_after_the_hook_is_harmless() -> None:
    assert reasons(LSB + "PATH=$PATH:/opt/bin\nkillall daemon\n") == []


def test_a_script_without_the_hook() -> None:
    text = "#!/bin/sh\nkillall daemon\nkillproc daemon\n"
    assert reasons(text) == [(2, "killall, where PATH does not lead to the shims")]


def test_sourcing_the_functions_helps_no_cron_job() -> None:
    assert len(reasons(LSB + "killall daemon\n", is_script=False)) == 1


def test_a_continued_line_is_one() -> None:
    assert reasons("start-stop \\\n  --x; \\\n  /bin/pidof daemon\n")[0][0] == 1


@pytest.mark.parametrize("text", ["", "\\", "\\\n", "\n" * 3, "`" * 50, "$(" * 400, "=" * 4000])
def test_garbage_is_no_finding(text: str) -> None:
    assert reasons(text) == []


def test_a_host_is_searched(tmp_path: Path) -> None:
    for path, text in {
        "etc/init.d/daemon": "#!/bin/sh\nkillall daemon\n",
        "etc/cron.d/job": "* * * * * root pgrep daemon || start\n",
        "etc/logrotate.d/daemon": "x {\n postrotate\n  kill -HUP $(pidof daemon)\n endscript\n}\n",
        "lib/systemd/system/d.service": "[Service]\nExecStop=-/usr/bin/pkill -x daemon\n",
        "var/lib/dpkg/info/daemon.prerm": "#!/bin/sh\npkill daemon\n",
        "var/lib/dpkg/info/daemon.list": "/usr/bin/pkill\n",
        "etc/cron.daily/binary": "\0/bin/pidof",
    }.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (tmp_path / "etc/init.d/loop").symlink_to("loop")
    (tmp_path / "etc/rc.d").mkdir()
    (tmp_path / "etc/rc.d/init.d").symlink_to("../init.d")
    found = [(call.path, call.line) for call in bypasses(Host(str(tmp_path)))]
    assert sorted(found) == [
        ("/etc/cron.d/job", 1),
        ("/etc/init.d/daemon", 2),
        ("/etc/logrotate.d/daemon", 3),
        ("/lib/systemd/system/d.service", 2),
        ("/var/lib/dpkg/info/daemon.prerm", 2),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "* * * * * root pgrep daemon || start",
        "*/5 0-6 1,15 jan mon root pgrep daemon",
        "@reboot root killall daemon",
    ],
)
def test_a_cron_job(line: str) -> None:
    assert [found.line for found in scan("/etc/cron.d/job", line, False)] == [1]
