"""Signal names and numbers, signal(7), without importing `signal` (5 ms: it pulls in enum)."""

from __future__ import annotations

import _signal

# Linux on x86, ARM, POWER and s390; where another architecture numbers differently, Python's own
# constants win (below).
_COMMON = (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP "
    "TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH POLL PWR SYS"
)
NAMES: dict[int, str] = {}
for _number, _name in enumerate(_COMMON.split(), 1):
    NAMES[getattr(_signal, "SIG" + _name, _number)] = _name

NUMBERS: dict[str, int] = {name: number for number, name in NAMES.items()}
ALIASES = {"IOT": "ABRT", "CLD": "CHLD", "IO": "POLL", "UNUSED": "SYS"}
RTMIN, RTMAX = 34, 64  # as the C library shows them: the first two are its own


def signal_number(text: str) -> int | None:
    """The number of `15`, `TERM`, `SIGTERM`, `sigterm`, `RTMIN+2`; None if it names no signal."""
    if text.isascii() and text.isdigit():
        number = int(text)
        return number if number <= RTMAX else None
    name = text.upper()
    name = name[3:] if name.startswith("SIG") else name
    name = ALIASES.get(name, name)
    if name in NUMBERS:
        return NUMBERS[name]
    for base, number, sign in (("RTMIN", RTMIN, 1), ("RTMAX", RTMAX, -1)):
        if name == base:
            return number
        offset = name[len(base) + 1 :]
        if name.startswith(base + ("+" if sign > 0 else "-")) and offset.isdigit():
            number += sign * int(offset)
            return number if RTMIN <= number <= RTMAX else None
    return None


def signal_name(number: int) -> str:
    """TERM for 15; the number as text when it has no name."""
    return NAMES.get(number, str(number))
