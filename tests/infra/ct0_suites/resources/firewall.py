"""A target's packet filters: what iptables and nft show of them, and whether both are at work.

iptables-save is never given a table: naming one loads it, and nat brings connection tracking with
it. Over nf_tables or over the old ip_tables ("legacy") it is another framework; which tables the
old one has loaded is in /proc/net/ip_tables_names.

Where a container has neither iptables nor nft, its machine's read its network namespace (nsenter
-n), if that is proven to be the container's.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Callable, NamedTuple

from ct0.errors import Malformed, Unavailable
from ct0.firewall import ipset, iptables_save, nft, nft_text
from ct0.firewall.foreign import only_counts
from ct0.firewall.iptables_save import Dump
from ct0.firewall.rules import Table
from ct0.firewall.values import FAMILIES, IPV4
from ct0.text import plain
from ct0_suites.target import Target
from ct0_suites.transport import Output

PREFIX = {IPV4: "ip", "ipv6": "ip6"}
SECTIONS = {
    "netns": "readlink /proc/self/ns/net",
    "version": "iptables -V",
    "tracking": "ls -d /proc/net/nf_conntrack /proc/net/ip_conntrack 2>/dev/null",
    "modules": "ls -d /proc/modules; grep -s '^nf_tables ' /proc/modules"
    "; grep -s nf_tables /lib/modules/$(uname -r)/modules.builtin",
    **{f"names-{each}": f"cat /proc/net/{p}_tables_names" for each, p in PREFIX.items()},
    **{f"save-{each}": f"{p}tables-save" for each, p in PREFIX.items()},
    **{f"legacy-{each}": f"{p}tables-legacy-save" for each, p in PREFIX.items()},
    **{f"nft-{each}": f"{p}tables-nft-save" for each, p in PREFIX.items()},
    "json": "nft -j list ruleset",
    "text": "nft list ruleset",
}
NO_COMMAND = 127
PATH = "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH; LC_ALL=C; export LC_ALL"

SAVED = {
    "ipv4": ("/etc/iptables/rules.v4", "/etc/sysconfig/iptables"),
    "ipv6": ("/etc/iptables/rules.v6", "/etc/sysconfig/ip6tables"),
    "nft": ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf"),
}
# What may load connection tracking where a file is loaded to be read.
TRACKS = re.compile(r"\b(?:ct|masquerade|dnat|snat|redirect|type nat)\b")


Run = Callable[[str], Output]
LARGEST = 16 << 20  # characters of one dump


class Said(NamedTuple):
    """One command's end: its status, what it printed, and the last line of its complaints."""

    status: int = NO_COMMAND
    text: str = ""
    trouble: str = ""


def script() -> str:
    """All of SECTIONS in one go. Each line comes back behind its section's name, so that no text
    passes for another section; the last of each is the command's status."""
    lines = [PATH]
    for name, command in SECTIONS.items():
        lines.append(f"echo {name}: >&2")
        lines.append(f"{{ {command}; printf '\\n%s\\n' $?; }} | sed 's/^/{name}:/'")
    return "\n".join(lines)


def parse_sections(said: Output) -> dict[str, Said]:
    """Raises Malformed when one does not end with its status."""
    texts: dict[str, list[str]] = {}
    for line in said.stdout.decode("utf-8", "replace").split("\n"):
        name, colon, rest = line.partition(":")
        if colon and name in SECTIONS:
            texts.setdefault(name, []).append(rest)
    complaints: dict[str, str] = {}
    name = ""
    for line in said.stderr.decode("utf-8", "replace").splitlines():
        if line.endswith(":") and line[:-1] in SECTIONS:
            name = line[:-1]
        elif line.strip():
            complaints[name] = plain(line)
    found = {}
    for name, lines in texts.items():
        if not re.fullmatch("[0-9]{1,3}", lines[-1]):
            raise Malformed(name, lines[-1])
        text = "\n".join(lines[:-1])
        found[name] = Said(int(lines[-1]), text, complaints.get(name, ""))
    missing = [name for name in SECTIONS if name not in found]
    if missing:
        raise Unavailable(f"no answer of {', '.join(missing)}: {said.trouble}")
    return found


class Firewall:
    """What was read, and what it means. Methods raise Unavailable and Malformed."""

    def __init__(self, sections: Mapping[str, Said], run: Run) -> None:
        self.sections = sections
        self.run = run  # where they were read: in a CT, or in its network from outside
        self.dumps: dict[str, Dump] = {}
        self.tables: dict[str, Table] | None = None

    @property
    def tracking(self) -> str:
        """The file that shows connection tracking, or ""."""
        return self.sections["tracking"].text.strip().partition("\n")[0]

    @property
    def has_commands(self) -> bool:
        return any(
            self.sections[name].status != NO_COMMAND
            for name in SECTIONS
            if name.startswith(("save-", "legacy-", "nft-", "text"))
        )

    @property
    def may_have_nft(self) -> bool:
        """Whether nf_tables is in the kernel: loaded, built in, or there is no telling."""
        text = self.sections["modules"].text
        return "nf_tables" in text or "/proc/modules" not in text

    def names(self, family: str) -> list[str]:
        """The tables that legacy iptables has loaded."""
        said = self.sections[f"names-{family}"]
        if said.status and "No such file" not in said.trouble:
            raise Unavailable(said.trouble or f"names-{family}: exit status {said.status}")
        return said.text.split()

    def over_nft(self, family: str) -> bool:
        """Whether `iptables-save` is the one over nf_tables."""
        said = self.sections["version"]
        return "(nf_tables)" in said.text or (
            said.status != 0 and self.dump(f"save-{family}", family).over_nft
        )

    def dump(self, name: str, family: str) -> Dump:
        said = self.sections[name]
        if said.status:
            raise Unavailable(f"{SECTIONS[name]}: {said.trouble or f'exit status {said.status}'}")
        if len(said.text) > LARGEST:
            raise Unavailable(f"{SECTIONS[name]}: more than {LARGEST} characters: not read")
        if name not in self.dumps:
            self.dumps[name] = iptables_save.parse(said.text, SECTIONS[name], family)
        return self.dumps[name]

    def has(self, name: str) -> bool:
        return self.sections[name].status != NO_COMMAND

    def legacy(self, family: str) -> Dump:
        """The old framework's rules."""
        names = self.names(family)
        if not names:
            return Dump()
        if self.has(f"legacy-{family}"):
            dump = self.dump(f"legacy-{family}", family)
        elif self.has(f"save-{family}") and not self.over_nft(family):
            dump = self.dump(f"save-{family}", family)
        else:
            raise Unavailable(
                f"legacy tables are loaded ({plain(' '.join(names))}), and nothing here shows them:"
                f" no {SECTIONS[f'legacy-{family}']}"
            )
        unseen = set(names) - set(dump.tables)
        if unseen:
            raise Unavailable(f"legacy tables are not shown: {plain(' '.join(sorted(unseen)))}")
        return dump

    def modern(self, family: str) -> Dump:
        """iptables' rules over nf_tables; none where there is no iptables of that kind: nft shows
        them then."""
        if self.has(f"nft-{family}"):
            return self.dump(f"nft-{family}", family)
        if self.has(f"save-{family}") and self.over_nft(family):
            return self.dump(f"save-{family}", family)
        return Dump()

    def has_iptables(self, family: str) -> bool:
        return any(self.has(f"{kind}-{family}") for kind in ("save", "legacy", "nft"))

    def complete(self, family: str) -> Dump:
        """All of iptables' rules; Unavailable also when there are some that it cannot show."""
        dump = self.iptables(family)
        if dump.incompatible:
            names = plain(", ".join(dump.incompatible))
            raise Unavailable(f"table {names} has rules of nft's: iptables-save does not show it")
        return dump

    def iptables(self, family: str) -> Dump:
        """The rules in force: those of the framework that has any, else of `iptables-save`'s."""
        if not self.has_iptables(family):
            raise Unavailable(f"no {SECTIONS[f'save-{family}']} here")
        legacy, modern = self.legacy(family), self.modern(family)
        if legacy.effective != modern.effective:
            return legacy if legacy.effective else modern
        named = self.has(f"save-{family}")
        return modern if self.over_nft(family) or not named else legacy

    def nft(self) -> dict[str, Table]:
        """nft's own tables, without what iptables made."""
        if self.tables is None:
            self.tables = self.read_nft()
        return self.tables

    def read_nft(self) -> dict[str, Table]:
        said = self.sections["text"]
        if said.status:
            missing = "no nft here" if said.status == NO_COMMAND else said.trouble
            raise Unavailable(f"nft list ruleset: {missing or f'exit status {said.status}'}")
        if len(said.text) > LARGEST:
            raise Unavailable(f"nft list ruleset: more than {LARGEST} characters: not read")
        tables = nft_text.parse(said.text)
        if self.sections["json"].status == 0 and self.sections["json"].text.strip():
            try:
                tables = nft_text.joined(nft.parse(self.sections["json"].text), tables)
            except ValueError as error:
                raise Unavailable(f"nft's rules changed while they were read: {error}") from error
        tables = nft.native(tables, {family: self.modern(family) for family in FAMILIES})
        for table in tables.values():
            for chain in table.chains.values():
                if not all(rule.forms for rule in chain.rules):
                    raise Unavailable(
                        f"nft shows rules of iptables' in part only: {plain(table.name)}"
                        f" {plain(chain.name)}: no iptables-save here to show them"
                    )
        return tables

    def frameworks(self) -> dict[str, str]:
        """Those that do anything, with what each has: {"legacy iptables": "ipv4 filter", …}."""
        found: dict[str, list[str]] = {}
        for family in FAMILIES:
            for name, dump in (
                ("legacy iptables", self.legacy(family)),
                ("nf_tables", self.modern(family)),
            ):
                for table in dump.tables.values():
                    if table.effective:
                        found.setdefault(name, []).append(f"{family} {table.name}")
        if self.has("text"):
            for table in self.nft().values():
                if table.effective and not only_counts(table.name):
                    found.setdefault("nf_tables", []).append(table.name)
        elif list(found) == ["legacy iptables"] and self.may_have_nft:
            raise Unavailable("nf_tables is loaded, and no nft is here to show what is in it")
        return {name: ", ".join(tables) for name, tables in found.items()}


def read_firewall(target: Target) -> Firewall:
    """Of a target, once for all expectations. Raises Unavailable, Malformed, Unreachable."""
    return target.once("firewall", lambda: read(target))


def read(target: Target) -> Firewall:
    found = Firewall(parse_sections(target.run(script())), target.run)
    machine = target.machine
    if found.has_commands or machine is None or not target.init_pid:
        return found
    enter = f"nsenter -t {target.init_pid} -n -- /bin/sh -c "
    outside = parse_sections(machine.run(f"{enter}{shlex.quote(script())}"))
    place = found.sections["netns"].text.strip()
    if not re.fullmatch(r"net:\[[0-9]+\]", place) or outside["netns"].text.strip() != place:
        raise Unavailable(
            "no iptables and no nft inside, and its network namespace is not found from outside"
        )
    return Firewall(outside, lambda text: machine.run(f"{enter}{shlex.quote(text)}"))


def read_ipsets(target: Target) -> dict[str, ipset.Set]:
    """Only where they are asked for: looking may load their module. Raises Unavailable."""

    def sets() -> dict[str, ipset.Set]:
        said = read_firewall(target).run(f"{PATH}\nipset save")
        if said.status:
            missing = "no ipset here" if said.status == NO_COMMAND else said.trouble
            raise Unavailable(f"ipset save: {missing}")
        return ipset.parse(said.text)

    return target.once("ipset", sets)


def read_saved(target: Target, path: str) -> Said:
    """A saved file's text; a status that is not 0 where there is none."""

    def read() -> Said:
        said = target.run(f"LC_ALL=C cat -- {shlex.quote(path)}")
        return Said(said.status, said.stdout.decode("utf-8", "replace"), said.trouble)

    return target.once(f"firewall {path}", read)


def loaded(target: Target, path: str) -> dict[str, Table]:
    """nft's file as nft itself reads it, in a network namespace of its own that ends at once.

    Raises Unavailable where that might switch connection tracking on.
    """
    text = read_saved(target, path).text
    if (TRACKS.search(text) or "include" in text) and not read_firewall(target).tracking:
        raise Unavailable(f"{path}: not loaded to be read: it may switch connection tracking on")
    inner = f"nft -f {shlex.quote(path)} && nft list ruleset"
    said = target.run(f"LC_ALL=C unshare -n -- /bin/sh -c {shlex.quote(inner)}")
    if said.status:
        raise Unavailable(f"{path}: nft does not load it: {said.trouble}")
    return nft_text.parse(said.stdout.decode("utf-8", "replace"), path)
