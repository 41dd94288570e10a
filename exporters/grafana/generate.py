"""Write the three dashboards next to this file: python -m grafana.generate

    ct0-fleet.json       all hosts: who is busy, who is full, who fails
    ct0-host.json        one host: its containers beside each other, and CT0 itself
    ct0-container.json   one container: everything the exporter knows of it

Kept as a program because panels are alike: the JSON is nobody's to edit. Every query is plain
PromQL on the exporter's own metrics; the recording rules are not needed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from grafana.container import container
from grafana.fleet import fleet
from grafana.host import host
from grafana.panels import Dashboard, rendered

HERE = Path(__file__).parent

DASHBOARDS = (fleet(), host(), container())


def text(dashboard: Dashboard) -> str:
    return json.dumps(rendered(dashboard), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    for dashboard in DASHBOARDS:
        (HERE / f"{dashboard.uid}.json").write_text(text(dashboard), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
