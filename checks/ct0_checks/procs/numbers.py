"""Numbers as the C library reads them, which is how check_procs' options and ps' columns are read.

strtod(3) takes the longest beginning that is a number and is content with none ("abc" is 0);
sscanf(3)'s %d cuts what does not fit to 32 bits, its %f to single precision.
"""

from __future__ import annotations

DIGITS = "0123456789"
HEXADECIMAL = "0123456789abcdefABCDEF"
SPACE = " \t\n\v\f\r"
INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1


def strtod(text: str) -> tuple[float, str]:
    """The number that `text` begins with and what follows it; (0.0, text) when it is none."""
    start = len(text) - len(text.lstrip(SPACE))
    place = start + (text[start : start + 1] in ("+", "-") and len(text) > start)
    sign = -1.0 if text[start:place] == "-" else 1.0
    word = text[place : place + 8].lower()
    for name in ("infinity", "inf", "nan"):
        if word.startswith(name):
            return sign * float(name), text[place + len(name) :]
    if word.startswith("0x") and run(text, place + 2, HEXADECIMAL, ".", "pP") > place + 2:
        end = run(text, place + 2, HEXADECIMAL, ".", "pP")
        try:
            return sign * float.fromhex(text[place:end]), text[end:]
        except OverflowError:
            return sign * float("inf"), text[end:]
    end = run(text, place, DIGITS, ".", "eE")
    if end == place:
        return 0.0, text
    return sign * float(text[place:end]), text[end:]


def run(text: str, place: int, digits: str, point: str, exponents: str) -> int:
    """Where the number ends that begins at `place`; `place` itself when there is no digit."""
    end = past(text, place, digits)
    some = end > place
    if text[end : end + 1] == point:
        after = past(text, end + 1, digits)
        if some or after > end + 1:
            some, end = True, after
    if not some:
        return place
    if text[end : end + 1] and text[end] in exponents:
        power = end + 1 + (text[end + 1 : end + 2] in ("+", "-") and len(text) > end + 1)
        after = past(text, power, DIGITS)
        if after > power:
            end = after
    return end


def past(text: str, place: int, digits: str) -> int:
    while place < len(text) and text[place] in digits:
        place += 1
    return place


def single(value: float) -> float:
    """In single precision, as the original keeps %CPU: 0.1 is a little more than 0.1."""
    from struct import pack, unpack

    try:
        return float(unpack("f", pack("f", value))[0])
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def scan_int(text: str) -> tuple[int, str] | None:
    """sscanf's %d: the number and the rest, None without one."""
    start = len(text) - len(text.lstrip(SPACE))
    first = start + (text[start : start + 1] in ("+", "-") and len(text) > start)
    end = past(text, first, DIGITS)
    if end == first:
        return None
    # Beyond 64 bits strtol stops at the largest; what is kept of it are the lower 32.
    value = max(-(1 << 63), min((1 << 63) - 1, int(text[start : min(end, first + 25)])))
    return to_int(value), text[end:]


def scan_float(text: str) -> tuple[float, str] | None:
    """sscanf's %f: it cannot take a letter back once it has hoped for more. An exponent that turns
    out to be none is swallowed; what begins like 0x1 or infinity and does not go on is no number.
    """
    value, rest = strtod(text)
    if rest == text:
        return None
    taken = text[: len(text) - len(rest)].lstrip(SPACE + "+-").lower()
    hoped = rest[:1].lower()
    if taken == "0" and hoped == "x":
        return (value, rest[2:]) if rest[1:2] == "." else None
    if taken == "inf" and hoped == "i":
        return None
    exponent = "p" if taken.startswith("0x") else "e"
    if hoped == exponent and exponent not in taken and taken[0] in DIGITS + ".":
        rest = rest[2:] if rest[1:2] in ("+", "-") else rest[1:]
    return value, rest


def to_int(value: int) -> int:
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def whole_int(text: str) -> int | None:
    """-p, -z, -r: a number and nothing after it."""
    found = scan_int(text)
    return found[0] if found is not None and not found[1] else None


def loose_int(text: str) -> int | None:
    """-t, -u: anything of digits, blanks and "-" that begins with a number or is 0: "", "1-1"."""
    if text.strip(DIGITS + "- "):
        return None
    found = leading(text)
    return found if INT_MIN <= found <= INT_MAX else None


def leading(text: str) -> int:
    stripped = text.lstrip(" ")
    end = past(stripped, stripped.startswith("-"), DIGITS)
    digits = stripped[:end]
    return int(digits[:25]) if digits not in ("", "-") else 0


def is_float(text: str) -> bool:
    """-P: a number, and what follows a second point does not matter: 1.5.5 is 1.5."""
    rest = strtod(text)[1]
    return rest != text and rest[:1] in ("", ".")
