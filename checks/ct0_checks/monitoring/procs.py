"""check_procs' options: the variables of the ITL's `procs` (icinga2's command-plugins.conf), for a
host to change over by the command's name alone, and in the same way what only ours has."""

from __future__ import annotations

from ct0_checks.monitoring.option import FLAG, REPEATED, VALUE, Option

# What the ITL's command has when a host says nothing.
DEFAULTS = {"procs_warning": "250", "procs_critical": "400"}

PROCS = (
    Option(
        "-w",
        "procs_warning",
        VALUE,
        "WARNING if the number of processes, or the metric, is outside",
    ),
    Option("-c", "procs_critical", VALUE, "CRITICAL if it is outside"),
    Option("-m", "procs_metric", VALUE, "PROCS, VSZ, RSS, CPU, ELAPSED or THREADS"),
    Option("-t", "procs_timeout", VALUE, "CRITICAL after so many seconds"),
    Option("-T", "procs_traditional", FLAG, "nothing: this process is left out anyway"),
    Option("-s", "procs_state", VALUE, "with these flags in the column STAT"),
    Option("-p", "procs_ppid", VALUE, "children of this process"),
    Option("-z", "procs_vsz", VALUE, "of at least so many KiB of address space"),
    Option("-r", "procs_rss", VALUE, "of at least so many KiB in memory"),
    Option("-P", "procs_pcpu", VALUE, "of at least so many percent of a CPU"),
    Option("-u", "procs_user", VALUE, "of this user, by name or number"),
    Option("-a", "procs_argument", VALUE, "with this text in their arguments"),
    Option("--ereg-argument-array", "procs_argument_regex", VALUE, "with arguments that match"),
    Option("-C", "procs_command", VALUE, "of this name, without a path"),
    Option("-X", "procs_exclude_process", VALUE, "not of these names, separated by commas"),
    Option("-k", "procs_nokthreads", FLAG, "no kernel threads"),
    # Ours.
    Option("--scope", "procs_scope", VALUE, "host (CT0's own), all, cts or ct"),
    Option("--ct", "ct_id", REPEATED, "this container's"),
    Option("--per-ct", "procs_per_ct", FLAG, "judge each container by itself"),
    Option("--sandbox", "procs_sandbox", VALUE, "whose unclaimed PID namespaces are: host or ct"),
    Option("--detect", "procs_detect", VALUE, "auto, or by one evidence: nspid, envid, cgroup"),
    Option("--state-any", "procs_state_any", VALUE, "with any of these flags"),
    Option("--state-all", "procs_state_all", VALUE, "with all of these flags"),
    Option("--match-exe", "procs_match_exe", FLAG, "the command is the executable's name"),
    Option(
        "--comm-full",
        "procs_comm_full",
        FLAG,
        "the command is a whole name of more than 15 characters",
    ),
    Option("--missing", "procs_missing", VALUE, "the state if there is no such container"),
    Option("--max-listed", "procs_max_listed", VALUE, "name so many containers"),
    Option("--no-perfdata", "procs_no_perfdata", FLAG, "no performance data"),
    Option("--root", "ct_root", VALUE, "a recorded or mounted host"),
    Option("-v", "procs_verbose", FLAG, "who offends, and by what evidence"),
)
