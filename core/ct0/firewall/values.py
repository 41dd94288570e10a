"""Values of iptables' options, each brought to the one form that equal ones share.

iptables-extensions(8). What is not known here is compared as it is written.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Callable, NamedTuple, Optional

from ct0.firewall import numbers

IPV4, IPV6 = "ipv4", "ipv6"
FAMILIES = (IPV4, IPV6)


class Context(NamedTuple):
    family: str
    services: Mapping[str, int]


# None: the option says nothing, because it is the default. Raises ValueError.
Normal = Callable[[Sequence[str], Context], Optional[str]]


def address(text: str, family: str) -> str:
    """10.0.0.7 -> 10.0.0.7/32, 192.0.2.9/255.255.255.0 -> 192.0.2.0/24, 0/0 -> "" (any)."""
    head, slash, mask = text.partition("/")
    if family == IPV6:
        bits = whole_mask(mask, 128) if slash else (1 << 128) - 1
        number = int(ipaddress.IPv6Address(head)) & bits
        return masked(str(ipaddress.IPv6Address(number)), bits, 128)
    parts = head.split(".")
    if slash and len(parts) < 4:  # a network's address may be short
        parts += ["0"] * (4 - len(parts))
    number = int(ipaddress.IPv4Address(".".join(parts)))
    bits = whole_mask(mask, 32) if slash else (1 << 32) - 1
    return masked(str(ipaddress.IPv4Address(number & bits)), bits, 32)


def whole_mask(text: str, width: int) -> int:
    if text.isascii() and text.isdigit():
        if int(text) > width:
            raise ValueError(text)
        return ((1 << int(text)) - 1) << (width - int(text))
    return int(ipaddress.IPv4Address(text) if width == 32 else ipaddress.IPv6Address(text))


def masked(head: str, bits: int, width: int) -> str:
    """A mask with holes in it is written out, as iptables does."""
    length = bin(bits).count("1")
    if bits != ((1 << length) - 1) << (width - length):
        kind = ipaddress.IPv4Address if width == 32 else ipaddress.IPv6Address
        return f"{head}/{kind(bits)}"
    return f"{head}/{length}" if length else ""


def protocol(text: str) -> str:
    """tcp -> 6; an unknown name stays one."""
    text = text.lower()
    number = numbers.PROTOCOLS.get(text)
    return str(integer(text) if text[:1].isdigit() else text if number is None else number)


def integer(text: str) -> int:
    """10 or 0x0a; octal, as C reads it, is written by nobody."""
    if not text.isascii() or "_" in text or text != text.strip():
        raise ValueError(text)
    return int(text, 16) if text[:2].lower() == "0x" else int(text)


def one(values: Sequence[str]) -> str:
    if len(values) != 1:
        raise ValueError(" ".join(values))
    return values[0]


def port(text: str, context: Context) -> int:
    if text[:1].isdigit():
        number = integer(text)
    elif text in context.services:
        number = context.services[text]
    else:
        raise ValueError(text)
    if not 0 <= number <= 65535:
        raise ValueError(text)
    return number


def ports(values: Sequence[str], context: Context) -> str:
    first, colon, last = one(values).partition(":")
    if not colon:
        return str(port(first, context))
    low = port(first or "0", context)
    high = port(last or "65535", context)
    return str(low) if low == high else f"{low}:{high}"


def port_list(values: Sequence[str], context: Context) -> str:
    return ",".join(sorted({ports([each], context) for each in one(values).split(",")}))


def words(values: Sequence[str], context: Context) -> str:
    return ",".join(sorted(set(one(values).upper().split(","))))


def tcp_flags(values: Sequence[str], context: Context) -> str:
    if len(values) != 2:
        raise ValueError(" ".join(values))
    return " ".join(map(flags, values))


def flags(text: str) -> str:
    given = set(text.upper().split(","))
    if given == {"ALL"}:
        given = set(numbers.TCP_FLAGS)
    if given != {"NONE"} and not given.issubset(numbers.TCP_FLAGS):
        raise ValueError(text)
    return ",".join(each for each in (*numbers.TCP_FLAGS, "NONE") if each in given)


def syn(values: Sequence[str], context: Context) -> str:
    if values:
        raise ValueError(" ".join(values))
    return "FIN,SYN,RST,ACK SYN"


def icmp_type(values: Sequence[str], context: Context) -> str | None:
    table = numbers.ICMP if context.family == IPV4 else numbers.ICMPV6
    text = one(values)
    text = table.get(text, text)
    if text == "any" or (context.family == IPV4 and text == "255"):  # so it is in ip_tables
        return None
    kind, slash, code = text.partition("/")
    return f"{integer(kind)}/{integer(code)}" if slash else str(integer(kind))


def rate(values: Sequence[str], context: Context) -> str:
    """60/min and 1/second are one."""
    count, _, unit = one(values).partition("/")
    sizes = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
    found = [size for name, size in sizes.items() if name.startswith((unit or "second").lower())]
    if len(found) != 1 or not integer(count):
        raise ValueError(one(values))
    return str(Fraction(integer(count), found[0]))


def mark(values: Sequence[str], context: Context) -> str:
    value, slash, mask = one(values).partition("/")
    return f"{integer(value):#x}/{integer(mask) if slash else 0xFFFFFFFF:#x}"


def set_mark(values: Sequence[str], context: Context) -> str:
    """--set-mark sets the value's bits too: --set-xmark VALUE/(MASK|VALUE)."""
    value, slash, mask = one(values).partition("/")
    bits = integer(mask) | integer(value) if slash else 0xFFFFFFFF
    return f"{integer(value):#x}/{bits:#x}"


def tos(values: Sequence[str], context: Context) -> str:
    text = one(values)
    if not text[:1].isdigit():
        return text
    value, slash, mask = text.partition("/")
    return f"{integer(value):#x}/{integer(mask) if slash else 0xFF:#x}"


def dscp(values: Sequence[str], context: Context) -> str:
    text = one(values)
    found = numbers.DSCP.get(text.upper())
    return f"{integer(text) if found is None else found:#x}"


def probability(values: Sequence[str], context: Context) -> str:
    """The kernel has 31 bits of it: 0.1 comes back as 0.10000000009."""
    return str(round(float(one(values)) * (1 << 31)))


def level(values: Sequence[str], context: Context) -> str | None:
    text = one(values).lower()
    number = numbers.LEVELS[text] if text in numbers.LEVELS else integer(text)
    return None if number == 4 else str(number)


def reject(values: Sequence[str], context: Context) -> str:
    table = numbers.REJECTS if context.family == IPV4 else numbers.REJECTS6
    return table.get(one(values), one(values))


def user(values: Sequence[str], context: Context) -> str:
    return "0" if one(values) == "root" else one(values)


def lower(values: Sequence[str], context: Context) -> str:
    return " ".join(values).lower()


def numeric(values: Sequence[str], context: Context) -> str:
    return str(integer(one(values)))


def default(*texts: str) -> Normal:
    """Says nothing where it is one of these."""
    return lambda values, context: None if " ".join(values) in texts else " ".join(values)


def proto_option(values: Sequence[str], context: Context) -> str:
    return protocol(one(values))


def addresses(values: Sequence[str], context: Context) -> str:
    return address(one(values), context.family)


def clock(values: Sequence[str], context: Context) -> str:
    parts = one(values).split(":")
    return ":".join(f"{integer(each):02}" for each in [*parts, "0", "0"][:3])
