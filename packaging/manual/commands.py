"""Every command that has a man page: where it is described, and in which package it comes."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple


class Command(NamedTuple):
    """`page` is its man page's name; `module` has parser(), or a usage text as its docstring."""

    name: str  # as it is typed: "ct0 list"
    page: str
    section: int
    package: str
    module: str
    summary: str
    usage: bool = False  # described by a docstring, not by a parser


def ct0(word: str, module: str, package: str, section: int = 1) -> Command:
    """A subcommand, with the line that `ct0 --help` has for it."""
    lines = (import_module("ct0.cli.__main__").__doc__ or "").splitlines()
    [summary] = [line.split(None, 1)[1] for line in lines if line.startswith(f"  {word} ")]
    return Command(f"ct0 {word}", f"ct0-{word}", section, package, module, summary)


def plugin(word: str, module: str, package: str = "ct0-checks") -> Command:
    """A plugin, with the first line of its docstring."""
    first, _, _ = (import_module(module).__doc__ or "").partition("\n")
    _, _, summary = first.rstrip(".").partition(": ")
    return Command(f"check_{word}", f"check_{word}", 1, package, module, summary)


def shim(name: str, section: int, summary: str) -> Command:
    """Its page is ct0-NAME: NAME is the incumbent's, on the same host."""
    module = f"ct0_shims.{name.replace('-', '_')}"
    page = name if name.startswith("ct0-") else f"ct0-{name}"
    return Command(name, page, section, "ct0-shims", module, summary, usage=True)


SHIMS = (
    shim("pidof", 1, "find the PIDs of CT0's own programs"),
    shim("pgrep", 1, "find CT0's own processes by name and more"),
    shim("pkill", 1, "signal CT0's own processes by name and more"),
    shim("killall", 1, "signal CT0's own processes by name"),
    shim("killall5", 8, "signal all of CT0's own processes"),
    shim("killproc", 8, "stop CT0's own daemon"),
    shim("checkproc", 8, "check whether CT0's own daemon runs"),
    shim("pidofproc", 8, "find the PIDs of CT0's own daemon"),
    shim("startproc", 8, "start a daemon unless CT0 runs it already"),
    shim("ct0-pids", 8, "which of these PIDs are processes of CT0's own"),
)

COMMANDS = (
    Command(
        "ct0", "ct0", 1, "ct0", "ct0.cli.__main__", "what a container host is, and whose its"
        " processes are", usage=True,
    ),
    ct0("list", "ct0.cli.list", "ct0"),
    ct0("owner", "ct0.cli.owner", "ct0"),
    ct0("ps", "ct0.cli.ps", "ct0"),
    ct0("top", "ct0.cli.top", "ct0"),
    ct0("shims", "ct0_shims.delivery.manage", "ct0", 8),
    ct0("monitoring", "ct0_checks.monitoring.arguments", "ct0-checks"),
    ct0("audit", "ct0_audit.command", "ct0-audit"),
    ct0("verify", "ct0_suites.command", "ct0-suites"),
    Command(
        "ct0 verify snapshot", "ct0-verify-snapshot", 1, "ct0-suites", "ct0_suites.observing",
        "write what is true of nodes now as expectations",
    ),
    Command(
        "ct0 verify check", "ct0-verify-check", 1, "ct0-suites", "ct0_suites.checking",
        "whether files of expectations are right",
    ),
    Command(
        "ct0-exporter", "ct0-exporter", 8, "ct0-exporter", "ct0_exporters.__main__",
        "Prometheus exporter for a container host",
    ),
    Command(
        "ct0-exporter targets", "ct0-exporter-targets", 8, "ct0-exporter",
        "ct0_exporters.targets", "the addresses of containers, for Prometheus to scrape",
    ),
    Command(
        "ct0-read", "ct0-read", 8, "ct0-checks", "ct0_checks.reader",
        "read for the plugins what only root may", usage=True,
    ),
    Command(
        "check_procs", "check_procs", 1, "ct0-checks", "ct0_checks.procs",
        "count processes, without those in containers", usage=True,
    ),
    plugin("ct_state", "ct0_checks.ct_state"),
    plugin("ct_resources", "ct0_checks.ct_resources"),
    plugin("ct_pressure", "ct0_checks.ct_pressure"),
    plugin("ct_disk", "ct0_checks.ct_disk"),
    plugin("ct_load", "ct0_checks.ct_load"),
    plugin("ct_network", "ct0_checks.ct_network"),
    plugin("ct0_health", "ct0_checks.ct0_health"),
    Command(
        "check_ct0_audit", "check_ct0_audit", 1, "ct0-audit", "ct0_audit.nagios",
        "what on this host would signal or count containers' processes",
    ),
    *SHIMS,
)  # fmt: skip
