"""The suite `puppet` against what real agents' files looked like, and against what is wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ct0.errors import Unavailable
from ct0_suites.records import CT0, NotApplicable
from ct0_suites.resources.backing import Who
from ct0_suites.resources.puppet.agent import LAYOUTS, command, parse_answer, read_agent
from ct0_suites.suites.puppet import SCHEMA, judge, observe
from ct0_suites.target import Target
from ct0_suites.transport import Output
from suites.scripted import Answer, Scripted, scripted
from suites.test_puppet_certificate import certificate

RECORDED = Path(__file__).parent / "puppet"
ANSWERS = RECORDED / "answers"
VERSIONS = ("7.23.0", "8.10.0")
SUMMARY = "/var/cache/puppet/public/last_run_summary.yaml"
STATE = "/var/cache/puppet/state"

FILES = r"printf 'I:"
INIT = r"/run/systemd/system \]"
CRON = r"/etc/crontab"
CONFIG = "puppet config print"
# A container without an init system, where cron starts the runs.
PLAIN: dict[str, Answer] = {
    INIT: "sh\n",
    CRON: "/etc/cron.d/puppet:*/30 * * * * root puppet agent --onetime\n",
}


def text(name: str, version: str = "7.23.0") -> str:
    return (ANSWERS / version / f"{name}.txt").read_text()


def target(answer: str, more: Mapping[str, Answer] | None = None, kind: str = CT0) -> Target:
    return scripted({FILES: answer, **(more or {}), **PLAIN}, kind)


def problems(given: Target, **want: Any) -> list[str]:
    jsonschema.validate(want, {"properties": SCHEMA, "additionalProperties": False})
    return list(judge(want, given))


def later(answer: str, seconds: int) -> str:
    return re.sub(r"^N:(\d+)$", lambda found: f"N:{int(found[1]) + seconds}", answer, flags=re.M)


def recorded(name: str, version: str = "7.23.0", after: int = 60) -> str:
    """What the command prints of a recorded run's files."""
    folder = RECORDED / version / name
    lines = ["I:0", "P:/usr/bin/puppet"]
    for path in (SUMMARY, f"{STATE}/last_run_report.yaml"):
        content = (folder / path.rpartition("/")[2]).read_text()
        if "report" in path:
            kept = [line for line in content.split("\n") if re.match(r"[a-z]|---", line)]
            content = "\n".join([*kept, ""])
        lines.append(f"M:1:{path}")
        lines += [f"{path}:{line}" for line in content[:-1].split("\n")]
        if "summary" in path:
            ended = int(re.findall(r"last_run: (\d+)", content)[0])
    return "\n".join([*lines, f"N:{ended + after}", ""])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_agent_that_is_well(version: str) -> None:
    assert problems(target(text("ok", version))) == []
    assert problems(target(text("ok", version)), agent="required", environment="production") == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_agent_that_never_ran(version: str) -> None:
    config = (RECORDED / version / "config_print.txt").read_text()
    given = target(text("never", version), {CONFIG: config})
    assert problems(given) == ["no last_run_summary.yaml: Puppet has never run here"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_real_agent_that_is_disabled(version: str) -> None:
    said = problems(target(later(text("disabled", version), 600)))
    assert len(said) == 1
    assert re.fullmatch(r"the agent is disabled for 10 min: maintenance, see 4711", said[0])


def test_a_pipe_for_a_lock() -> None:
    assert problems(target(text("odd"))) == [f"{STATE}/agent_disabled.lock: not a regular file"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("agent_ok", []),
        ("unchanged", []),
        ("failed", ["1 resource failed in the last run"]),
        ("noop", ["1 change pending: the agent changes nothing (noop)"]),
        (
            "agent_cached",
            ["the last run used an old catalog: a new one did not compile or did not come"],
        ),
        (
            "agent_compile_error",
            ["the last run had no catalog: it did not compile, or no server gave one"],
        ),
    ],
)
def test_recorded_runs(name: str, version: str, expected: list[str]) -> None:
    assert problems(target(recorded(name, version))) == expected


def test_declared_ages() -> None:
    old = recorded("agent_ok", after=3 * 3600)
    assert problems(target(old)) == ["the last run was 3 h ago, more than 2 h"]
    assert problems(target(old), max_age="4h") == []
    assert problems(target(recorded("agent_ok", after=-100))) != []


def test_a_version_is_asked_of_the_program() -> None:
    given = target(text("ok"), {"puppet --version": "8.10.0\n"})
    assert problems(given, version=">=7,<8") == ["Puppet is 8.10.0, not >=7,<8"]
    assert problems(target(text("ok"), {"puppet --version": "7.23.0\n"}), version=">=7,<8") == []
    broken = target(text("ok"), {"puppet --version": Output(1, b"", b"cannot load such file\n")})
    with pytest.raises(Unavailable, match="cannot load such file"):
        problems(broken, version=">=7")


def test_no_puppet() -> None:
    nothing = "I:0\nN:1795626779\n"
    with pytest.raises(NotApplicable, match="no Puppet"):
        problems(target(nothing))
    assert problems(target(nothing), agent="required") == ["no puppet command here"]
    assert problems(target(nothing), agent="absent") == []
    assert problems(target(text("ok")), agent="absent") == ["Puppet is installed: /usr/bin/puppet"]


def test_a_program_that_is_gone() -> None:
    left = text("ok").replace("P:/usr/bin/puppet\n", "")
    assert problems(target(left), agent="required") == [
        "no puppet command here, only files of its runs are left"
    ]


def test_not_root() -> None:
    with pytest.raises(Unavailable, match="be root"):
        problems(target(text("ok").replace("I:0", "I:1000")))


def test_cut_off() -> None:
    for length in (0, 5, 400, len(text("ok")) - 5):
        with pytest.raises(Unavailable, match="cannot be read"):
            problems(target(text("ok")[:length].rpartition("\n")[0]))


def test_files_that_do_not_read() -> None:
    broken = text("ok").replace(f"{SUMMARY}:  last_run: ", f"{SUMMARY}:  last_run: !x ")
    assert problems(target(broken))[0].startswith(f"{SUMMARY}: cannot read")
    broken = text("ok").replace(":status: changed", ":status: [changed")
    assert problems(target(broken)) == [f"{STATE}/last_run_report.yaml: cannot read '[changed'"]
    empty = re.sub(rf"^{SUMMARY}:.*\n", "", text("ok"), flags=re.M)
    assert problems(target(empty))[0] == f"{SUMMARY}: cannot read 'an empty file'"


def test_no_line_of_a_file_passes_for_another() -> None:
    answer = text("disabled").replace(
        f"{STATE}/agent_disabled.lock:{{",
        f"{STATE}/agent_disabled.lock:N:0\n{STATE}/agent_disabled.lock:P:/bin/x\n"
        f"{STATE}/agent_disabled.lock:{SUMMARY}:x\n{STATE}/agent_disabled.lock:{{",
    )
    found = parse_answer(Output(0, answer.encode(), b""))
    assert found.program == "/usr/bin/puppet"
    assert found.now > 1e9
    assert found.texts[SUMMARY] == parse_answer(Output(0, text("ok").encode(), b"")).texts[
        SUMMARY
    ] or found.texts[SUMMARY].startswith("---\n")


LOCK = f"{STATE}/agent_catalog_run.lock"
PUPPET = ("/usr/bin/ruby", "/usr/bin/puppet", "agent")


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (None, []),
        (Who(1, "puppet", PUPPET, ""), []),
        (
            Who(1, "puppet", PUPPET, "lxc web1"),
            [
                "agent_catalog_run.lock names PID 1 (puppet), a process of lxc web1:"
                " every run here waits for it"
            ],
        ),
    ],
)
def test_a_run_lock(who: Who | None, expected: list[str]) -> None:
    given = target(text("lock"))
    given.once("backing", lambda: {} if who is None else {1: who})
    assert problems(given) == expected


def test_a_run_that_hangs() -> None:
    given = target(later(text("lock"), 5400))
    given.once("backing", lambda: {1: Who(1, "puppet", PUPPET, "")})
    assert problems(given) == ["agent_catalog_run.lock names PID 1 for 90 min: a run hangs"]
    assert problems(given, longest_run="2h") == []


def test_certificates() -> None:
    path = "/var/lib/puppet/ssl/certs/web1.pem"

    def with_file(content: str) -> Target:
        lines = [f"M:1:{path}", *(f"{path}:{line}" for line in content.rstrip("\n").split("\n"))]
        return target(text("ok") + "\n".join([*lines, ""]))

    assert problems(with_file(certificate())) == []
    (said,) = problems(with_file(certificate()), certificate_days=60)
    assert said == f"{path}: its certificate expires in 36 days"
    (said,) = problems(with_file("garbage"))
    assert said.startswith(f"{path}: cannot read")
    assert problems(target(text("ok")), certificate_days=14) == [
        "no certificates of the agent's are there"
    ]


def test_moved_folders_are_asked_of_puppet() -> None:
    """puppet.conf has a vardir that is not the package's."""
    moved = "/etc/puppet/puppet.conf:vardir = /srv/puppet\n"
    config = "".join(
        f"{key} = /srv/puppet/{value}\n"
        for key, value in (
            ("lastrunfile", "public/last_run_summary.yaml"),
            ("lastrunreport", "state/last_run_report.yaml"),
            ("statedir", "state"),
            ("ssldir", "ssl"),
            ("agent_disabled_lockfile", "state/agent_disabled.lock"),
            ("agent_catalog_run_lockfile", "state/agent_catalog_run.lock"),
        )
    )
    there = text("ok").replace(SUMMARY, f"/srv/puppet/public/{SUMMARY.rpartition('/')[2]}")
    there = there.replace(f"{STATE}/", "/srv/puppet/state/")
    given = scripted(
        {"/srv/puppet/state": there, FILES: text("disabled") + moved, CONFIG: config, **PLAIN}
    )
    assert problems(given) == []
    # The certificates' folder is below it, what counts is not.
    other = "/etc/puppet/puppet.conf:vardir=/var/lib/puppet\n"
    with pytest.raises(AssertionError, match=CONFIG):
        problems(target(text("ok") + other))
    silent = scripted({FILES: text("ok") + moved, CONFIG: Output(1, b"", b"broken\n"), **PLAIN})
    with pytest.raises(Unavailable, match="broken"):
        problems(silent)


def test_the_packages_own_settings_are_no_move() -> None:
    for line in ("ssldir = /var/lib/puppet/ssl", "# vardir = /x", "vardir = /var/cache/puppet"):
        assert problems(target(text("ok") + f"/etc/puppet/puppet.conf:{line}\n")) == []


def test_of_two_packages_the_later_run_counts() -> None:
    old = text("disabled").replace("I:0\nP:/usr/bin/puppet\n", "").replace("N:", "X:")
    new = text("ok").replace(f"{STATE}/", "/opt/puppetlabs/puppet/cache/state/")
    new = new.replace(SUMMARY, "/opt/puppetlabs/puppet/public/last_run_summary.yaml")
    new = re.sub(r"^M:\d+", "M:1999999999", new, flags=re.M)
    assert problems(target(old + new)) == []


def test_the_command_is_for_any_shell() -> None:
    assert "$'" not in command(LAYOUTS)
    assert "[[ " not in command(LAYOUTS)


@pytest.mark.parametrize(
    ("tables", "wanted", "expected"),
    [
        ("/etc/cron.d/puppet:5 * * * * root puppet agent -t\n", "cron", []),
        ("/etc/cron.d/puppet:#5 * * * * root puppet agent -t\n", "cron", ["no cron starts Puppet"]),
        ("", "cron", ["no cron starts Puppet"]),
        ("", "none", []),
        ("", None, []),
        (
            "/etc/cron.d/puppet:5 * * * * root puppet agent -t\n"
            "/etc/crontab:1 1 * * * root puppet apply x\n",
            None,
            ["more than one thing starts Puppet: /etc/cron.d/puppet, /etc/crontab"],
        ),
        (
            "/etc/cron.d/puppet:5 * * * * root puppet agent -t\n",
            "none",
            ["nothing is to start Puppet, but cron /etc/cron.d/puppet does"],
        ),
        (
            "/etc/cron.d/puppet:5 * * * * root puppet agent -t\n",
            "service",
            [
                "the last run was of puppet apply, not of puppet agent",
                "no service starts Puppet",
                "a service is to start Puppet, but cron /etc/cron.d/puppet does",
            ],
        ),
    ],
)
def test_cron(tables: str, wanted: str | None, expected: list[str]) -> None:
    given = scripted({FILES: text("ok"), INIT: "sh\n", CRON: tables})
    want = {} if wanted is None else {"enabled": wanted}
    assert problems(given, **want) == expected


@pytest.mark.parametrize(
    ("table", "counts"),
    [
        ("debian:\n/etc/cron.d/puppet.dpkg-old", False),
        ("debian:\n/etc/cron.hourly/puppet", True),
        ("/etc/cron.d/puppet.cron", True),
        ("/etc/cron.d/puppet.rpmsave", False),
        ("debian:\n/var/spool/cron/crontabs/root", True),
    ],
)
def test_tables_that_cron_passes_over(table: str, counts: bool) -> None:
    answers = {FILES: text("ok"), INIT: "sh\n", CRON: f"{table}:5 * * * * root puppet agent\n"}
    expected = [] if counts else ["no cron starts Puppet"]
    assert problems(scripted(answers), enabled="cron") == expected


@pytest.mark.parametrize("name", ["ok", "disabled", "never"])
def test_what_is_observed_is_met(name: str) -> None:
    config = (RECORDED / "7.23.0/config_print.txt").read_text()
    given = target(text(name), {CONFIG: config})
    found = list(observe(given))
    assert found == (
        [
            {
                "agent": "required",
                "environment": "production",
                "mode": "apply",
                "enabled": "cron",
            }
        ]
        if name == "ok"
        else []
    )
    for each in found:
        assert problems(given, **each) == []


def test_all_is_read_once() -> None:
    given = target(text("ok"))
    problems(given)
    problems(given, environment="production")
    transport = given.transport
    assert isinstance(transport, Scripted)
    assert len(transport.asked) == len(set(transport.asked))
    assert read_agent(given).program == "/usr/bin/puppet"
