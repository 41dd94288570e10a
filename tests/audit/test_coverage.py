"""Whether an installed shim stands in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.audited import Made
from audit.judged import DEBIAN, PROCPS, judged
from ct0_audit.facts import DEBIAN_HOOK, RHEL_INIT, facts

NAMES = frozenset({"pidof", "killall", "pkill", "pgrep", "killall5"})
HOOKED = DEBIAN._replace(shims=NAMES, debian_hook=True)
RHEL = PROCPS._replace(shims=NAMES, rhel_hook=True)
LSB = ". /lib/lsb/init-functions\n"


@pytest.mark.parametrize(
    "text",
    [
        LSB + "killall x",
        LSB + "kill $(pidof x)",
        LSB + "sh -c 'killall x'",
        LSB + "PATH=$PATH:/opt/bin\nkillall x",
        "[ -r /lib/lsb/init-functions ] && . /lib/lsb/init-functions\nkillall x",
        "PATH=/usr/lib/ct0/shims:$PATH\nkillall x",
        "export PATH=/usr/lib/ct0/shims:/bin\nkillall x",
        "/usr/lib/ct0/shims/killall x",
    ],
)
def test_covered(text: str) -> None:
    assert all(finding.covered for finding in judged(text, HOOKED))
    assert judged(text, HOOKED)


@pytest.mark.parametrize(
    "text",
    [
        "killall x",
        LSB + "/usr/bin/killall x",
        LSB + "PATH=/sbin:/bin\nkillall x",
        "killall x\n" + LSB,
        LSB + "sudo killall x",
        LSB + "env -i killall x",
        LSB + "ps ax | grep x | xargs kill",
        LSB + "start-stop-daemon --stop --exec /x",
        LSB + "fuser -k /srv",
    ],
)
def test_not_covered(text: str) -> None:
    (finding,) = judged(text, HOOKED)
    assert finding.covered == ""


def test_without_shims_nothing_is_covered() -> None:
    assert [f.covered for f in judged(LSB + "killall x", DEBIAN)] == [""]


def test_rhel_s_functions_through_the_hook() -> None:
    text = ". /etc/rc.d/init.d/functions\nkillproc x\nkillall y\n"
    assert [f.covered for f in judged(text, RHEL)] == [f"the hook {RHEL_INIT}"] * 2
    assert [f.covered for f in judged(text, PROCPS)] == ["", ""]


def test_where_every_incumbent_is_replaced() -> None:
    everywhere = PROCPS._replace(
        shims=NAMES, everywhere=frozenset({"pidof"}), replaced=frozenset({"/bin/pidof"})
    )
    covered = [f.covered for f in judged("kill $(pidof x)\nkill $(/bin/pidof x)", everywhere)]
    assert all(covered)
    assert not judged("kill $(/sbin/pidof x)", everywhere)[0].covered


def test_a_path_given_from_outside() -> None:
    from ct0_audit.engine import of_snippet
    from ct0_audit.records import SHELL, Snippet

    snippet = Snippet("/etc/cron.d/x", 3, 1, SHELL, "killall x", "cron")
    led = snippet._replace(variables=(("PATH", "/usr/lib/ct0/shims:/bin"),))
    assert of_snippet(snippet, HOOKED)[0].covered == ""
    assert of_snippet(led, HOOKED)[0].covered


def test_the_facts_of_a_host(tmp_path: Path) -> None:
    made = Made(tmp_path)
    assert facts(made.host) == facts(made.host)._replace(pidof="", shims=frozenset())
    made.write("/sbin/killall5", "")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pidof").symlink_to("/sbin/killall5")
    made.write("/etc/redhat-release", "")
    made.write(RHEL_INIT, "PATH=/usr/lib/ct0/shims:$PATH\n")
    made.write(DEBIAN_HOOK, "")
    found = facts(made.host)
    assert (found.pidof, found.debian, found.rhel_hook, found.debian_hook) == (
        "sysv", False, False, False,
    )  # fmt: skip
    made.shims("killall")
    made.write("/usr/lib/ct0/shims/pkill", "")  # somebody else's
    found = facts(made.host)
    assert found.shims == {"killall"}
    assert (found.rhel_hook, found.debian_hook) == (True, True)


def test_an_incumbent_that_leads_to_a_shim(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.shims("pidof")
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "usr/bin/pidof").symlink_to("/usr/lib/ct0/shims/pidof")
    found = facts(made.host)
    assert found.replaced == {"/bin/pidof", "/usr/bin/pidof"}
    assert found.everywhere == {"pidof"}
    made.write("/sbin/pidof", "")
    assert facts(made.host).everywhere == frozenset()


@pytest.mark.parametrize("end", [".distrib.usr-is-merged", ".distrib", ".ct0-real"])
def test_a_diverted_incumbent(tmp_path: Path, end: str) -> None:
    """`ct0 shims divert`, of commands too whose shim is not laid out for PATH."""
    made = Made(tmp_path)
    made.write("/usr/lib/ct0/ct0-shims", "")
    made.write("/usr/lib/ct0/shims.manifest", '{"files": {"/usr/lib/ct0/ct0-shims": []}}')
    (tmp_path / "usr/bin").mkdir(parents=True)
    for name in ("pidof", "pgrep"):
        (tmp_path / f"usr/bin/{name}").symlink_to("/usr/lib/ct0/ct0-shims")
    (tmp_path / "usr/bin/pkill").symlink_to("pgrep")
    (tmp_path / f"usr/bin/pidof{end}").symlink_to("/sbin/killall5")
    found = facts(made.host)
    assert found.pidof == "sysv"
    assert found.shims == frozenset()
    assert found.everywhere == {"pidof", "pgrep", "pkill"}
    text = "kill $(pidof x)\nkill $(/usr/bin/pidof x)\n/usr/bin/pkill x\nkill $(/sbin/pidof x)"
    assert [bool(finding.covered) for finding in judged(text, found)] == [True, True, True, False]
    made.write("/usr/lib/ct0/shims.manifest", "")
    assert facts(made.host).replaced == frozenset()


def test_pidof_of_procps_and_of_busybox(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.write("/usr/sbin/pidof", "")
    assert facts(made.host).pidof == "procps"
    made.write("/bin/busybox", "")
    (tmp_path / "bin/pidof").symlink_to("busybox")
    assert facts(made.host).pidof == "busybox"
