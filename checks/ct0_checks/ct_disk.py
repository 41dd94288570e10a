"""check_ct_disk: how full containers' file systems are, seen from CT0.

    CT_DISK WARNING - web1 (lxc web1): / 85.2% of 2.0G (outside 0:80), / inodes 91.0% of 131072

Judged is each running container's root, and every other disk mounted whole in it: OpenVZ's simfs by
its quota, all else by statvfs of the mount that CT0 has. Nothing is looked for below a container's
root. Percent is of what ordinary users may fill, as df has it.

A container whose root is a folder, an overlay or a subvolume of a file system that holds others'
files has no size of its own: that is said and not judged, unless --shared asks for it; where none
has any it is UNKNOWN, or what --unjudged says. check_ct0_health judges the file system itself.

A file system that does not answer is UNKNOWN, and costs no other container its judgement.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ct0.figures import size
from ct0.filesystem import Filesystem
from ct0.survey import Surveyed
from ct0_checks.layer import options
from ct0_checks.layer.cleaning import clean, label
from ct0_checks.layer.findings import STATES, Finding, Metric, Unknown, measured, not_judged
from ct0_checks.layer.options import Parser, checked
from ct0_checks.layer.plugin import Inspection, Plugin, run
from ct0_checks.layer.ranges import Range, parse_threshold, scaled

DISKS = 16  # of one CT that are judged: it may mount as many as it likes


def parser() -> Parser:
    made = options.parser(
        "check_ct_disk", __doc__ or "", "80", "90", type=percent, help="percent used"
    )
    add = made.add_argument_group("disk").add_argument
    for letter, word, default in (("-W", "warning", "80"), ("-K", "critical", "90")):
        add(
            letter,
            f"--inodes-{word}",
            metavar="RANGE",
            type=checked(percent),
            default=default,
            help=f"the same of inodes (default {default})",
        )
    add(
        "--shared",
        action="store_true",
        help="judge file systems too that hold others' files: the numbers are everybody's",
    )
    return made


def percent(text: str) -> Range:
    found = parse_threshold(text)
    if found.size:
        raise ValueError(f"{text!r}: percent, not bytes")
    return found.range


def judge(inspection: Inspection, surveyed: Surveyed) -> Iterator[Finding]:
    """A finding for each file system's blocks and inodes."""
    asked = inspection.options
    shared = 0
    for disk in surveyed.filesystems[:DISKS]:
        if disk.shared and not asked.shared:
            shared += 1
        else:
            yield from fullness(asked, disk)
    if shared:
        whose = "a file system" if shared == 1 else f"{shared} file systems"
        yield not_judged(f"shares {whose} with others: not judged")
    if len(surveyed.filesystems) > DISKS:
        left = len(surveyed.filesystems) - DISKS
        yield Finding(Unknown, f"{left} more file systems, not judged")
    if "filesystems" in surveyed.broken:
        yield Finding(Unknown, surveyed.troubles["filesystems"])
    elif not surveyed.filesystems:
        why = surveyed.troubles.get("filesystems", "nothing tells of its file systems")
        yield Finding(STATES[asked.missing], why)


def fullness(asked: argparse.Namespace, disk: Filesystem) -> Iterator[Finding]:
    where = clean(disk.mountpoint, 60)
    name = "disk" if disk.mountpoint == "/" else label(disk.mountpoint.strip("/"))
    fillable = disk.used + disk.avail  # what is reserved for root is neither
    if fillable:
        share = 100 * disk.used / fillable
        # Performance data in bytes, and so are its thresholds.
        warning, critical = asked.warning, asked.critical
        limits = scaled(warning, fillable / 100), scaled(critical, fillable / 100)
        metric = Metric(name, disk.used, "B", *limits, 0, fillable)
        text = f"{where} {share:.1f}% of {size(fillable)}"
        yield measured(text, share, asked.warning, asked.critical, [metric])
    if disk.files and disk.files_free is not None:
        used = disk.files - disk.files_free
        warning, critical = asked.inodes_warning, asked.inodes_critical
        limits = scaled(warning, disk.files / 100), scaled(critical, disk.files / 100)
        metric = Metric(f"{name}_inodes", used, "", *limits, 0, disk.files)
        share = 100 * used / disk.files
        text = f"{where} inodes {share:.1f}% of {disk.files}"
        yield measured(text, share, warning, critical, [metric])
    if not fillable and not disk.files:
        yield Finding(Unknown, f"{where} has no size")


PLUGIN = Plugin("ct_disk", parser, judge, parts=("filesystems",))


def main(arguments: list[str]) -> int:
    return run(PLUGIN, arguments)
