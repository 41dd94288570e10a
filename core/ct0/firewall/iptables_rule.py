"""One rule of iptables in the words of iptables-save(8), or as people type it.

-A INPUT -s 10.0.0.7/32 -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT

Equal rules get equal forms however they are written: `--dport ssh -p tcp`, without `-m tcp`, with
a netmask, with matches in another order where that makes no difference, with a comment or without.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import NamedTuple

from ct0.errors import Malformed
from ct0.firewall.matches import (
    CORE,
    IMPLIED,
    MATCH_NAMES,
    NORMAL,
    NORMAL_OF,
    OWNS,
    PORT_NAMES,
    PURE,
    RENAMED,
    SHORTENED,
    STRINGS,
)
from ct0.firewall.numbers import SERVICES
from ct0.firewall.rules import Rule
from ct0.firewall.values import FAMILIES, IPV4, IPV6, Context, address, protocol

COUNTERS = re.compile(r"\[[0-9]+:[0-9]+\]\s+")
WORD = re.compile(r'[ \t\n]*(?:"((?:[^"\\]|\\.)*)"|([^ \t\n"]+)(?![^ \t\n])|$)', re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
OPTION = re.compile(r"-[A-Za-z0-9-]")
LONGEST = 64 << 10  # characters of one rule
MANY = 4096  # rules that one line may stand for


class Word(NamedTuple):
    text: str
    quoted: bool

    @property
    def is_option(self) -> bool:
        return not self.quoted and OPTION.match(self.text) is not None


class Option(NamedTuple):
    name: str
    negated: bool
    values: tuple[str, ...]


class Group(NamedTuple):
    """A match or a target with its options."""

    name: str
    options: list[Option]


class Line(NamedTuple):
    """What a line does: its command -A, -I, -N or -P, on which chain, in which table ("" none)."""

    command: str
    chain: str
    table: str
    position: int  # of -I, from 1
    policy: str  # of -P
    families: tuple[str, ...]  # -4 and -6
    rules: tuple[Rule, ...]


def parse_line(
    text: str,
    path: str,
    family: str = IPV4,
    services: Mapping[str, int] | None = None,
) -> Line:
    """A line with a command. Raises Malformed, with what it is that cannot be read."""
    names = SERVICES if services is None else {**SERVICES, **services}
    try:
        if len(text) > LONGEST or "\0" in text:
            raise ValueError("too long, or no text")
        return Reading(text, Context(family, names)).line()
    except ValueError as error:
        raise Malformed(f"{path}: {str(error)[:60]!r}", text) from error


def split(text: str) -> Iterator[Word]:
    """Words as iptables-restore splits them: only double quotes, a backslash only in them."""
    at = 0
    while at < len(text):
        found = WORD.match(text, at)
        if found is None:
            raise ValueError(text[at:].strip())  # a quote that does not end, or within a word
        at = found.end()
        if found[1] is not None:
            yield Word(ESCAPED.sub(r"\1", found[1]), True)
        elif found[2]:
            yield Word(found[2], False)


class Reading:
    """The words of one line, in order."""

    def __init__(self, text: str, context: Context) -> None:
        self.text = text.strip()
        counted = COUNTERS.match(self.text)
        if counted:
            self.text = self.text[counted.end() :]
        self.context = context
        self.core: dict[str, Option] = {}
        self.groups: list[Group] = []
        self.loose: list[tuple[Option, int]] = []  # and the matches that were loaded before it
        self.target: Group | None = None
        self.target_at = 0

    def line(self) -> Line:
        self.take(list(split(self.text)))
        commands = [each for each in ("-A", "-I", "-N", "-P") if each in self.core]
        if len(commands) != 1:
            raise ValueError("one of -A, -I, -N, -P is needed")
        command = self.core[commands[0]]
        table = self.core["-t"].values[0] if "-t" in self.core else ""
        families = tuple(
            family for flag, family in (("-4", IPV4), ("-6", IPV6)) if flag in self.core
        )
        position, policy = 1, ""
        if commands[0] == "-I" and len(command.values) == 2:
            position = int(command.values[1])
            if position < 1:
                raise ValueError(command.values[1])
        elif commands[0] == "-P" and len(command.values) == 2:
            policy = command.values[1]
        elif len(command.values) != 1 or commands[0] == "-P":
            raise ValueError(" ".join(command.values))
        adds = commands[0] in ("-A", "-I") and (not families or self.context.family in families)
        if commands[0] in ("-N", "-P") and (self.groups or self.loose or self.target):
            raise ValueError(commands[0])
        rules = tuple(self.rules()) if adds else ()
        where = (commands[0], command.values[0], table, position, policy)
        return Line(*where, families or FAMILIES, rules)

    def take(self, words: Sequence[Word]) -> None:
        at, negated = 0, False
        while at < len(words):
            word = words[at]
            at += 1
            if word == Word("!", False):
                if negated:
                    raise ValueError("! !")
                negated = True
                continue
            if not word.is_option:
                raise ValueError(word.text)
            name, given = CORE.get(word.text, word.text), []
            if name.startswith("--") and "=" in name:
                name, _, value = name.partition("=")
                given, name = [value], CORE.get(name, name)
            exact = self.arity(name)
            while at < len(words) and len(given) < (exact or 2 if name in ("-I", "-P") else exact):
                word = words[at]
                follows = words[at + 1] if at + 1 < len(words) else None
                if word == Word("!", False) and not (follows is None or follows.is_option):
                    if negated or given:
                        raise ValueError(f"{name} !")
                    negated = True  # as iptables before 1.4.3 writes it: -s ! 10.0.0.0/8
                elif self.ends(name, word):
                    break
                else:
                    given.append(word.text)
                at += 1
            self.put(Option(name, negated, tuple(given)))
            negated = False
        if negated:
            raise ValueError("! at the end")

    def arity(self, name: str) -> int:
        """The most values an option may have."""
        if name in ("-f", "-4", "-6"):
            return 0
        if name in ("-I", "-P", "-c"):
            return 2
        return 1 if not name.startswith("--") or name[2:] in STRINGS else 1000

    def ends(self, name: str, word: Word) -> bool:
        if name.startswith("--") and name[2:] in STRINGS:
            return False
        return word.is_option or word == Word("!", False)

    def put(self, option: Option) -> None:
        name = option.name
        if name.startswith("--"):
            self.loose.append((option._replace(name=name[2:]), len(self.groups)))
            return
        if name not in ("-A", "-I", "-N", "-P", "-t", "-p", "-s", "-d", "-i", "-o", "-f", "-c",
                        "-j", "-g", "-m", "-4", "-6"):  # fmt: skip
            raise ValueError(name)
        if option.negated and name not in ("-p", "-s", "-d", "-i", "-o", "-f"):
            raise ValueError(f"! {name}")
        if name not in ("-f", "-4", "-6", "-c") and not option.values:
            raise ValueError(f"{name} without a value")
        if name == "-m":
            match = option.values[0]
            self.groups.append(Group(MATCH_NAMES.get(match, match), []))
        elif name in ("-j", "-g"):
            if self.target is not None:
                raise ValueError(f"{name} twice")
            self.target = Group(option.values[0], [])
            self.target_at = len(self.loose)
            self.core[name] = option
        elif name in self.core:
            raise ValueError(f"{name} twice")
        elif name != "-c":
            self.core[name] = option

    def rules(self) -> Iterator[Rule]:
        """One, or one for each pair of several addresses."""
        proto = self.one("-p", protocol)
        if proto and proto[1] == "0":
            if proto[0]:
                raise ValueError("! -p all")
            proto = None
        self.assign(proto[1] if proto and not proto[0] else "")
        matches = list(self.matches(proto[1] if proto and not proto[0] else ""))
        target = self.ending()
        faces = tuple(
            (name, *found)
            for name in ("-i", "-o")
            if (found := self.one(name, str)) and found != (False, "+")
        )
        fragment = ("-f", self.core["-f"].negated) if "-f" in self.core else ()
        sources, goals = self.addresses("-s"), self.addresses("-d")
        if len(sources) * len(goals) > MANY:
            raise ValueError("too many addresses")
        leads = self.target.name if self.target else ""
        for source in sources:
            for goal in goals:
                condition = (source, goal, proto or (), faces, fragment, tuple(matches))
                yield Rule(
                    self.text,
                    (repr((condition, target)),),
                    leads,
                    (leads,) if leads else (),
                    not any(condition),
                )

    def one(self, name: str, normal: type[str] | object) -> tuple[bool, str] | None:
        option = self.core.get(name)
        if option is None:
            return None
        value = option.values[0]
        return option.negated, normal(value) if callable(normal) else value

    def addresses(self, name: str) -> list[tuple[object, ...]]:
        option = self.core.get(name)
        if option is None:
            return [()]
        each = option.values[0].split(",")
        if option.negated and len(each) > 1:
            raise ValueError(f"! {name} {option.values[0]}")
        found = [address(text, self.context.family) for text in each]
        return [(option.negated, text) if text or option.negated else () for text in found]

    def assign(self, proto: str) -> None:
        """Give each option to the match or target that it is of."""
        implied = IMPLIED.get(proto, "")
        own, own_at = None, 0
        for at, (option, loaded) in enumerate(self.loose):
            before = self.groups[:loaded]
            name = option.name
            group = latest(before, OWNS, name)
            mine = name in OWNS.get(implied, ())
            if group is None and mine and own is not None:
                group = own
            if group is None:
                group = latest(before, SHORTENED, name)
            if group is None and mine:
                group = own = Group(implied, [])
                own_at = loaded
            if group is None and self.target is not None and at >= self.target_at:
                group = self.target
            if group is None:
                group = before[-1] if before else None
            if group is None:
                raise ValueError(f"--{name}: no match has it")
            group.options.append(option)
        if own is not None:
            # Where its first option is, which may be before what counts packets.
            self.groups.insert(own_at, own)

    def matches(self, proto: str) -> Iterator[object]:
        """The order of those that only look is nothing: sorted, between those that count."""
        run: list[tuple[str, tuple[str, ...]]] = []
        for group in self.groups:
            if group.name == "comment":
                continue
            options = self.options(group)
            if group.name == IMPLIED.get(proto) and not options:
                continue
            if group.name in PURE:
                run.append((group.name, options))
                continue
            yield from sorted(run)
            run = []
            yield group.name, options
        yield from sorted(run)

    def options(self, group: Group) -> tuple[str, ...]:
        found = []
        for option in group.options:
            name = option.name
            if group.name in ("tcp", "udp", "udplite", "sctp", "dccp", "multiport"):
                name = PORT_NAMES.get(name, name)
            if group.name == "multiport":
                name = {"sport": "sports", "dport": "dports"}.get(name, name)
            normal = NORMAL_OF.get((group.name, name), NORMAL.get(name))
            values: str | None = repr(option.values)
            if normal is not None:
                values = normal(option.values, self.context)
            if values is None and not option.negated:
                continue
            negated = option.negated
            if negated and name in ("sport", "dport") and values is not None:
                negated, values = without_not(values)
            sign = "! " if negated else ""
            found.append(f"{sign}{RENAMED.get((group.name, name), name)} {values}")
        return tuple(sorted(found))

    def ending(self) -> tuple[object, ...]:
        if self.target is None:
            return ()
        name, options = self.target.name, self.options(self.target)
        if name == "REJECT" and not options:
            usual = "icmp-port" if self.context.family == IPV4 else "icmp6-port"
            options = (f"reject-with {usual}-unreachable",)
        if name == "NOTRACK":
            name, options = "CT", (f"notrack {()!r}",)
        return "-g" if "-g" in self.core else "-j", name, options


def latest(groups: Sequence[Group], table: Mapping[str, Container[str]], name: str) -> Group | None:
    """The last match that has an option of the name."""
    return next((each for each in reversed(groups) if name in table.get(each.name, ())), None)


def without_not(ports: str) -> tuple[bool, str]:
    """`! 0:1023` is 1024:65535: iptables over nf_tables says it so."""
    low, _, high = ports.partition(":")
    if low == "0" and high not in ("", "65535"):
        return False, "65535" if high == "65534" else f"{int(high) + 1}:65535"
    if high == "65535" and low != "0":
        return False, "0" if low == "1" else f"0:{int(low) - 1}"
    return True, ports
