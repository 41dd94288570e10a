"""What was judged before is not parsed again, and never wrongly taken for judged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from audit.audited import Made
from audit.judged import DEBIAN, PROCPS
from ct0_audit import engine
from ct0_audit.cache import Cache
from ct0_audit.facts import facts
from ct0_audit.records import Finding, Report


@pytest.fixture
def made(tmp_path: Path) -> Made:
    made = Made(tmp_path / "host")
    made.write("/etc/init.d/a", "#!/bin/sh\nkillall a\nkill $(pidof b)\n")
    made.write("/etc/init.d/b", "#!/bin/sh\ntrue\n")
    return made


class Counting:
    """Counts how often a text is judged."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        self._judge = engine.of_snippet
        monkeypatch.setattr(engine, "of_snippet", self.of_snippet)

    def of_snippet(self, *arguments: object) -> list[Finding]:
        self.times += 1
        return self._judge(*arguments)  # type: ignore[arg-type]


def run(made: Made, folder: Path) -> Report:
    return engine.audit(made.host, ["init"], cache=Cache(str(folder), made.host))


def test_the_second_time_nothing_is_judged_and_all_is_told(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counting = Counting(monkeypatch)
    first = run(made, tmp_path / "cache")
    assert counting.times == 2
    assert run(made, tmp_path / "cache") == first
    assert counting.times == 2
    assert len(first.findings) == 2


def test_another_content_is_judged_whatever_its_times_say(made: Made, tmp_path: Path) -> None:
    run(made, tmp_path / "cache")
    place = made.root / "etc/init.d/a"
    before = place.stat()
    place.write_text(place.read_text().replace("killall a", "killall c"))
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert place.stat().st_size == before.st_size
    codes = [finding.code for finding in run(made, tmp_path / "cache").findings]
    assert "killall c" in codes
    assert "killall a" not in codes


def test_other_facts_are_another_basis(made: Made, tmp_path: Path) -> None:
    run(made, tmp_path / "cache")
    made.shims("killall")
    made.write("/etc/init.d/a", "#!/bin/sh\nkillall a\nkill $(pidof b)\n")
    assert any(
        "/usr/lib/ct0" in e.text for f in run(made, tmp_path / "cache").findings for e in f.edits
    )
    one, other = Cache(None), Cache(None)
    one.open(DEBIAN)
    other.open(PROCPS)
    assert one.basis != other.basis


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b'{"basis": 1}', b"\xff\xfe", b'{"basis":"%s","entries":{"x":[[1]]}}'],
)
def test_a_damaged_cache_is_made_anew(made: Made, tmp_path: Path, damage: bytes) -> None:
    folder = tmp_path / "cache"
    first = run(made, folder)
    (file,) = folder.iterdir()
    if b"%s" in damage:
        cache = Cache(str(folder), made.host)
        cache.open(facts(made.host))
        damage = damage % cache.basis.encode()
    file.write_bytes(damage)
    assert run(made, folder) == first


def test_the_folder_is_the_caller_s_alone(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    run(made, folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_folder_others_may_enter_is_not_used(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o755)
    assert len(run(made, folder).findings) == 2
    assert list(folder.iterdir()) == []


def test_a_link_in_its_place_is_not_followed(made: Made, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / "cache").symlink_to("elsewhere")
    run(made, tmp_path / "cache")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_files_that_are_gone_are_forgotten(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    run(made, folder)
    (file,) = folder.iterdir()
    size = file.stat().st_size
    (made.root / "etc/init.d/a").unlink()
    run(made, folder)
    assert file.stat().st_size < size
