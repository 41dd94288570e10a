"""docs/exporter.md says what the exporter loses without each of its capabilities: asked here of the
real one, as root and as nobody, against the lab's real containers.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

import ct0
import ct0_exporters
from ct0_exporters.collectors import COLLECTORS

from .command import call
from .ct import CT
from .docker import Docker
from .lxc import LxcCT, defined, lxc_ct
from .recipes import SYSVINIT, rootfs
from .run import Run

PAGE = Path(__file__).parents[2] / "docs" / "exporter.md"
BEGIN, END = "<!-- capabilities: begin -->\n", "<!-- capabilities: end -->"

READ, TRACE, OVERRIDE = "CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE"
SETS: dict[str, tuple[str, ...]] = {
    "none": (),
    f"`{READ}`": (READ,),
    f"`{TRACE}`": (TRACE,),
    "both": (READ, TRACE),
    f"both and `{OVERRIDE}`": (READ, TRACE, OVERRIDE),
}
HEAD = """\
| capabilities | metrics lost | CTID in place of the name | stopped CTs lost | collectors failing |
|---|---|---|---|---|
"""
NOBODY = 65534
SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="([^"]*)"')
# No cgroup of their own here, and not registered anywhere.
NO_CGROUP = ("nspawn", "bare")
ALONE = "CTs whose root CT0 has not mounted"  # here one of LXC's


class Place(NamedTuple):
    program: list[str]
    running: dict[str, str]  # CTID -> its kind
    stopped: dict[str, str]


class Seen(NamedTuple):
    """What one scrape has of this run's CTs."""

    metrics: dict[str, set[str]]  # CTID -> its metrics; "" for those of no CT
    names: dict[str, str]  # CTID -> label `name`
    failed: set[str]  # collectors


@pytest.fixture(scope="module")
def place(run: Run, cts: dict[str, CT], dockerd: Docker, lxc: LxcCT) -> Iterator[Place]:
    """The exporter where anybody may read it, CTs that are stopped, one whose root CT0 does not
    have mounted, and LXC's folders with the mode that lxc-create gives them."""
    modules = run.folder / "modules"
    for module in (ct0, ct0_exporters, psutil):
        source = Path(str(module.__file__)).parent
        shutil.copytree(source, modules / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    call(["chmod", "-R", "a+rX", str(modules)])
    start = f"import sys; sys.path.insert(0, {str(modules)!r}); "
    start += "from ct0_exporters.__main__ import main; sys.exit(main())"
    options = ["--collector.timeout=50", *(f"--collector.{name}" for name in COLLECTORS)]
    upper = run.folder / "alone" / "upper"
    upper.mkdir(parents=True)
    mounted = f"lxc.rootfs.path = overlay:{rootfs(SYSVINIT)}:{upper}"
    name = f"{run.prefix}-stopped1"
    with ExitStack() as stack:
        alone = stack.enter_context(lxc_ct(run, "alone1", keys=[mounted]))
        stack.enter_context(defined(lxc.lxcpath, name, name, lxc.root))
        stack.callback(dockerd.remove, "stopped1")
        stopped = {name: "lxc", dockerd.create("stopped1"): "docker"}
        for home in lxc.lxcpath.iterdir():
            stack.callback(home.chmod, home.stat().st_mode & 0o7777)
            home.chmod(0o770)
        running = {ct.ctid: ct.engine for key, ct in cts.items() if key not in NO_CGROUP}
        running[alone.ctid] = ALONE
        command = ["/usr/bin/python3", "-BES", "-c", start, "once", *options]
        yield Place(command, running, stopped)


def as_nobody(capabilities: tuple[str, ...]) -> list[str]:
    given = [f"+{each[len('CAP_') :].lower()}" for each in capabilities]
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    command.append("--inh-caps=" + ",".join(["-all", *given]))
    command.append("--ambient-caps=" + ",".join(["-all", *given]))
    return command


def seen(place: Place, prefix: Sequence[str] = ()) -> Seen:
    found = Seen({}, {}, set())
    for line in call([*prefix, *place.program]).stdout.splitlines():
        sample = SAMPLE.fullmatch(line)
        if sample is None:
            continue
        metric, labels = sample[1], dict(LABEL.findall(sample[2] or ""))
        ctid = labels.get("ctid", "")
        if ctid not in ("", *place.running, *place.stopped):
            continue  # another run's
        found.metrics.setdefault(ctid, set()).add(metric)
        if ctid:
            found.names[ctid] = labels["name"]
        if metric == "ct_scrape_collector_success" and not float(sample[3]):
            found.failed.add(labels["collector"])
    return found


@pytest.fixture(scope="module")
def root(place: Place) -> Seen:
    """What root sees; asked first, for a series may come at any time (a CT's first access to a
    disk) and none goes."""
    return seen(place)


def row(capabilities: str, place: Place, root: Seen, less: Seen) -> str:
    kinds: dict[str, set[str]] = {}  # metric -> the kinds of CT that lost it
    for ctid, kind in {"": "host", **place.running}.items():
        for metric in root.metrics[ctid] - less.metrics.get(ctid, set()):
            kinds.setdefault(metric, set()).add(kind)
    having: dict[str, set[str]] = {}
    for ctid, kind in place.running.items():
        for metric in root.metrics[ctid]:
            having.setdefault(metric, set()).add(kind)
    said: dict[str, list[str]] = {}  # kinds, written out -> metrics
    for metric, lost in kinds.items():
        all_of_them = len(lost) > 1 and lost == having.get(metric)
        said.setdefault("all" if all_of_them else words(lost), []).append(metric)
    metrics = "; ".join(
        f"{', '.join(shortened(said[which], root))} of {which}" for which in sorted(said)
    )
    renamed = {
        kind
        for ctid, kind in place.running.items()
        if ctid in less.names and less.names[ctid] != root.names[ctid]
    }
    gone = {kind for ctid, kind in place.stopped.items() if ctid not in less.metrics}
    failed = ", ".join(f"`{name}`" for name in sorted(less.failed - root.failed))
    cells = (metrics, words(renamed), words(gone), failed)
    return f"| {capabilities} | " + " | ".join(cell or "-" for cell in cells) + " |\n"


def words(kinds: set[str]) -> str:
    if "lxc" in kinds:
        kinds = kinds - {ALONE}  # it is one of them
    return ", ".join(sorted(kinds, key=lambda kind: (kind == ALONE, kind)))


def shortened(metrics: list[str], root: Seen) -> list[str]:
    """`ct_filesystem_*` for all that a collector has."""
    there = set().union(*root.metrics.values())
    left, found = set(metrics), []
    for name, collector in COLLECTORS.items():
        offered = {metric.name for metric in collector.metrics} & there
        alike = all(metric.startswith(f"ct_{name}_") for metric in offered)
        if alike and len(offered) > 1 and offered <= left:
            found.append(f"`ct_{name}_*`")
            left -= offered
    return sorted([*found, *(f"`{metric}`" for metric in left)])


def test_the_table_is_current(place: Place, root: Seen, request: pytest.FixtureRequest) -> None:
    rows = [row(each, place, root, seen(place, as_nobody(SETS[each]))) for each in SETS]
    table = HEAD + "".join(rows)
    text = PAGE.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    kept, end, after = rest.partition(END)
    assert begin
    assert end
    if request.config.getoption("--update-golden"):
        kept = table
        PAGE.write_text(before + begin + table + end + after, encoding="utf-8")
    assert kept == table


def test_root_sees_everything(place: Place, root: Seen) -> None:
    """Or the table would be of what nobody has."""
    assert root.metrics.keys() == {"", *place.running, *place.stopped}
    assert root.failed == set()
    assert all("ct_filesystem_size_bytes" in root.metrics[ctid] for ctid in place.running)
    assert all("ct_open_files" in root.metrics[ctid] for ctid in place.running)


def test_the_unit_s_capabilities_lose_nothing(place: Place, root: Seen) -> None:
    less = seen(place, as_nobody((READ, TRACE)))
    assert row("both", place, root, less) == "| both | - | - | - | - |\n"
    assert (less.failed, less.names) == (set(), root.names)
