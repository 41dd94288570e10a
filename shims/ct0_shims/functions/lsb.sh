# The functions of LSB and of Debian's /lib/lsb/init-functions, for CT0's own processes only.
#
# Sourced after Debian's own by /lib/lsb/init-functions.d/99-ct0, or by hand. POSIX sh with `local`;
# arguments, output and return codes are Debian's (sysvinit-utils 3.06). What is different: a PID
# file that names a container's process is stale, and the process is neither seen nor signalled.

CT0_SHIMS=${CT0_SHIMS:-/usr/lib/ct0/shims}

# pidofproc [-p PIDFILE] PROGRAM
# 0 and its PIDs: runs; 1: dead, but a PID file is there; 3: does not run; 4: not known
pidofproc () {
    local OPTIND opt pidfile given status
    pidfile= given=
    OPTIND=1
    while getopts p: opt; do
        case $opt in
            p) pidfile=$OPTARG given=yes ;;
        esac
    done
    shift "$((OPTIND - 1))"
    if [ "$#" -ne 1 ]; then
        echo "$0: invalid arguments" >&2
        return 4
    fi
    [ -n "$given" ] || pidfile=/var/run/${1##*/}.pid
    [ -n "$pidfile" ] || return 3

    status=0
    "$CT0_SHIMS/ct0-pids" -f "$pidfile" || status=$?
    case $status in
        0 | 1) return "$status" ;;
        3) [ -z "$given" ] || return 3 ;;
        5) [ -z "$given" ] || return 3
           return 4 ;;
        *) return 4 ;;
    esac

    status=0
    "$CT0_SHIMS/pidof" -c -o %PPID -x "$1" || status=$?
    case $status in
        0) return 0 ;;
        1) return 3 ;;
    esac
    return 4
}

# killproc [-p PIDFILE] PROGRAM [SIGNAL]
# Only what the PID file names and PROGRAM is the name of is signalled; without SIGNAL it is ended.
# 0: done, or not running and no signal or TERM; 3: not running; 1: ct0 cannot work here
killproc () {
    local OPTIND opt pidfile given base signal status
    pidfile= given=
    OPTIND=1
    while getopts p: opt; do
        case $opt in
            p) pidfile=$OPTARG given=$OPTARG ;;
        esac
    done
    shift "$((OPTIND - 1))"

    base=${1##*/}
    pidfile=${pidfile:-/var/run/$base.pid}
    signal=${2:-} signal=${signal#-} signal=${signal#SIG}

    status=0
    if [ -z "$signal" ]; then
        "$CT0_SHIMS/ct0-pids" -1 -f "$pidfile" -n "$base" -k 5 || status=$?
        [ "$status" -lt 7 ] # ct0-pids could not work: nothing was ended
        return
    fi
    "$CT0_SHIMS/ct0-pids" -1 -f "$pidfile" -n "$base" -s "$signal" || status=$?
    case $status:$signal in
        [0135]:15 | [0135]:TERM)
            if [ -n "$given" ]; then
                pidofproc -p "$given" "$1" >/dev/null || rm -f "$given"
            fi
            return 0 ;;
        [135]:*) return 3 ;;
    esac
    [ "$status" -lt 7 ]
}

# status_of_proc [-p PIDFILE] PROGRAM NAME: says whether NAME runs; returns as pidofproc
status_of_proc () {
    local OPTIND opt pidfile status
    pidfile=
    OPTIND=1
    while getopts p: opt; do
        case $opt in
            p) pidfile=$OPTARG ;;
        esac
    done
    shift "$((OPTIND - 1))"

    status=0
    if [ -n "$pidfile" ]; then
        pidofproc -p "$pidfile" "$1" >/dev/null || status=$?
    else
        pidofproc "$1" >/dev/null || status=$?
    fi
    case $status in
        0) ct0_say log_success_msg "${2:-} is running" ;;
        4) ct0_say log_failure_msg "could not access PID file for ${2:-}" ;;
        *) ct0_say log_failure_msg "${2:-} is not running" ;;
    esac
    return "$status"
}

# start_daemon [-f] [-n NICE] [-p PIDFILE] PROGRAM [ARGUMENT ...]
# start-stop-daemon starts it, but does not get to see a PID file that names a container's process:
# it would take that for the daemon.
start_daemon () {
    local OPTIND opt force nice pidfile program status
    force= nice=0 pidfile=/dev/null
    OPTIND=1
    while getopts fn:p: opt; do
        case $opt in
            f) force=yes ;;
            n) nice=$OPTARG ;;
            p) pidfile=$OPTARG ;;
        esac
    done
    shift "$((OPTIND - 1))"
    if [ "${1:-}" = -- ]; then
        shift
    fi
    program=${1:-}
    shift

    if [ -n "$force" ]; then
        /sbin/start-stop-daemon --start --nicelevel "$nice" --quiet --oknodo --chdir "$PWD" \
            --startas "$program" --pidfile /dev/null -- "$@"
        return
    fi
    if [ -z "$pidfile" ]; then
        # Without a PID file it would look through all processes, containers' among them.
        if "$CT0_SHIMS/pidof" -c -o %PPID -x "$program" >/dev/null; then
            return 0
        fi
        pidfile=/dev/null
    elif [ "$pidfile" != /dev/null ]; then
        status=0
        "$CT0_SHIMS/ct0-pids" -1 -f "$pidfile" >/dev/null || status=$?
        [ "$status" -ne 1 ] || pidfile=/dev/null
    fi
    /sbin/start-stop-daemon --start --nicelevel "$nice" --quiet --oknodo --chdir "$PWD" \
        --exec "$program" --pidfile "$pidfile" -- "$@"
}

# ct0_say FUNCTION TEXT: by the distribution's function where there is one
ct0_say () {
    if command -v "$1" >/dev/null 2>&1; then
        "$1" "$2" || :
    else
        echo "$2"
    fi
}
