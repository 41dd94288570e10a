"""docs/exporter.md says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ct0_exporters.serving.connections import Limits
from ct0_exporters.serving.options import PORT, WebOptions
from ct0_exporters.serving.web_config_file import check_web_config
from exporters.served import CHECKOUT, write_config

TEXT = (CHECKOUT / "docs" / "exporter.md").read_text(encoding="utf-8")
LIMITS = Limits()


@pytest.mark.parametrize(
    "row",
    [
        f"| TLS handshake, request header | {LIMITS.handshake:g} s each |",
        f"| size of a request | {LIMITS.request_bytes // 1024} KiB |",
        f"| {LIMITS.write:g} s, or {LIMITS.slow} such clients |",
        f"| a connection between two scrapes | {LIMITS.idle:g} s |",
        f"| connections | {LIMITS.connections} |",
        f"| scrapes at once (`--web.max-requests`) | {WebOptions().max_requests} |",
        f"for {LIMITS.drain:g} seconds at most",
        f"Port **{PORT}**",
    ],
)
def test_limits_are_current(row: str) -> None:
    assert LIMITS.handshake == LIMITS.request  # "each"
    assert row in TEXT


def test_the_example_is_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = next(block for block in TEXT.split("```yaml\n") if block.startswith("tls_server"))
    example = example.partition("```")[0].replace("prometheus-ca.crt", "ca.crt")
    config = write_config(tmp_path, example)
    assert check_web_config(str(config)) == 0
    said = capsys.readouterr().out.replace(str(config), "/etc/ct0/web.yml")
    assert said in TEXT


def test_every_file_it_names_is_there() -> None:
    named = {word.strip("`") for word in TEXT.split() if word.strip("`").startswith("exporters/")}
    assert named >= {"exporters/systemd/openvz.conf", "exporters/systemd/ct0-exporter.socket"}
    assert not [name for name in named if not (CHECKOUT / name).is_file()]


def test_the_scrape_config_is_yaml() -> None:
    example = next(block for block in TEXT.split("```yaml\n") if block.startswith("scrape_"))
    [job] = yaml.safe_load(example.partition("```")[0])["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"node1.example:{PORT}"]}]
