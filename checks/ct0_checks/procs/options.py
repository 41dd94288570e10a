"""What check_procs was asked for, read and refused as monitoring-plugins 2.3.3 does it."""

from __future__ import annotations

import sys

from ct0_checks.procs.filter import Criteria
from ct0_checks.procs.getopt import USAGE, Stop, getopt
from ct0_checks.procs.numbers import is_float, leading, loose_int, single, strtod, whole_int
from ct0_checks.procs.ranges import Range

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.patience import Patience

METRICS = ("PROCS", "VSZ", "RSS", "CPU", "ELAPSED", "THREADS")
SCOPES = ("host", "all", "cts", "ct")
DETECTIONS = ("auto", "nspid", "envid", "cgroup")
STATES = {"ok": 0, "warning": 1, "critical": 2, "unknown": 3}


class Request:
    """What was asked for. `words` say the criteria as they are shown, in the order they came."""

    def __init__(self) -> None:
        self.warning = ""
        self.critical = ""
        self.warning_range: Range | None = None
        self.critical_range: Range | None = None
        self.metric = "PROCS"
        self.criteria = Criteria()
        self.words: list[str] = []
        self.timeout = 10
        self.verbose = 0
        self.input_file: str | None = None
        self.scope = ""
        self.cts: list[str] = []
        self.per_ct = False
        self.detect = "auto"
        self.sandbox = "ct"
        self.missing = 3
        self.max_listed = 10
        self.perfdata = True
        self.root = "/"
        self.stranger = ""  # a UID that CT0 does not know; a CT may


def read_request(arguments: list[str], command: str, called: str, help_text: str) -> Request:
    """`command` is shown in messages, `called` is argv[0] as it was; raises Stop."""
    request = Request()
    given: set[str] = set()
    operands: list[str] = []
    for option, value in getopt(["-t" if word == "-to" else word for word in arguments], called):
        if not option:
            operands.append(value)
        elif option == "h":
            raise Stop(help_text)
        elif option == "V":
            from ct0 import __version__

            raise Stop(f"{command} (ct0 {__version__})\n")
        else:
            try:
                take(request, option, value, given)
            except ValueError as error:
                raise Stop(f"{command}: {error}\n{USAGE}") from error
            given.add(option)
    fill(request, operands, given)
    decide_scope(request, command, given)
    if request.stranger and request.scope in ("host", "all"):
        raise Stop(f"{command}: UID was not found - {request.stranger}\n{USAGE}")
    try:
        request.warning_range = Range(request.warning) if "w" in given else None
        request.critical_range = Range(request.critical) if "c" in given else None
    except ValueError as error:
        raise Stop(str(error)) from error
    return request


def take(request: Request, option: str, value: str, given: set[str]) -> None:
    """One option. Raises ValueError with the message for what it does not take; Stop."""
    criteria = request.criteria
    if option == "w":
        request.warning = value
    elif option == "c":
        request.critical = value
    elif option == "m":
        request.metric = one_of("Metric", value, METRICS)
    elif option == "t":
        request.timeout = timeout(value)
    elif option == "v":
        request.verbose += 1
    elif option == "k":
        criteria.no_kernel = True
    elif option == "s":
        if "s" not in given:
            criteria.flags = value
            request.words.append(f"STATE = {value}")
    elif option == "C":
        if "C" not in given:
            criteria.command = value
            request.words.append(f"command name '{value}'")
    elif option == "a":
        if "a" not in given:
            criteria.args = value
            request.words.append(f"args '{value}'")
    elif option == "X":
        if "X" not in given:
            criteria.excluded = frozenset(value.split(","))
            request.words.append(f"exclude progs '{value}'")
    elif option in ("p", "z", "r", "P", "u"):
        take_number(request, option, value)
    elif option == "ereg":
        criteria.pattern = pattern(value)
        request.words.append(f"regex args '{value}'")
    elif option == "input":
        request.input_file = value
    else:
        take_ours(request, option, value)


def take_number(request: Request, option: str, value: str) -> None:
    criteria = request.criteria
    if option == "u":
        criteria.uid, name = user(value, request)
        request.words.append(f"UID = {criteria.uid} ({name})")
    elif option == "P":
        if not is_float(value):
            raise ValueError("PCPU must be a float!")
        criteria.pcpu = single(strtod(value)[0])
        request.words.append(f"PCPU >= {criteria.pcpu:.2f}")
    else:
        number = whole_int(value)
        what = {"p": "Parent Process ID", "z": "VSZ", "r": "RSS"}[option]
        if number is None:
            raise ValueError(f"{what} must be an integer!")
        if option == "p":
            criteria.ppid = number
            request.words.append(f"PPID = {number}")
        elif option == "z":
            criteria.vsz = number
            request.words.append(f"VSZ >= {number}")
        else:
            criteria.rss = number
            request.words.append(f"RSS >= {number}")


def take_ours(request: Request, option: str, value: str) -> None:
    criteria = request.criteria
    if option == "scope":
        request.scope = one_of("Scope", value, SCOPES)
    elif option == "ct":
        request.cts.append(value)
    elif option == "per-ct":
        request.per_ct = True
    elif option == "detect":
        request.detect = one_of("Detection", value, DETECTIONS)
    elif option == "sandbox":
        request.sandbox = one_of("Sandbox", value, ("host", "ct"))
    elif option == "state-any":
        criteria.any_of = value
        request.words.append(f"any STATE of {value}")
    elif option == "state-all":
        criteria.all_of = value
        request.words.append(f"all STATE of {value}")
    elif option == "match-exe":
        criteria.by_exe = True
    elif option == "comm-full":
        criteria.whole_name = True
    elif option == "missing":
        request.missing = STATES[one_of("Missing", value, tuple(STATES))]
    elif option == "max-listed":
        if not value.isdecimal() or len(value) > 6:
            raise ValueError(f"Max-listed must be a count - {value}")
        request.max_listed = int(value)
    elif option == "no-perfdata":
        request.perfdata = False
    elif option == "root":
        import os

        if not os.path.isdir(value):
            raise ValueError(f"Root is no directory - {value}")
        request.root = value


def one_of(what: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(f"{what} must be one of {', '.join(choices)}!")
    return value


def timeout(value: str) -> int:
    """Seconds, 0 for none: below 0 the original waits for ever as well."""
    if loose_int(value) is None:
        raise ValueError(f"Timeout interval must be a positive integer - {value}")
    return max(0, leading(value))


def user(value: str, request: Request) -> tuple[int, str]:
    """UID and name; both must be CT0's, unless a number is asked for among containers'."""
    import pwd

    number = loose_int(value)
    try:
        entry = pwd.getpwnam(value) if number is None else pwd.getpwuid(number)
    except (KeyError, OverflowError, ValueError):
        if number is None:
            raise ValueError(f"User name was not found - {value}") from None
        if number < 0 or request.input_file is not None:
            raise ValueError(f"UID was not found - {value}") from None
        request.stranger = value
        return number, str(number)
    return entry.pw_uid, entry.pw_name


def pattern(value: str) -> Patience:
    from ct0.ere import compile_ere
    from ct0.patience import Patience

    try:
        return Patience(compile_ere(value, False))
    except ValueError as error:
        text = f"PROCS UNKNOWN: Could not compile regular expression - {error}\n"
        raise Stop(text) from error


def fill(request: Request, operands: list[str], given: set[str]) -> None:
    """W, C and STATE as operands, for what was not given as options; more are ignored."""
    waiting = list(operands)
    if "w" not in given and waiting:
        request.warning = waiting.pop(0)
        given.add("w")
    if "c" not in given and waiting:
        request.critical = waiting.pop(0)
        given.add("c")
    if "s" not in given and waiting:
        take(request, "s", waiting.pop(0), given)


def decide_scope(request: Request, command: str, given: set[str]) -> None:
    wrong = ""
    if request.cts and request.scope not in ("", "ct"):
        wrong = f"--ct and --scope={request.scope} exclude each other"
    elif request.scope == "ct" and not request.cts:
        wrong = "--scope=ct needs --ct"
    elif request.per_ct and request.scope == "host":
        wrong = "--per-ct and --scope=host exclude each other"
    elif request.input_file is not None and not given.isdisjoint(NOT_RECORDED):
        wrong = "recorded ps output does not tell containers or threads"
    if wrong:
        raise Stop(f"{command}: {wrong}\n{USAGE}")
    if not request.scope:
        request.scope = "ct" if request.cts else "cts" if request.per_ct else "host"


NOT_RECORDED = {"scope", "ct", "per-ct", "detect", "sandbox", "match-exe", "comm-full", "root"}


def decoded(arguments: list[str]) -> list[str]:
    """The arguments as the process table's texts are decoded, whatever the locale."""
    if sys.getfilesystemencoding() == "utf-8":
        return arguments
    import os

    return [os.fsencode(word).decode("utf-8", "surrogateescape") for word in arguments]
