"""A host of one's own making for the audit: files, processes of containers, shims."""

from __future__ import annotations

import json
from pathlib import Path

import planted
from ct0.host import Host
from ct0_audit.engine import audit
from ct0_audit.records import Report
from ct0_audit.waivers import Waivers

WEB1 = "0::/lxc.payload.web1/system.slice/x.service\n"
DB1 = "0::/lxc.payload.db1/x\n"


class Made:
    """Files below `root`; `audit()` reads them as a host."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.host = Host(str(root))

    def write(self, path: str, text: str | bytes, mode: int = 0o755) -> Path:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        place.chmod(mode)
        return place

    def processes(self) -> None:
        """CT0's own nginx, and one in web1 and one in db1."""
        planted.process(self.root, 1, "init", cgroup="0::/init.scope\n", nspid="1")
        own = {"exe": "/usr/sbin/nginx", "cmdline": b"nginx: master process\0"}
        planted.process(self.root, 50, "nginx", nspid="50", **own)  # type: ignore[arg-type]
        other = {**own, "namespace": "pid:[4026532300]"}
        planted.process(self.root, 300, "nginx", nspid="300 9", cgroup=WEB1, uid=33, **other)  # type: ignore[arg-type]
        planted.process(self.root, 301, "nginx", nspid="301 7", cgroup=DB1, **other)  # type: ignore[arg-type]

    def shims(self, *names: str) -> None:
        """Laid out as `ct0 shims install` does, and in its manifest."""
        files = {}
        for name in names:
            self.write(f"/usr/lib/ct0/shims/{name}", "")
            files[f"/usr/lib/ct0/shims/{name}"] = ["link:../ct0-shims"]
        record = {"files": files, "folders": [], "line": False}
        self.write("/usr/lib/ct0/shims.manifest", json.dumps(record))

    def audit(self, *kinds: str, waivers: Waivers | None = None) -> Report:
        return audit(self.host, kinds, waivers)
