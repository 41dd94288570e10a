"""LXC: sysvinit or systemd inside, and the layout Proxmox gives it.

Cgroups are /lxc.payload.NAME (the CT) and /lxc.monitor.NAME (its monitor, CT0's own) in every
hierarchy; Proxmox's keys make them /lxc/CTID/ns and /lxc.monitor/CTID.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .command import LabError, attempt, call, wait_for
from .ct import CT
from .overlay import root_of
from .recipes import SYSTEMD, SYSVINIT, Recipe, rootfs
from .run import Run

CONFIG = """\
lxc.rootfs.path = dir:{root}
lxc.uts.name = {hostname}
lxc.net.0.type = empty
lxc.apparmor.profile = unconfined
lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed
lxc.tty.max = 1
lxc.pty.max = 1024
lxc.init.cmd = /sbin/init
lxc.log.file = {log}
"""


class LxcCT(CT):
    """A CT started by lxc-start from the run's own lxcpath."""

    def __init__(self, engine: str, lxcpath: Path, ctid: str, name: str, root: Path) -> None:
        self.lxcpath = lxcpath
        self.root = root
        info = call(["lxc-info", "-P", str(lxcpath), "-n", ctid, "-p", "-H"]).stdout
        super().__init__(
            engine,
            ctid,
            name,
            int(info),
            ["lxc-attach", "-P", str(lxcpath), "-n", ctid, "--clear-env", "--"],
            {"/var/lib/lxc": str(lxcpath)},
        )

    def stop(self) -> None:
        """Kill the CT's processes; the CT stays defined."""
        attempt(["lxc-stop", "-P", str(self.lxcpath), "-n", self.ctid, "-k"])


@contextmanager
def lxc_ct(
    run: Run, name: str = "web1", recipe: Recipe = SYSVINIT, keys: Sequence[str] = ()
) -> Iterator[LxcCT]:
    """An LXC CT with sysvinit as its init; `recipe=SYSTEMD` for systemd, `keys` for more config."""
    full = f"{run.prefix}-{name}"
    with _started(run, "lxc", full, full, recipe, keys) as ct:
        yield ct


@contextmanager
def lxc_systemd_ct(run: Run, name: str = "systemd1") -> Iterator[LxcCT]:
    """An LXC CT with systemd as its init."""
    with lxc_ct(run, name, SYSTEMD) as ct:
        yield ct


@contextmanager
def proxmox_ct(run: Run, pve: Path | None = None, ctid: str | None = None) -> Iterator[LxcCT]:
    """An LXC CT with the keys Proxmox VE writes and its CTID.conf in `pve`/lxc.

    `pve` stands for /etc/pve and is a folder of the run's unless given. The CTID is a number, as
    Proxmox's are, so it cannot carry the run's prefix; the cgroup below /lxc is this number's.
    """
    ctid = ctid or str(random.randrange(10**8, 10**9))
    pve = pve or run.folder / "pve"
    keys = (
        f"lxc.cgroup.dir.monitor = lxc.monitor/{ctid}",
        f"lxc.cgroup.dir.container = lxc/{ctid}",
        "lxc.cgroup.dir.container.inner = ns",
    )
    name = f"{run.prefix}-pve{ctid}"
    conf = pve / "lxc" / f"{ctid}.conf"
    conf.parent.mkdir(parents=True, exist_ok=True)
    conf.write_text(
        "arch: amd64\ncores: 1\n"
        f"hostname: {name}\n"
        "memory: 512\nostype: debian\n"
        f"rootfs: local:{ctid}/vm-{ctid}-disk-0.raw,size=4G\nswap: 512\n",
        encoding="ascii",
    )
    try:
        with _started(run, "proxmox", ctid, name, SYSVINIT, keys) as ct:
            ct.places["/etc/pve"] = str(pve)
            yield ct
    finally:
        conf.unlink()


def is_up(ct: CT) -> bool:
    """Whether the init inside finished booting.

    systemd says so; degraded counts, a unit may not suit a CT. sysvinit is done when it has entered
    its runlevel and rc has ended.
    """
    if ct.run(["test", "-d", "/run/systemd/system"]).returncode == 0:
        said = ct.run(["systemctl", "is-system-running"]).stdout.strip()
        return said in ("running", "degraded")
    level = ct.run(["runlevel"]).stdout.split()
    return level[-1:] == ["2"] and ct.run(["pidof", "-x", "/etc/init.d/rc"]).returncode != 0


@contextmanager
def _started(
    run: Run, engine: str, ctid: str, name: str, recipe: Recipe, keys: Sequence[str]
) -> Iterator[LxcCT]:
    lxcpath = run.folder / ("pve-lxc" if engine == "proxmox" else "lxc")
    with root_of(run, name, rootfs(recipe)) as root, defined(lxcpath, ctid, name, root, keys):
        ct = start(engine, lxcpath, ctid, name, root)
        wait_for(f"{ct!r}: its init to be done", lambda: is_up(ct), 60)
        yield ct


@contextmanager
def defined(
    lxcpath: Path, ctid: str, hostname: str, root: Path, keys: Sequence[str] = ()
) -> Iterator[Path]:
    """A CT that lxc-ls lists, with its config file; killed and undefined at the end."""
    home = lxcpath / ctid
    home.mkdir(parents=True)
    text = CONFIG.format(root=root, hostname=hostname, log=home / "log") + "\n".join(keys) + "\n"
    (home / "config").write_text(text, encoding="ascii")
    try:
        yield home / "config"
    finally:
        attempt(["lxc-stop", "-P", str(lxcpath), "-n", ctid, "-k"])
        for path in home.iterdir():
            path.unlink()
        home.rmdir()


def start(engine: str, lxcpath: Path, ctid: str, name: str, root: Path) -> LxcCT:
    """Start a defined CT; LabError with the last line of LXC's log when it does not."""
    command = ["lxc-start", "-P", str(lxcpath), "-n", ctid]
    if attempt(command).returncode != 0:
        log = (lxcpath / ctid / "log").read_text(encoding="utf-8", errors="replace")
        raise LabError(f"{' '.join(command)}: {(log.splitlines() or ['no log'])[-1]}")
    call(["lxc-wait", "-P", str(lxcpath), "-n", ctid, "-s", "RUNNING", "-t", "15"])
    return LxcCT(engine, lxcpath, ctid, name, root)
