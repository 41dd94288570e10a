"""Services of systemd, by `systemctl show`.

    Id=cron.service            the unit that an alias leads to
    LoadState=loaded           loaded, not-found, masked, bad-setting, error
    ActiveState=active
    SubState=running           "exited": what it started has ended; systemd calls it active still
    UnitFileState=enabled      enabled, disabled, static, indirect, alias, masked, generated, ...
    SourcePath=/etc/init.d/x   generated from an init script
    WantedBy=multi-user.target

Documented in systemctl(1), is-enabled, and org.freedesktop.systemd1(5).
"""

from __future__ import annotations

import re
import shlex

from ct0.errors import Unavailable
from ct0_suites.resources.services.record import SYSTEMD, Service
from ct0_suites.transport import Output

PROPERTIES = (
    "Id",
    "LoadState",
    "ActiveState",
    "SubState",
    "UnitFileState",
    "Type",
    "RemainAfterExit",
    "MainPID",
    "PIDFile",
    "SourcePath",
    "WantedBy",
    "RequiredBy",
    "TriggeredBy",
    "Result",
)
KINDS = (
    "service",
    "socket",
    "timer",
    "target",
    "path",
    "mount",
    "automount",
    "swap",
    "slice",
    "scope",
    "device",
)
# Started by the next boot, whoever looks.
ENABLED = ("enabled", "alias", "linked")
RUNTIME = ("enabled-runtime", "linked-runtime", "transient")
# Targets that no usual boot reaches.
ELSEWHERE = re.compile(
    r"(rescue|emergency|shutdown|reboot|soft-reboot|poweroff|halt|kexec|exit|final|umount|sleep"
    r"|suspend|hibernate|hybrid-sleep|suspend-then-hibernate|initrd.*|ctrl-alt-del)\.target"
)
SUBSTATES = {
    "service": ("running",),
    "socket": ("listening", "running"),
    "timer": ("waiting", "running"),
    "path": ("waiting", "running"),
    "mount": ("mounted",),
    "automount": ("waiting", "running"),
    "swap": ("active",),
    "target": ("active",),
    "slice": ("active",),
    "scope": ("running",),
    "device": ("plugged",),
}


def unit(name: str) -> str:
    return name if name.rpartition(".")[2] in KINDS and "." in name else f"{name}.service"


def command(*names: str) -> str:
    """Asks for some units; one property an option: commas are newer."""
    options = " ".join(f"-p {each}" for each in PROPERTIES)
    units = " ".join(shlex.quote(unit(name)) for name in names)
    return f"LC_ALL=C SYSTEMD_COLORS=0 systemctl --no-pager show {options} -- {units}"


def parse_show(said: Output, count: int = 1) -> list[dict[str, str]]:
    """What systemd knows of each unit that was asked for. Raises Unavailable."""
    units: list[dict[str, str]] = []
    for block in said.text.strip("\n").split("\n\n"):
        unit = dict(line.split("=", 1) for line in block.split("\n") if "=" in line)
        if "LoadState" in unit and "ActiveState" in unit:
            units.append(unit)
    if said.status != 0 or len(units) != count:
        raise Unavailable(f"systemd does not say what it runs: {said.trouble}")
    return units


def service_of(name: str, shown: dict[str, str]) -> Service:
    """Without the links of an init script it may be generated from."""
    load, active = shown["LoadState"], shown["ActiveState"]
    sub = shown.get("SubState", "")
    state = f"{active} ({sub})" if sub and sub != active else active
    if load == "not-found":
        return Service(name, SYSTEMD, exists=False, running=False, state="no unit", enabled=False)
    if load not in ("loaded", "merged"):
        state = f"{load.replace('-', ' ')}, {state}"
    file_state = shown.get("UnitFileState", "")
    pid = shown.get("MainPID", "0")
    return Service(
        name,
        SYSTEMD,
        exists=True,
        running=is_running(shown),
        state=explained(shown, state),
        enabled=is_enabled(shown),
        enabling=enabling(shown),
        masked=load == "masked" or file_state.startswith("masked"),
        script=shown.get("SourcePath", "") if generated(shown) else "",
        pid=int(pid) if pid.isdigit() and pid != "0" and shown.get("PIDFile") else None,
        pidfile=shown.get("PIDFile", ""),
    )


def generated(shown: dict[str, str]) -> bool:
    """From an init script, by systemd-sysv-generator or by systemd itself before 218."""
    return "/init.d/" in shown.get("SourcePath", "")


def is_running(shown: dict[str, str]) -> bool:
    if shown["ActiveState"] not in ("active", "reloading", "refreshing"):
        return False
    kind = shown.get("Id", "").rpartition(".")[2]
    sub = shown.get("SubState", "")
    if sub in SUBSTATES.get(kind, ("running",)) or sub.startswith("reload"):
        return True
    # It did what it is for, and was not meant to stay: nftables, networking.
    return sub == "exited" and shown.get("Type") == "oneshot"


def explained(shown: dict[str, str], state: str) -> str:
    if shown["ActiveState"] == "active" and shown.get("SubState") == "exited":
        if not is_running(shown):
            what = "its init script" if generated(shown) else "what it started"
            state += f": {what} has ended, and no process of it lives"
    elif shown["ActiveState"] == "failed" and shown.get("Result", "success") != "success":
        state += f": {shown['Result']}"
    if shown["ActiveState"] == "inactive" and shown.get("TriggeredBy"):
        state += f"; {shown['TriggeredBy']} starts it on demand"
    return state


def is_enabled(shown: dict[str, str]) -> bool:
    """Whether the next boot starts it. One that cannot be enabled is if something wants it."""
    file_state = shown.get("UnitFileState", "")
    if file_state in ENABLED:
        return True
    if file_state in ("static", "indirect", "generated"):
        wanting = f"{shown.get('WantedBy', '')} {shown.get('RequiredBy', '')}".split()
        return any(each.endswith(".target") and not ELSEWHERE.match(each) for each in wanting)
    return False


def enabling(shown: dict[str, str]) -> str:
    file_state = shown.get("UnitFileState", "") or "without a unit file"
    if file_state in RUNTIME:
        return f"{file_state}: only until the next boot"
    if file_state in ("static", "indirect") and not is_enabled(shown):
        triggers = shown.get("TriggeredBy")
        more = f"{triggers} starts it on demand" if triggers else "no target wants it"
        return f"{file_state}: {more}"
    return file_state
