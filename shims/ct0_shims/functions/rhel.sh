# The functions of RHEL's /etc/rc.d/init.d/functions, for CT0's own processes only.
#
# Source it after RHEL's own:  . /etc/rc.d/init.d/functions; . /usr/lib/ct0/functions/rhel.sh
# POSIX sh with `local`; arguments, texts and return codes are RHEL 6's and later. `daemon` is left
# alone: it asks __pids_var_run, which is ours then. What is different: a process of a container is
# neither found by name nor believed from a PID file.

CT0_SHIMS=${CT0_SHIMS:-/usr/lib/ct0/shims}

# checkpid PID ...: 0 if one of them runs
checkpid() {
    [ "$#" -gt 0 ] && "$CT0_SHIMS/ct0-pids" "$@" >/dev/null
}

# __pids_var_run PROGRAM [PIDFILE [BINARY]]: sets $pid
# 0: it runs; 1: dead, but a PID file is there; 3: no PID file; 4: not allowed to look
__pids_var_run() {
    local base pidfile status
    base=${1##*/}
    pidfile=${2:-/var/run/$base.pid}
    status=0
    pid=
    if [ -n "${3:-}" ]; then
        pid=$("$CT0_SHIMS/ct0-pids" -a -f "$pidfile" -b "$3") || status=$?
    else
        pid=$("$CT0_SHIMS/ct0-pids" -a -f "$pidfile") || status=$?
    fi
    pid=${pid:+ $pid} # as RHEL's: `status` says "(pid  812)", and scripts look for that
    case $status in
        0 | 1 | 3) return "$status" ;;
        5) return 1 ;;
    esac
    return 4
}

# __pids_pidof PROGRAM: by its path as given, else by its name
__pids_pidof() {
    "$CT0_SHIMS/pidof" -c -o "$$" -o "$PPID" -o %PPID -x "$1" ||
        "$CT0_SHIMS/pidof" -c -o "$$" -o "$PPID" -o %PPID -x "${1##*/}"
}

# pidfileofproc PROGRAM: what its PID file says, if that is true
pidfileofproc() {
    local pid
    if [ "$#" -eq 0 ]; then
        echo "Usage: pidfileofproc {program}"
        return 1
    fi
    __pids_var_run "$1" || :
    [ -z "$pid" ] || echo "${pid# }"
    return 0
}

# pidofproc [-p PIDFILE] PROGRAM
pidofproc() {
    local pid pidfile status
    if [ "$#" -eq 0 ]; then
        echo "Usage: pidofproc [-p pidfile] {program}"
        return 1
    fi
    pidfile=
    if [ "$1" = -p ]; then
        pidfile=${2:-}
        shift
        [ "$#" -eq 0 ] || shift
    fi
    status=0
    __pids_var_run "${1:-}" "$pidfile" || status=$?
    if [ -n "$pid" ]; then
        echo "${pid# }"
        return 0
    fi
    [ -z "$pidfile" ] || return "$status"
    __pids_pidof "${1:-}" || return "$status"
}

# status [-p PIDFILE] [-l LOCKFILE] [-b BINARY] PROGRAM
# 0: runs; 1: dead, but a PID file is there; 2: dead, but locked; 3: stopped; 4: not known
status() {
    local program base pid pidfile lockfile binary status
    if [ "$#" -eq 0 ]; then
        echo "Usage: status [-p pidfile] {program}"
        return 1
    fi
    pidfile= lockfile= binary=
    if [ "$1" = -p ]; then
        pidfile=${2:-}
        shift
        [ "$#" -eq 0 ] || shift
    fi
    if [ "${1:-}" = -l ]; then
        lockfile=${2:-}
        shift
        [ "$#" -eq 0 ] || shift
    fi
    if [ "${1:-}" = -b ]; then
        if [ -z "$pidfile" ]; then
            echo "-b option can be used only with -p"
            echo "Usage: status -p pidfile -b binary program"
            return 1
        fi
        binary=${2:-}
        shift
        [ "$#" -eq 0 ] || shift
    fi
    program=${1:-}
    base=${program##*/}
    if [ "${_use_systemctl:-}" = 1 ]; then
        status=0
        systemctl status "${0##*/}.service" || status=$?
        # systemd takes a daemon for alive that ended after its script did (RemainAfterExit=).
        case $(systemctl show -p ActiveState -p SubState "${0##*/}.service") in
            *=active*=exited*) status=3 ;;
        esac
        return "$status"
    fi

    status=0
    __pids_var_run "$program" "$pidfile" "$binary" || status=$?
    if [ -z "$pidfile$pid" ]; then
        pid=$(__pids_pidof "$program") || :
    fi
    if [ -n "$pid" ]; then
        echo "$base (pid $pid) is running..."
        return 0
    fi
    case $status in
        1)
            echo "$base dead but pid file exists"
            return 1 ;;
        4)
            echo "$base status unknown due to insufficient privileges."
            return 4 ;;
    esac
    if [ -f "/var/lock/subsys/${lockfile:-$base}" ]; then
        echo "$base dead but subsys locked"
        return 2
    fi
    echo "$base is stopped"
    return 3
}

# killproc [-p PIDFILE [-b BINARY]] [-d DELAY] PROGRAM [-SIGNAL]
# Without a signal: TERM, KILL after DELAY (3 seconds), and the PID file is removed.
# 0: done, or nothing was there to end; 4: not allowed; 7: with LSB set, not there to be signalled
killproc() {
    local program base pid pidfile binary delay signal status
    if [ "$#" -eq 0 ]; then
        echo "Usage: killproc [-p pidfile] [ -d delay] {program} [-signal]"
        return 1
    fi
    pidfile= binary= delay=3
    if [ "$1" = -p ]; then
        pidfile=${2:-}
        shift
        [ "$#" -eq 0 ] || shift
    fi
    if [ "${1:-}" = -b ]; then
        if [ -z "$pidfile" ]; then
            echo "-b option can be used only with -p"
            echo "Usage: killproc -p pidfile -b binary program"
            return 1
        fi
        binary=${2:-}
        shift
        [ "$#" -eq 0 ] || shift
    fi
    if [ "${1:-}" = -d ]; then
        delay=${2:-}
        status=0
        "$CT0_SHIMS/ct0-pids" -k "$delay" 2>/dev/null || status=$?
        if [ "$status" -eq 2 ]; then
            echo "Usage: killproc [-p pidfile] [ -d delay] {program} [-signal]"
            return 1
        fi
        shift
        [ "$#" -eq 0 ] || shift
    fi
    program=${1:-}
    signal=${2:-}
    base=${program##*/}

    status=0
    __pids_var_run "$program" "$pidfile" "$binary" || status=$?
    if [ -z "$pid$pidfile" ]; then
        pid=$(__pids_pidof "$program") || :
    fi

    if [ -z "$pid" ]; then
        if [ "$status" -eq 4 ]; then # unreadable, or ct0 cannot work here: nothing is known
            ct0_result failure "$base shutdown"
            return 4
        fi
        if [ -n "${LSB:-}" ] && [ -n "$signal" ]; then
            status=7
        else
            ct0_result failure "$base shutdown"
            status=0
        fi
    elif [ -z "$signal" ]; then
        ct0_named "$base"
        status=0
        "$CT0_SHIMS/ct0-pids" -k "$delay" "$pid" || status=$?
        case $status in
            0 | 1)
                status=0
                ct0_result success "$base shutdown" ;;
            *)
                status=1
                ct0_result failure "$base shutdown" ;;
        esac
    else
        ct0_named "$base"
        status=0
        "$CT0_SHIMS/ct0-pids" -s "$signal" "$pid" >/dev/null 2>&1 || status=$?
        if [ "$status" -eq 0 ]; then
            ct0_result success "$base $signal"
        elif [ "$status" -eq 1 ] && [ -n "${LSB:-}" ]; then
            status=7
        elif [ "$status" -ne 1 ]; then
            status=1
            ct0_result failure "$base $signal"
        fi
    fi

    [ -n "$signal" ] || rm -f "${pidfile:-/var/run/$base.pid}"
    return "$status"
}

# ct0_named NAME: what is being stopped, if the boot is to be verbose
ct0_named() {
    if [ "${BOOTUP:-}" = verbose ] && [ -z "${LSB:-}" ]; then
        printf '%s ' "$1"
    fi
}

# ct0_result success|failure TEXT: by RHEL's functions, by LSB's, or in plain letters
ct0_result() {
    if command -v "$1" >/dev/null 2>&1; then
        "$1" "$2" || :
    elif command -v "log_${1}_msg" >/dev/null 2>&1; then
        "log_${1}_msg" "$2" || :
    elif [ "$1" = success ]; then
        echo "[  OK  ]"
    else
        echo "[FAILED]"
    fi
}
