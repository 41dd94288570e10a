"""What people and programs see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import jsonschema
import pytest

from audit.audited import Made
from ct0_audit.as_json import as_json
from ct0_audit.as_text import Text, explained
from ct0_audit.nagios import verdict
from ct0_audit.records import Report
from ct0_audit.rules import RULES
from ct0_audit.sarif import as_sarif

SCHEMA = Path(__file__).parent / "sarif/sarif-schema-2.1.0.json"


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path)
    made.processes()
    made.write(
        "/etc/init.d/nginx",
        "#!/bin/sh\n. /lib/lsb/init-functions\nkillall -9 nginx\n"
        "pgrep -x nginx >/dev/null || /usr/sbin/nginx\n"
        "killall b  # ct0-audit: ignore=CT001 there is one b\n"
        "kill $(cat /run/b.pid)\n",
    )
    made.write(
        "/etc/logrotate.d/n\x1b[31mgx |x",
        "/var/log/x {\n postrotate\n  pgrep x && y\n endscript\n}\n",
    )
    made.write(
        "/etc/init.d/bin\udcff".encode("utf-8", "surrogateescape").decode("latin-1"),
        b"#!/bin/sh\n\0",
    )
    return made


@pytest.fixture
def report(made: Made) -> Report:
    return made.audit("init", "logrotate")


def test_text(report: Report, golden: Callable[[str, str], None]) -> None:
    golden("audit.txt", Text(False).report(report))


def test_text_with_everything_and_colours(
    report: Report, golden: Callable[[str, str], None]
) -> None:
    golden("audit-all.txt", Text(True, True).report(report))


def test_no_escape_sequence_of_a_file_s_reaches_the_terminal(report: Report) -> None:
    text = Text(False, True).report(report)
    assert "\x1b" not in text
    assert "n?[31mgx" in text


def test_nothing_found(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.write("/etc/init.d/a", "#!/bin/sh\ntrue\n")
    text = Text(False).report(made.audit("init"))
    assert text == (
        "0 findings: 0 kill, 0 block, 0 miscount\n"
        "No process table to ask: whom they would reach now is not known.\n"
        "1 file read\n"
    )


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_explained(rule: str) -> None:
    text = explained(rule)
    assert text.startswith(f"{rule} ")
    assert "What to do\n" in text
    assert "None" not in text


def test_json(report: Report) -> None:
    record = json.loads(as_json(report, "/mnt"))
    assert (record["version"], record["root"], record["live"]) == (1, "/mnt", True)
    first = record["findings"][0]
    assert (first["rule"], first["path"], first["line"]) == ("CT001", "/etc/init.d/nginx", 3)
    assert [hit["ctid"] for hit in first["hits"]] == ["web1", "db1"]
    assert record["suppressed"][0]["suppressed"] == "there is one b"
    assert record["not_read"][0]["reason"] == "a binary file"


def sarif(report: Report) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(as_sarif(report, "/"))
    jsonschema.Draft4Validator(
        json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker()
    ).validate(log)
    return log


def test_sarif_is_valid(report: Report) -> None:
    (run,) = sarif(report)["runs"]
    first = run["results"][0]
    assert first["ruleId"] == run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "CT001"
    place = first["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "etc/init.d/nginx", "uriBaseId": "HOSTROOT"}
    assert place["region"]["startLine"] == 3
    assert first["fixes"][0]["artifactChanges"][0]["replacements"][0] == {
        "deletedRegion": {"startLine": 3, "startColumn": 8, "endLine": 3, "endColumn": 8},
        "insertedContent": {"text": " -n $$"},
    }
    (left,) = [result for result in run["results"] if "suppressions" in result]
    assert left["suppressions"] == [{"kind": "inSource", "justification": "there is one b"}]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert notes[0]["message"]["text"] == "not read: a binary file"


def test_sarif_of_nothing_is_valid() -> None:
    sarif(Report((), (), (), 0))


def test_an_invalid_log_is_refused() -> None:
    """The schema is no formality: a wrong level does not pass."""
    log = json.loads(as_sarif(Report((), (), (), 0), "/"))
    log["runs"][0]["results"] = [{"message": {"text": "x"}, "level": "fatal"}]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft4Validator(json.loads(SCHEMA.read_text())).validate(log)


def test_the_fingerprint_stays_when_lines_move(made: Made, report: Report) -> None:
    def prints(of: Report) -> list[str]:
        return [r["partialFingerprints"]["codeHash/v1"] for r in sarif(of)["runs"][0]["results"]]

    script = made.root / "etc/init.d/nginx"
    script.write_text("# one line more\n" + script.read_text())
    assert prints(made.audit("init", "logrotate")) == prints(report)


def test_nagios(report: Report, golden: Callable[[str, str], None]) -> None:
    status, text = verdict(report)
    assert status == 2
    golden("audit-nagios.txt", text + "\n")
    first, *more = text.split("\n")
    assert first.count("|") == 1
    assert not any("|" in line for line in more)


@pytest.mark.parametrize(
    ("critical", "warning", "status"),
    [
        ("kill", "miscount", 2),
        ("never", "block", 1),
        ("never", "never", 3),
        ("block", "never", 2),
    ],
)
def test_nagios_thresholds(report: Report, critical: str, warning: str, status: int) -> None:
    assert verdict(report, critical, warning)[0] == status


def test_nagios_all_well() -> None:
    assert verdict(Report((), (), (), 3)) == (
        0,
        "0 kill, 0 block, 0 miscount | kill=0;;;0 block=0;;;0 miscount=0;;;0 now=0;;;0"
        " not_read=0;;;0 files=3;;;0",
    )
