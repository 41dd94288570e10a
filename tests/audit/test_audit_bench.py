"""bench/audit.py runs, and says what it measured; how long it takes is not asked here."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import audit as bench
from bench.audit import Cost, table

from audit.audited import Made


def test_a_root_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Made(tmp_path)
    made.write("/etc/init.d/a", "#!/bin/sh\nkillall a\n")
    monkeypatch.setattr("sys.argv", ["bench", "--root", str(tmp_path), "--runs", "1"])
    assert bench.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"{tmp_path}: 1 files read, 1 findings" in lines[1]
    assert [line.split()[0] for line in lines[4:]] == ["cold", "warm", "grep"]


def test_a_target_is_missed() -> None:
    slow, fast = Cost(6000.0, 7000.0), Cost(10.0, 20.0)
    lines = table({"cold": [slow, slow], "warm": [fast, fast], "grep": [fast, fast]}).splitlines()
    assert " ".join(lines[1].split()) == ("cold 6000 / 6000 7000 / 7000 600.0 <= 5000 ms MISSED")
    assert lines[2].endswith("met")
