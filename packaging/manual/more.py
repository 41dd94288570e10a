"""What a man page says that no parser knows: exit statuses, files, the environment, neighbours."""

from __future__ import annotations

from manual.commands import Command

# For options that a parser or a usage text only names.
TEXTS: dict[str, dict[str, str]] = {
    "ct0": {},
    "ct0 owner": {"PID": "the processes asked about", "--json": "write JSON"},
    "ct0 ps": {"--json": "write JSON"},
    "ct0 top": {"--sort": "by this column (default cpu)"},
    "ct0 audit": {
        "--format": "how the findings are written (default text)",
        "--color": "whether the text is coloured; auto: on a terminal (default auto)",
    },
    "ct0 monitoring": {
        "--nagios": "write for Nagios",
        "--icinga2": "write for Icinga 2",
        "--nrpe": "write commands for NRPE",
        "--checkmk": "write local checks for Checkmk",
        "--director": "write a basket for Icinga Director",
    },
    "check_ct0_audit": {
        "--critical-on": "CRITICAL for these and worse (default kill)",
        "--warning-on": "WARNING for these and worse (default miscount)",
    },
    "check_procs": {"--no-perfdata": "no performance data"},
}
COMMON = {"-h": "show the usage text and exit", "-V": "show the version and exit"}
SELECTION = {
    **COMMON,
    "-i": "small and capital letters are the same",
    "-n": "the newest only",
    "-o": "the oldest only",
    "-O": "only those that run for longer than that",
    "-p": "only these processes",
    "-P": "only children of these",
    "-g": "only of these process groups; 0 is that of the command itself",
    "-s": "only of these sessions; 0 is that of the command itself",
    "-u": "only with this effective user",
    "-U": "only with this real user",
    "-G": "only with this real group",
    "-t": "only on this terminal",
    "-r": "only in these states, as ps' column S has them",
    "-F": "only whose PID is in this file",
    "-L": "the file of -F must be locked",
    "--inverse": "only those that do not match",
    "--cgroup": "only in these cgroups (version 2)",
    "--env": "only with this in their environment",
}
TEXTS["pgrep"] = TEXTS["pkill"] = SELECTION
TEXTS["pidof"] = COMMON
TEXTS["check_procs"].update(COMMON)
TEXTS["startproc"] = {
    "-u": "run it as this user, in this group",
    "-L": "as those of ct0-checkproc(8)",
}

ACTIONS = {
    "ct0 shims": (
        ("install", "lay out the shims and the hooks"),
        ("check", "say whether `install` would change anything: exit status 0 if not"),
        ("remove", "take back exactly what was laid out"),
        ("status", "say how things stand, and who would bypass the shims"),
        ("build", "print the one file for hosts without pip"),
        ("sources", "write what the one file holds below DIR"),
        ("divert", "put a shim in the incumbent's own place, for callers by absolute path"),
        ("undivert", "put the incumbent back, as it was"),
    ),
    "ct0 monitoring": (
        ("generate", "write this host and its containers as a monitoring server's configuration"),
        ("definitions", "print the commands and templates that go with it"),
    ),
}

PLAIN = "0 done, 1 trouble, 2 the command line is wrong."
NAGIOS = (
    "0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN: nothing could be judged, the command line is wrong,"
    " or the usage text was asked for."
)
STATUS = {
    "ct0": "The subcommand's own: mostly 0 done, 1 trouble; 2 the command line is wrong.",
    "ct0 list": PLAIN,
    "ct0 owner": "0 all PIDs were told, 1 a process does not exist or cannot be read, 2 the command"
    " line is wrong.",
    "ct0 ps": PLAIN,
    "ct0 top": PLAIN,
    "ct0 shims": "0 done, or nothing to do; 1 refused, or trouble; 2 the command line is wrong."
    " `status`: 0 the shims are installed whole, else 1.",
    "ct0 audit": "0 nothing as bad as --fail-on, 1 a finding is, 2 the command line is wrong, 3"
    " none is but a file could not be read.",
    "ct0 verify check": "0 the files are right, 3 one is not, or none was named.",
    "ct0-exporter": "0 ended by a signal, or written; 1 containers cannot be listed, the output not"
    " be written, or an address not be taken; 2 the command line is wrong.",
    "ct0-exporter targets": "0 written, 1 containers cannot be listed or the file not be written, 2"
    " the command line is wrong.",
    "ct0-read": "0 written, 1 the host cannot be read, 2 an argument was given.",
    "check_procs": NAGIOS,
}

PLUGINS = (
    ("/run/ct0/state.json", "the survey that ct0-state.timer writes; see --state-file"),
    ("/usr/lib/ct0/ct0-read", "the reader that is run through sudo"),
    ("/var/lib/ct0/checks", "what was counted before; see --state-dir"),
)
SETTINGS = ("/etc/ct0/shims.conf", "settings; see shims.conf(5)")
FILES: dict[str, tuple[tuple[str, str], ...]] = {
    "ct0 audit": (
        ("/etc/ct0/audit-waivers", "findings that somebody left, with the reason and until when"),
        ("/var/cache/ct0/audit", "what was read before, of files that have not changed"),
        ("/var/backups/ct0-audit", "the files that `ct0 audit fix --apply` rewrote, as they were"),
    ),
    "ct0 shims": (
        ("/usr/lib/ct0/ct0-shims", "the shims in one file, and `ct0 shims` itself"),
        ("/usr/lib/ct0/shims", "a link for each command"),
        ("/usr/lib/ct0/functions", "the shell functions for init scripts"),
        ("/usr/lib/ct0/shims.manifest", "what was laid out"),
        ("/lib/lsb/init-functions.d/99-ct0", "the hook of Debian and kin"),
        ("/etc/sysconfig/init", "the hook of RHEL and kin: one line in it"),
        SETTINGS,
    ),
    "ct0-exporter": (
        ("/etc/ct0/web.yml", "the usual place of the --web.config.file"),
        ("/etc/default/ct0-exporter", "options for the unit ct0-exporter.service"),
    ),
    "ct0 verify": (
        ("/etc/ct0/expectations.d", "expectations that Puppet lays out, for --expect"),
        ("/etc/ct0/waivers.yaml", "waivers that Puppet lays out, for --waivers"),
    ),
    "check_ct0_audit": (
        ("/etc/ct0/audit-waivers", "findings that somebody left, with the reason and until when"),
    ),
}
ENVIRONMENT: dict[str, tuple[tuple[str, str], ...]] = {
    "ct0": (("NO_COLOR", "no colours, whatever the terminal"),),
    "ct0 audit": (
        ("CT0_AUDIT_CACHE", "another folder for what was read before"),
        ("NO_COLOR", "no colours, whatever the terminal"),
    ),
    "ct0-exporter": (
        ("LISTEN_FDS, LISTEN_PID", "sockets that systemd passes"),
        ("NOTIFY_SOCKET", "where systemd is told that the exporter serves"),
    ),
    "check_procs": (
        ("MP_CONFIG_FILE", "the ini file of --extra-opts"),
        ("NAGIOS_CONFIG_PATH", "folders in which it is looked for"),
    ),
}
ALSO = {
    "ct0 shims": ("shims.conf(5)", "ct0-pidof(1)", "ct0-killproc(8)", "ct0-audit(1)"),
    "ct0 audit": ("check_ct0_audit(1)", "ct0-shims(8)"),
    "check_ct0_audit": ("ct0-audit(1)",),
    "ct0 verify": ("ct0-verify-check(1)", "ct0-verify-snapshot(1)", "ct0-list(1)"),
    "ct0 verify check": ("ct0-verify(1)",),
    "ct0 verify snapshot": ("ct0-verify(1)",),
    "ct0-exporter": ("ct0-exporter-targets(8)", "ct0-list(1)"),
    "ct0-exporter targets": ("ct0-exporter(8)",),
    "ct0 monitoring": ("check_ct_state(1)", "check_ct0_health(1)", "ct0-list(1)"),
    "ct0-read": ("check_ct_state(1)", "sudo(8)"),
    "check_procs": ("ct0-ps(1)", "check_ct_state(1)"),
    "checkproc": ("ct0-pidofproc(8)", "ct0-killproc(8)", "ct0-startproc(8)", "shims.conf(5)"),
    "pidofproc": ("ct0-checkproc(8)", "ct0-shims(8)", "shims.conf(5)"),
}


def files(command: Command) -> tuple[tuple[str, str], ...]:
    if is_shim(command):
        return (SETTINGS, ("/usr/lib/ct0/shims", "where the shims lie"))
    if command.name.startswith("check_ct") and command.name not in FILES:
        return PLUGINS
    return FILES.get(command.name, ())


def status(command: Command, told: str) -> str:
    """What is said here, else what the command itself says (`told`), else what plugins have."""
    default = NAGIOS if command.name.startswith("check_") else ""
    return STATUS.get(command.name) or told or default


def also(command: Command, pages: dict[str, int]) -> tuple[str, ...]:
    """Its neighbours; `pages` are all there are, by name."""
    if command.name == "ct0":
        return tuple(f"{name}({pages[name]})" for name in SUBCOMMANDS)
    if command.name in ALSO:
        return ALSO[command.name]
    if is_shim(command):
        return ("ct0-shims(8)", "shims.conf(5)")
    if command.name.startswith("check_ct"):
        return ("ct0-monitoring(1)", "ct0-read(8)", "ct0-list(1)")
    return ("ct0(1)",)


SUBCOMMANDS = (
    "ct0-audit", "ct0-exporter", "ct0-list", "ct0-monitoring", "ct0-owner", "ct0-ps", "ct0-shims",
    "ct0-top", "ct0-verify",
)  # fmt: skip


def is_shim(command: Command) -> bool:
    return command.package == "ct0-shims"
