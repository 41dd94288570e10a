"""Rules for what shell commands do."""

from __future__ import annotations

from ct0_audit.records import BLOCKS, KILLS, MISCOUNTS
from ct0_audit.rules.rule import Case, Rule

GITHUB = "https://github.com/"

RULES = (
    Rule(
        "CT001",
        "kill-by-name",
        "signals every process of that name, containers' too",
        KILLS,
        "`killall`, `pkill`, `skill` that choose processes by name, pattern or executable.",
        "These read all of /proc, and the host's /proc has every container's processes. `killall"
        " nginx` on the host ends nginx in all containers. `killall /path` compares inodes of what"
        " runs: after an upgrade of the host's package only containers' processes match still.",
        (
            Case("Debian's mariadb-server init script: `killall -15 mariadbd`, then `-9`"),
            Case("Debian's exim4-base: exiwhat runs `killall -USR1 exim4`"),
            Case("rc scripts of a NAS system", GITHUB + "unraid/webgui/issues/2218"),
            Case(
                "psmisc looked at its own namespace only, once, and took it back",
                GITHUB + "netblue30/firejail/issues/1385",
            ),
        ),
        (
            "`pkill -F PIDFILE`, with `-x NAME` beside it better still",
            "`pkill -P PID`: children of one process",
            "`pkill --ns PID --nslist pid`, as root",
            "`killall -n PID`, as root",
        ),
        "Signal the PID the daemon wrote down (`pkill -F PIDFILE -x NAME`), or its unit"
        " (`systemctl kill -s HUP NAME.service`). ct0's killall and pkill spare containers where"
        " PATH leads to them.",
        ("killall -15 mariadbd", "pkill -HUP -x rsyslogd", "sudo -n skill -9 java"),
    ),
    Rule(
        "CT002",
        "start-stop-daemon-without-pidfile",
        "start-stop-daemon looks through all processes, containers' too",
        KILLS,
        "`start-stop-daemon` with `--exec`, `--name`, `--user` or `--startas` and neither"
        " `--pidfile` nor `--pid`.",
        "With `--stop` a container's process of that name or executable is signalled: the link"
        " /proc/PID/exe of a container's process reads /usr/sbin/x, and start-stop-daemon looks"
        " that path up on the host. With `--start` it takes a container's process for the host's"
        " daemon, and does not start it.",
        (
            Case("Debian's ppp: its prerm stops by `--exec /usr/sbin/pppd`"),
            Case("Debian's nfs-kernel-server init script: `--name rpc.mountd --user 0`"),
            Case("Debian's php-fpm, nscd and irqbalance init scripts: by `--exec`"),
            Case(
                "sshd and cron of containers kept the host's from starting",
                GITHUB + "OpenRC/openrc/issues/176",
            ),
        ),
        ("`--pidfile FILE`, beside `--exec` or alone", "`--pid PID`", "`--ppid PID`"),
        "Give the daemon's PID file: `--pidfile /run/NAME.pid --exec PATH`; on `--start` together"
        " with `--make-pidfile` if the daemon does not write one.",
        (
            "start-stop-daemon --stop --quiet --exec /usr/sbin/pppd",
            "start-stop-daemon --start --quiet --exec /usr/sbin/nscd",
        ),
    ),
    Rule(
        "CT003",
        "init-function-without-pidfile",
        "the init functions fall back to pidof, which sees containers' processes",
        KILLS,
        "`killproc`, `status`, `pidofproc`, `checkproc`, `status_of_proc` without `-p PIDFILE`, as"
        " functions of /etc/rc.d/init.d/functions or SUSE's commands.",
        "Without a PID file they ask pidof by name. RHEL's functions pass `-c`; sysvinit's pidof"
        " compares root directories then, but procps' (RHEL 7 and later) compares the text of a"
        " link that reads `/` for host and container alike. Measured: killproc of RHEL 7 and 9 kill"
        " the container's daemon.",
        (
            Case(
                "restarting a daemon on the host stopped it in all containers",
                GITHUB + "saltstack/salt/issues/15411",
            ),
            Case(
                "the init script asked pidof; the fix was a PID file",
                GITHUB + "corosync/corosync/issues/194",
            ),
        ),
        (
            "`-p PIDFILE`",
            "LSB's functions of Debian, which look at /var/run/NAME.pid and never signal by name",
            "ct0's hook (`ct0 shims install`)",
        ),
        "`killproc -p /run/NAME.pid NAME`, `status -p /run/NAME.pid NAME`, and the same path in"
        " `daemon --pidfile`. Or install ct0's hook, which covers all init scripts at once.",
        ("killproc crond -HUP", "status httpd"),
    ),
    Rule(
        "CT004",
        "kill-what-was-found-by-name",
        "signals PIDs found by name, containers' too",
        KILLS,
        "`kill` (or another command that takes effect on a process) with PIDs of `pidof`, `pgrep`,"
        " `pidofproc` or `lsof`: by substitution, by a variable, by `xargs`, by a loop.",
        "The list has the PIDs of containers' processes as well, and kill sends to each of them.",
        (
            Case(
                "logrotate's `kill -HUP $(pidof netdata)` hit the containers",
                GITHUB + "netdata/netdata/issues/4020",
            ),
            Case(
                "`kill -HUP $(pgrep sssd_kcm)` of logrotate",
                GITHUB + "SSSD/sssd/issues/7029",
            ),
            Case(
                "a prerm killed the agents in all containers",
                GITHUB + "wazuh/wazuh-agent/issues/233",
            ),
            Case("Debian's bind9 init script: `pgrep -f ^/usr/sbin/named`, then `kill -9`"),
        ),
        (
            "`kill $(cat PIDFILE)` is CT010's",
            "`pgrep -P PID`, `pgrep -F PIDFILE`, `pgrep --ns PID --nslist pid` as root",
            "`pidof -c` as root where pidof is sysvinit's",
        ),
        "Signal the PID file's process (`pkill -HUP -F PIDFILE -x NAME`) or the unit (`systemctl"
        " kill -s HUP NAME.service`).",
        ("kill -HUP $(pidof netdata)", "pgrep -f x | xargs -r kill -9"),
    ),
    Rule(
        "CT005",
        "decision-by-name",
        "takes a container's process for the host's",
        MISCOUNTS,
        "`pidof`, `pgrep`, `killall -0`, `pkill -0` whose answer decides something: in `if`,"
        " `while`, `&&`, `||`, a test, or as what a check returns.",
        "A container runs the same daemon, so the answer is yes although the host's is dead; or the"
        ' host\'s is not started, because "it runs already".',
        (
            Case("Debian's apache2 logrotate: `pgrep -f ^/usr/sbin/apache2` decides to reload"),
            Case(
                "a package's preinst waited for the containers' mysqld",
                GITHUB + "MariaDB/server/issues/2076",
            ),
            Case(
                "the status was true because of containers",
                GITHUB + "sensu/sensu-build/issues/48",
            ),
            Case(
                "LXD's own start took nested LXDs for leftovers",
                GITHUB + "canonical/lxd-pkg-snap/issues/446",
            ),
        ),
        (
            "`systemctl is-active NAME`",
            "`pgrep -F PIDFILE`, `pgrep -P PID`, `pgrep --ns PID --nslist pid` as root",
        ),
        "Ask the unit (`systemctl is-active --quiet NAME`) or the PID file"
        " (`pgrep -F PIDFILE -x NAME`).",
        ("if pidof exim4 >/dev/null; then :; fi", "pgrep -x foo >/dev/null && service foo reload"),
    ),
    Rule(
        "CT006",
        "search-in-ps",
        "searches ps, which shows containers' processes",
        MISCOUNTS,
        "`ps` whose output is searched (`grep`, `awk`, `sed`) or `ps -C NAME`. What is then"
        " signalled kills; what is decided miscounts.",
        "ps lists every process of every container. No shim stands in for ps in scripts, so this"
        " has to be rewritten.",
        (
            Case(
                "the list of processes had the containers' pmcd: it could not be started",
                GITHUB + "performancecopilot/pcp/issues/101",
            ),
            Case(
                "an agent's own check counted containers' agents",
                GITHUB + "Normation/rudder-packages/issues/747",
            ),
        ),
        ("`ps -p PID`, `ps --ppid PID`", "`ct0 ps`"),
        "Ask the unit or the PID file; where a list is needed, `ct0 ps` shows CT0's own processes.",
        (
            "ps ax | grep foo | awk '{print $1}' | xargs kill -9",
            "ps -ef | grep -v grep | grep foo || /usr/sbin/foo",
        ),
    ),
    Rule(
        "CT007",
        "signal-everybody",
        "signals every process of the host and of all containers",
        KILLS,
        "`killall5`, `kill -1` as a PID (`kill -9 -1`), `kill -- -1`.",
        "kill(-1) reaches everybody in the caller's PID namespace and below, which on the host are"
        " all containers. killall5 stops (SIGSTOP) everybody first. In the shutdown path it ends"
        " containers that their manager has not shut down cleanly.",
        (
            Case("sysvinit's /etc/init.d/sendsigs and killprocs"),
            Case("shutdown scripts of a NAS system", GITHUB + "unraid/webgui/issues/2218"),
        ),
        ("`kill -l`, `kill -0`",),
        "Shut the containers down by their manager before; ct0's killall5 spares them.",
        ("killall5 -15", "kill -9 -1"),
    ),
    Rule(
        "CT008",
        "kill-by-user",
        "signals a user's processes, containers' too where they share the number",
        KILLS,
        "`pkill -u`, `pkill -U`, `killall -u`, `skill -u`, `slay`.",
        "Containers without a user namespace (OpenVZ, privileged LXC, Docker as it comes) share the"
        " host's user numbers: www-data is 33 in all of them.",
        (
            Case(
                "builders were killed by their user in containers too",
                GITHUB + "NixOS/nixpkgs/issues/2641",
            ),
        ),
        ("`loginctl kill-user`, which goes by the user's own cgroup", "`pkill -u USER -F PIDFILE`"),
        "`loginctl kill-user USER`, or end the user's unit.",
        ("pkill -KILL -u www-data", "killall -u bob"),
    ),
    Rule(
        "CT009",
        "kill-by-file",
        "signals whoever has a file open, containers' processes too",
        KILLS,
        "`fuser -k`, above all with `-m`; `kill $(lsof -t …)`, `kill $(fuser …)`.",
        "A container whose root is on that file system, or which has it bind-mounted, has files"
        " open there with every process.",
        (Case("unmounting hooks of cluster software: `fuser -km DIR`"),),
        ("`fuser` without `-k`",),
        "Stop the services that use it by name of their unit; `umount -l` where it must go.",
        ("fuser -km /srv", "kill $(lsof -t /srv)"),
    ),
    Rule(
        "CT010",
        "pidfile-unverified",
        "signals the number a PID file holds, whoever has it now",
        KILLS,
        "`kill $(cat FILE)`, `kill $(<FILE)` without a look at what runs under that number.",
        "PID numbers are shared with all containers. A stale file's number is, on a host with many"
        " containers, most likely one of theirs.",
        (
            Case(
                "a reused PID was taken for the daemon's",
                GITHUB + "ClusterLabs/resource-agents/issues/1327",
            ),
        ),
        (
            "`start-stop-daemon --stop --pidfile FILE --exec PATH`",
            "`pkill -F FILE -x NAME`",
            "`systemctl kill NAME`",
        ),
        "`pkill -HUP -F FILE -x NAME` sends only if the name is right as well.",
        ("kill -HUP $(cat /run/x.pid)", "kill `cat /var/run/y.pid`"),
    ),
    Rule(
        "CT011",
        "command-not-known",
        "what runs here is only known when it runs",
        KILLS,
        "A command that comes out of a variable the audit cannot follow, with arguments as"
        " killall's or kill's have; `eval` of such.",
        "The audit follows variables that are set once to a plain text. What it cannot follow it"
        ' says, because silence would read as "nothing there".',
        (),
        ("a plain word as the command",),
        "Look at it by hand; a comment `# ct0-audit: ignore=CT011 REASON` keeps the answer.",
        ('eval "$KILL" -9 foo', "$TOOL -HUP named"),
    ),
    Rule(
        "CT012",
        "root-link-as-container-test",
        "tells containers by /proc/PID/root, which reads / for them too",
        KILLS,
        "`readlink /proc/$pid/root` (or `ls -l`, `stat`, `-ef`) compared with `/`.",
        "That was right for chroot. A container that was entered by pivot_root has a root link that"
        " reads `/`, exactly as the host's own processes have; so it passes this test.",
        (Case('Debian\'s exim4-base: init script, `[ "$(readlink /proc/$pid/root)" = / ]`'),),
        ("`[ /proc/$pid/ns/pid -ef /proc/self/ns/pid ]`, as root",),
        "Compare the PID namespace instead: `[ /proc/$pid/ns/pid -ef /proc/self/ns/pid ]`; or use"
        " ct0's pidof.",
        ('[ "$(readlink /proc/$pid/root)" = "/" ] && kill $pid',),
    ),
    Rule(
        "CT013",
        "ns-option-misread",
        "looks past the host's own services, or past no container, with this --ns",
        MISCOUNTS,
        "`pgrep`/`pkill --ns PID` without `--nslist pid`, or with a list that does not end in"
        " `pid`.",
        "Without --nslist all six namespaces must be equal: services with PrivateTmp= are missed."
        " Of a list only the last word counts: `pid,mnt` compares mount namespaces and matches"
        " containers that share theirs. As another user than root --ns compares nothing.",
        (
            Case("a sweep of `--ns $$` over all rc scripts", GITHUB + "unraid/webgui/issues/2218"),
            Case("MariaDB's preinst", GITHUB + "MariaDB/server/issues/2076"),
        ),
        ("`--ns $$ --nslist pid`, as root",),
        "`--ns $$ --nslist pid`, and run it as root.",
        ("pgrep --ns $$ -x rsyslogd >/dev/null",),
    ),
    Rule(
        "CT014",
        "pidof-c",
        "pidof -c leaves no container out where pidof is procps'",
        MISCOUNTS,
        "`pidof -c`, `pidof --check-root`, on a host whose pidof is procps' or not known.",
        "sysvinit's pidof compares the root directory itself, and only for root. procps' compares"
        " the text of the link, which is `/` for both.",
        (
            Case(
                "`pidof -c` as the fix, given up for a PID file",
                GITHUB + "netdata/netdata/issues/4103",
            ),
            Case("Debian's openvpn postinst: `pidof -c`"),
        ),
        ("`pidof -c` as root, of sysvinit",),
        "Ask the unit or the PID file. ct0's pidof leaves containers out, with -c and without.",
        ("pidof -c -x foo >/dev/null",),
    ),
    Rule(
        "CT015",
        "look-at-by-name",
        "may look at, trace or reschedule a container's process",
        MISCOUNTS,
        "`strace`, `gdb`, `nsenter`, `renice`, `ionice`, `taskset`, `chrt`, `cpulimit`, `prlimit`"
        " and the like with a process found by name.",
        "The first of the list is as likely a container's as the host's: the wrong process is"
        " traced, entered or slowed down.",
        (),
        ("with a PID of a PID file, a unit's MainPID, or `$!`",),
        "`systemctl show -p MainPID --value NAME`.",
        ("strace -p $(pidof named)", "renice 10 -p $(pgrep rsync)"),
    ),
    Rule(
        "CT016",
        "start-blocked-by-name",
        "does not start the host's daemon while a container runs one",
        BLOCKS,
        "A start that hangs on `pidof`, `pgrep` or a search in ps: `pgrep x || start x`, `if !"
        " pidof x`, `startproc`.",
        "One container with the same daemon is enough: the host's is never started, and whoever"
        ' watches it sees "running".',
        (
            Case(
                "sshd and cron of containers kept the host's from starting",
                GITHUB + "OpenRC/openrc/issues/176",
            ),
            Case(
                'containers\' rsyslogd was "already running"',
                GITHUB + "unraid/webgui/issues/1882",
            ),
        ),
        ("`flock`", "`systemctl start`, which starts what does not run", "a PID file"),
        "`systemctl start NAME`, or test the PID file (`pgrep -F PIDFILE -x NAME`).",
        ("pgrep -x foo >/dev/null || /usr/sbin/foo", "pidof foo || service foo start"),
    ),
)
