"""OpenVZ 6 and Virtuozzo 7 to 9.

    1:freezer,devices,name=container:/101                     OpenVZ 6; CT0 is "/" or "/0"
    14:ve:/3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1               Virtuozzo
    6:memory:/machine.slice/3fb1ae42-...[.scope]

`envID:` in /proc/PID/status is the first evidence; the cgroups serve where a kernel lacks it.
"""

from __future__ import annotations

from ct0.engines.mark import HEX, Mark

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ct0.container import CT
    from ct0.host import Host

HIERARCHIES = frozenset(
    ("ve", "beancounter", "name=container", "name=beancounter", "name=fairsched")
)


def payload(controllers: str, parts: list[str]) -> Mark | None:
    if parts and not HIERARCHIES.isdisjoint(controllers.split(",")):
        return Mark(1, parts[0]) if is_ctid(parts[0]) and parts[0] != "0" else None
    for depth, part in enumerate(parts, 1):
        if part == "machine.slice" and depth < len(parts):
            name = parts[depth]
            name = name[:-6] if name.endswith(".scope") else name
            return Mark(depth + 1, name) if is_ctid(name) else None
    return None


def is_ctid(name: str) -> bool:
    """A number, or a UUID as Virtuozzo writes them."""
    if name.isdigit():
        return True
    groups = name.split("-")
    return [len(group) for group in groups] == [8, 4, 4, 4, 12] and all(
        HEX.issuperset(group) for group in groups
    )


def configured(host: Host, commands: list[list[str]]) -> Iterator[CT]:
    """Every /etc/vz/conf/CTID.conf but CT0's own 0.conf; vz.conf holds the defaults."""
    from ct0.container import CT, MOUNTED, STOPPED, SUSPENDED
    from ct0.errors import Unavailable
    from ct0.text import entries, read_text, settings

    try:
        defaults = settings(read_text(host.path("/etc/vz/vz.conf")))
    except Unavailable:
        defaults = {}
    dumps = set(entries(host.path(defaults.get("DUMPDIR", "/vz/dump"))))
    mounted = mount_points(host)
    for name in entries(host.path("/etc/vz/conf")):
        ctid, _, kind = name.rpartition(".")
        if kind != "conf" or ctid == "0" or not is_ctid(ctid):
            continue  # ve-basic.conf-sample and the like
        config = f"/etc/vz/conf/{name}"
        try:
            keys = settings(read_text(host.path(config)))
        except Unavailable:
            keys = {}
        root = keys.get("VE_ROOT") or defaults.get("VE_ROOT", "/vz/root/$VEID")
        root = root.replace("$VEID", ctid).replace("${VEID}", ctid)
        state = SUSPENDED if f"Dump.{ctid}" in dumps else MOUNTED if root in mounted else STOPPED
        called = keys.get("NAME") or keys.get("HOSTNAME", "")
        yield CT(
            "openvz",
            ctid,
            called,
            state,
            config=config,
            root=root,
            autostart=on_boot(keys) if keys else None,
        )


def on_boot(keys: dict[str, str]) -> bool | None:
    """ONBOOT; Virtuozzo's `auto` means as it was before, which no file says."""
    value = keys.get("ONBOOT", "no")
    return None if value == "auto" else value == "yes"


def mount_points(host: Host) -> set[str]:
    from ct0.errors import Unavailable
    from ct0.text import read_text

    try:
        text = read_text(f"{host.proc}/mounts")
    except Unavailable:
        return set()
    return {words[1] for words in map(str.split, text.split("\n")) if len(words) > 1}
