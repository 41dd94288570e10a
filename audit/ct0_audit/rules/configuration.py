"""Rules for configuration that is no shell; found by the sources themselves."""

from __future__ import annotations

from ct0_audit.records import BLOCKS, KILLS, MISCOUNTS
from ct0_audit.rules.rule import Case, Rule

GITHUB = "https://github.com/"

RULES = (
    Rule(
        "CT101",
        "monit-matching",
        "monit finds its process by a pattern, in containers too",
        KILLS,
        "`check process NAME matching PATTERN`.",
        "monit searches all of /proc. It takes a container's process for the host's: it does not"
        " restart what is dead, and its figures and what it stops by PID are the container's.",
        (
            Case(
                "some want just that, and have to say so",
                GITHUB + "sonic-net/sonic-buildimage/issues/3878",
            ),
        ),
        ("`check process NAME with pidfile PATH`",),
        "`check process NAME with pidfile /run/NAME.pid`.",
        ("check process foo matching '^foo'",),
    ),
    Rule(
        "CT102",
        "keepalived-track-process",
        "keepalived counts containers' processes as the tracked one",
        MISCOUNTS,
        "`vrrp_track_process` and `track_process`.",
        "keepalived follows the kernel's process events and /proc by name, with no notion of"
        " namespaces: the address stays on a node whose own daemon is dead.",
        (
            Case(
                "the documentation's own sample asks `killall -0 haproxy`",
                GITHUB
                + "acassen/keepalived/blob/master/doc/samples/keepalived.conf.vrrp.localcheck",
            ),
        ),
        ("a `vrrp_script` that asks the service itself", "`systemctl is-active`"),
        "Use a `vrrp_script` with `systemctl is-active --quiet NAME` or a real request.",
        ("vrrp_track_process haproxy { process haproxy }",),
    ),
    Rule(
        "CT103",
        "monitoring-by-name",
        "counts containers' processes as the host's",
        MISCOUNTS,
        "Monitoring that counts processes by name: `check_procs`, snmpd's `proc`, Zabbix'"
        " `proc.num`, collectd's `Process`, telegraf's procstat, munin, Datadog, netdata.",
        "The host's daemon can be dead for as long as one container runs the same: the check is"
        " green. Upper limits alarm for what customers do.",
        (
            Case(
                "check_procs counts containers",
                GITHUB + "monitoring-plugins/monitoring-plugins/issues/900",
            ),
            Case(
                "the same, of Rudder's own agent check",
                GITHUB + "Normation/rudder-packages/issues/747",
            ),
        ),
        (
            "ct0's `check_procs`",
            "telegraf's `pid_file`, `systemd_unit`, `cgroup`",
            "collectd and others inside the containers",
        ),
        "Use ct0's check_procs, a PID file, or the unit's state.",
        ("command[check_cron]=/usr/lib/nagios/plugins/check_procs -c 1: -C cron",),
    ),
    Rule(
        "CT104",
        "snmpd-procfix",
        "snmpd repairs by a count that has containers' processes in it",
        BLOCKS,
        "`procfix NAME COMMAND` in snmpd.conf.",
        "The count is of all containers: the repair does not run when the host's daemon is dead,"
        " and runs when containers have too many.",
        (),
        ("no `procfix`",),
        "Let systemd restart the daemon (`Restart=on-failure`), and drop procfix.",
        ("procfix cron /usr/sbin/service cron restart",),
    ),
    Rule(
        "CT105",
        "configuration-management-by-name",
        "configuration management looks services up in the process table",
        KILLS,
        "Puppet: `hasstatus => false`, `pattern =>`, `provider => base`; Ansible: `pattern:`; Salt:"
        " `sig`, `ps.pkill`, `status.pid`; CFEngine: `processes:`; Chef: a pattern.",
        "They search `ps` for a text. Puppet's base provider kills the first PID that matches;"
        " others do not start what a container runs.",
        (
            Case("processes promises on a container host", GITHUB + "cfengine/core/issues/582"),
            Case(
                "the search for the host's own processes broke",
                GITHUB + "saltstack/salt/issues/6137",
            ),
        ),
        ("`hasstatus => true`, the default", "`provider => systemd`"),
        "Let the provider ask the init system: `hasstatus => true`, no `pattern`, no `sig`.",
        ("service { 'x': hasstatus => false, pattern => 'x' }",),
    ),
    Rule(
        "CT106",
        "needrestart-without-containers",
        "restarts services because of libraries that containers' processes use",
        KILLS,
        "needrestart without its module CONT/other.pm (before April 2024), checkrestart,"
        " needs-restarting.",
        "They look at the files all processes have mapped. A container's process with a deleted"
        " library has the host's service of that name restarted, or is reported for ever.",
        (
            Case(
                "containers' processes taken for the host's",
                GITHUB + "liske/needrestart/issues/317",
            ),
            Case("the same, of a container unknown to it", GITHUB + "liske/needrestart/issues/326"),
        ),
        ("needrestart 3.7 and later",),
        "Update needrestart; or set it to list only (`$nrconf{restart} = 'l';`).",
        ("$nrconf{restart} = 'a';",),
    ),
    Rule(
        "CT107",
        "watchdog-pidfile",
        "watchdog trusts the number in a PID file, whoever has it now",
        MISCOUNTS,
        "`pidfile =` in watchdog.conf.",
        "watchdog asks whether the number lives. On a host with containers it soon does, as"
        " somebody else's: the watchdog never fires.",
        (),
        ("a `test-binary` that asks the service",),
        "Use a test-binary with `systemctl is-active --quiet NAME`.",
        ("pidfile = /var/run/sshd.pid",),
    ),
    Rule(
        "CT108",
        "killer-of-processes",
        "a daemon that chooses processes to kill, containers' among them",
        KILLS,
        "earlyoom, nohang, CSF/lfd's process tracking, cpulimit, PRM, verynice.",
        "They see all processes and choose by memory, time, user or name. A customer's database is"
        " what they find first.",
        (),
        ("earlyoom's `--avoid`", "csf.pignore", "limits on the containers themselves"),
        "Limit each container (memory.max), and take such a killer off the host; or tell it whom to"
        " spare.",
        ('PT_USERKILL = "1"',),
    ),
    Rule(
        "CT109",
        "rootkit-scanner",
        "reports containers' processes, or hidden ones",
        MISCOUNTS,
        "chkrootkit, rkhunter, unhide, run from cron.",
        "They compare ps with /proc and with what kill -0 says. Containers' processes, and above"
        " all kernel.pid_ns_hide_child=1, read as a rootkit.",
        (),
        (),
        "Read their reports knowing that; leave containers' names out in their configuration.",
        ('RUN_DAILY="true"',),
    ),
    Rule(
        "CT110",
        "pidfile-of-a-container",
        "the number in this PID file is a container's process now",
        KILLS,
        "Files below /run whose number is, now, a process of a container's.",
        "Who signals by this file signals the container: PID numbers are shared, and the daemon"
        " that wrote it is gone.",
        (
            Case(
                "reuse of a PID inside and outside a container",
                GITHUB + "ClusterLabs/resource-agents/issues/1327",
            ),
        ),
        ("a file whose process is CT0's own",),
        "Remove the file if its daemon is dead; start the daemon anew.",
        ("/run/foo.pid: 4711",),
    ),
    Rule(
        "CT111",
        "hidden-children",
        "containers' processes are hidden from the host, and live migration is broken",
        MISCOUNTS,
        "sysctl `kernel.pid_ns_hide_child = 1`.",
        "OpenVZ's radical answer: containers started from then on vanish from the host's /proc."
        " `vzctl chkpnt` fails, ct0 and monitoring see nothing of them.",
        (),
        ("0, the default",),
        "Set it to 0 and install ct0's shims instead.",
        ("kernel.pid_ns_hide_child = 1",),
    ),
    Rule(
        "CT112",
        "container-with-host-pids",
        "a container that sees and can signal the host's processes",
        KILLS,
        "Containers whose configuration shares the host's PIDs: `--pid=host`, `hostPID: true`,"
        " `pid: host`, `lxc.namespace.share.pid`.",
        "The other direction: a `pkill` inside reaches the host and every other container.",
        (
            Case(
                "such a container's processes have to be found by cgroup",
                GITHUB + "docker-archive/libcontainer/issues/320",
            ),
        ),
        ("a container with PIDs of its own",),
        "Give it PIDs of its own; if it must see the host's (monitoring), take CAP_KILL from it.",
        ("pid: host",),
    ),
    Rule(
        "CT113",
        "unit-without-control-group-kill",
        "leaves processes behind that something then kills by name",
        MISCOUNTS,
        "`KillMode=process` or `none` in a unit; `PIDFile=` outside of /run.",
        "systemd would end the unit's own cgroup, which no container is in. With another KillMode"
        " somebody has to clean up, and does so by name. A PIDFile= outside /run survives a boot,"
        " and its number is then anybody's.",
        (
            Case(
                "the processes a unit leaves behind, killed by pattern",
                GITHUB + "gardener/gardener/issues/7278",
            ),
        ),
        ("`KillMode=control-group`, the default", "`KillMode=mixed`", "a manager of containers"),
        "Drop KillMode=, unless the unit manages containers; put PIDFile= below /run.",
        ("KillMode=none",),
    ),
)
