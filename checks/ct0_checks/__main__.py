"""`python -m ct0_checks check_ct_state ...`: a plugin where its command is not installed."""

from __future__ import annotations

import sys

from ct0_checks.launch import PLUGINS, launch

if len(sys.argv) < 2 or sys.argv[1] not in PLUGINS:
    print(f"UNKNOWN: usage: python -m ct0_checks {{{','.join(PLUGINS)}}} ...")
    sys.exit(3)
sys.exit(launch(sys.argv[1], sys.argv[2:]))
