"""Expectations and waivers files: what is right is read, what is wrong is said with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_suites.expectations.files import Wrong, parse_yaml, seconds
from ct0_suites.expectations.load import load
from ct0_suites.expectations.waivers import load_waivers
from ct0_suites.records import Expectation, Waiver

GOOD = """\
version: 1
state:
  - id: shop-runs
    for: {kind: ct, node: "db*", ct: [shop, "web*"]}
    severity: warning
    within: 2m
    why: money
  - id: old-is-stopped
    is: stopped
"""


def written(tmp_path: Path, text: str, name: str = "site.yaml") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_what_is_written_is_expected(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    assert load([path]) == [
        Expectation(
            "shop-runs",
            "state",
            {},
            {"kind": ("ct",), "node": ("db*",), "ct": ("shop", "web*")},
            "warning",
            120.0,
            f"{path}: state[0]",
        ),
        Expectation("old-is-stopped", "state", {"is": "stopped"}, {}, source=f"{path}: state[1]"),
    ]
    assert load([]) == []
    assert load([written(tmp_path, "version: 1\n")]) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "site.yaml: None is not of type 'object'"),
        ("version: 2\n", "site.yaml:1: version: 1 was expected"),
        ("state: []\n", "site.yaml: 'version' is a required property"),
        ("version: 1\nstates: []\n", "Additional properties are not allowed ('states'"),
        ("version: 1\nstate:\n  - {is: stopped}\n", "state[0]: 'id' is a required property"),
        ("version: 1\nstate:\n  - {id: a, is: stoped}\n", 'state[0].is: "stoped" is none of run'),
        ("version: 1\nstate:\n  - {id: a, iz: x}\n", "('iz' was unexpected)"),
        ("version: 1\nstate:\n  - {id: 'a b'}\n", "state[0].id: 'a b' does not match"),
        ("version: 1\nstate:\n  - {id: a, within: soon}\n", "state[0].within: 'soon'"),
        ("version: 1\nstate:\n  - {id: a, for: {name: x}}\n", "('name' was unexpected)"),
        ("version: 1\nstate:\n  - {id: a, for: {kind: vm}}\n", "state[0].for.kind: 'vm'"),
        ("version: 1\nstate:\n  - {id: a}\n  - {id: a}\n", "state[1]: id a is "),
        ("version: 1\nversion: 1\n", "site.yaml:2:1: 'version' is given twice"),
        ("version: [1\n", "site.yaml:2:1: "),
        ("a: !!python/object:os.system x\n", "site.yaml:1:4: could not determine a constructor"),
        ("a: \x00\n", "site.yaml: no YAML: "),
        ("[" * 1200, "site.yaml"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(Wrong) as caught:
        load([path])
    assert told in str(caught.value)
    assert str(caught.value).startswith(path)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match=r"absent\.yaml: No such file or directory"):
        load([str(tmp_path / "absent.yaml")])
    (tmp_path / "latin1.yaml").write_bytes(b"version: 1 # \xe4\n")
    with pytest.raises(Wrong, match=r"latin1\.yaml: not UTF-8 \(.* at byte 13\)"):
        load([str(tmp_path / "latin1.yaml")])
    with pytest.raises(Wrong, match="Is a directory"):
        load([str(tmp_path)])


def test_one_id_in_two_files(tmp_path: Path) -> None:
    one, two = (written(tmp_path, GOOD, name) for name in ("a.yaml", "b.yaml"))
    with pytest.raises(Wrong) as caught:
        load([one, two])
    assert str(caught.value) == f"{two}: state[0]: id shop-runs is {one}: state[0]'s already"


@given(st.text())
def test_garbage_is_wrong_or_a_document(text: str) -> None:
    try:
        parse_yaml(text, "x", {})
    except Wrong:
        pass


@pytest.mark.parametrize(
    ("given_", "value"),
    [(90, 90), ("90", 90), ("1.5", 1.5), ("30s", 30), ("2m", 120), ("2h", 7200), ("1d", 86400)],
)
def test_durations(given_: float | str, value: float) -> None:
    assert seconds(given_) == value


WAIVERS = """\
version: 1
waivers:
  - id: ssh-*
    for: {node: db1}
    owner: ops@example.com
    reason: keys are being replaced
    expires: 2026-12-31
  - {id: x, owner: me, reason: so, expires: "2026-01-01"}
"""


def test_waivers(tmp_path: Path) -> None:
    path = written(tmp_path, WAIVERS)
    first, second = load_waivers([path])
    assert first == Waiver(
        "ssh-*",
        "ops@example.com",
        "keys are being replaced",
        date(2026, 12, 31),
        {"node": ("db1",)},
        f"{path}: waivers[0]",
    )
    assert second.expires == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{id: x, owner: me, reason: so}", "'expires' is a required property"),
        ("{id: x, reason: so, expires: 2026-01-01}", "'owner' is a required property"),
        ("{id: x, owner: '', reason: so, expires: 2026-01-01}", "waivers[0].owner: "),
        ("{id: x, owner: me, reason: so, expires: never}", "waivers[0].expires: 'never' is no day"),
        ("{id: x, owner: me, reason: so, expires: 2026-02-30}", "day is out of range"),
        ("{id: x, owner: me, reason: so, expires: 2026-01-01T10:00:00}", "is no day such as"),
    ],
)
def test_a_waiver_has_an_owner_a_reason_and_an_end(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(Wrong) as caught:
        load_waivers([written(tmp_path, f"version: 1\nwaivers:\n  - {line}\n")])
    assert told in str(caught.value)
