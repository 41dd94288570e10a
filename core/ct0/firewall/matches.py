"""iptables' matches and targets: whose an option is, how else it is called, what it is by default.

An option needs no place after its `-m`: iptables gives it to the match that has one of the name,
and finds the protocol's own match by itself. One literal table, after iptables-extensions(8).
"""

from __future__ import annotations

from ct0.firewall import values
from ct0.firewall.values import Normal

# Long and short words for what is the same.
CORE = {
    "--append": "-A", "--insert": "-I", "--new-chain": "-N", "--policy": "-P", "--table": "-t",
    "--proto": "-p", "--protocol": "-p", "--src": "-s", "--source": "-s", "--dst": "-d",
    "--destination": "-d", "--in-interface": "-i", "--out-interface": "-o", "--jump": "-j",
    "--goto": "-g", "--match": "-m", "--fragment": "-f", "--set-counters": "-c", "--ipv4": "-4",
    "--ipv6": "-6",
}  # fmt: skip

MATCH_NAMES = {"state": "conntrack", "icmpv6": "icmp6", "ipv6-icmp": "icmp6", "ipv6-mh": "mh"}

# Protocol's number -> the match that -p loads when one of its options comes.
IMPLIED = {
    "6": "tcp", "17": "udp", "136": "udplite", "132": "sctp", "33": "dccp", "1": "icmp",
    "58": "icmp6", "50": "esp", "51": "ah", "135": "mh",
}  # fmt: skip

PORT_NAMES = {
    "source-port": "sport", "destination-port": "dport", "source-ports": "sports",
    "destination-ports": "dports", "port": "ports",
}  # fmt: skip
PORTED = frozenset({"sport", "dport", "source-port", "destination-port"})

# iptables takes the beginning of an option for it, where no other is called so.
SHORTENED = {"multiport": frozenset({"source-port", "sport", "destination-port", "dport", "port"})}

OWNS: dict[str, frozenset[str]] = {
    "tcp": PORTED | {"tcp-flags", "syn", "tcp-option"},
    "udp": PORTED,
    "udplite": PORTED,
    "sctp": PORTED | {"chunk-types"},
    "dccp": PORTED | {"dccp-types", "dccp-option"},
    "icmp": frozenset({"icmp-type"}),
    "icmp6": frozenset({"icmpv6-type"}),
    "esp": frozenset({"espspi"}),
    "ah": frozenset({"ahspi"}),
    "mh": frozenset({"mh-type"}),
    "conntrack": frozenset(
        {
            "state",
            "ctstate",
            "ctproto",
            "ctorigsrc",
            "ctorigdst",
            "ctreplsrc",
            "ctrepldst",
            "ctorigsrcport",
            "ctorigdstport",
            "ctreplsrcport",
            "ctrepldstport",
            "ctstatus",
            "ctexpire",
            "ctdir",
        }
    ),
    "multiport": frozenset({"source-ports", "sports", "destination-ports", "dports", "ports"}),
    "comment": frozenset({"comment"}),
    "limit": frozenset({"limit", "limit-burst"}),
    "mac": frozenset({"mac-source"}),
    "iprange": frozenset({"src-range", "dst-range"}),
    "mark": frozenset({"mark"}),
    "connmark": frozenset({"mark"}),
    "pkttype": frozenset({"pkt-type"}),
    "addrtype": frozenset({"src-type", "dst-type", "limit-iface-in", "limit-iface-out"}),
    "owner": frozenset({"uid-owner", "gid-owner", "socket-exists", "suppl-groups"}),
    "physdev": frozenset(
        {"physdev-in", "physdev-out", "physdev-is-in", "physdev-is-out", "physdev-is-bridged"}
    ),
    "length": frozenset({"length"}),
    "ttl": frozenset({"ttl-eq", "ttl-lt", "ttl-gt"}),
    "hl": frozenset({"hl-eq", "hl-lt", "hl-gt"}),
    "dscp": frozenset({"dscp", "dscp-class"}),
    "tos": frozenset({"tos"}),
    "statistic": frozenset({"mode", "probability", "every", "packet"}),
    "set": frozenset({"match-set", "return-nomatch"}),
    "helper": frozenset({"helper"}),
    "policy": frozenset(
        {"dir", "pol", "strict", "reqid", "spi", "proto", "mode", "tunnel-src", "tunnel-dst"}
    ),
    "time": frozenset(
        {"timestart", "timestop", "datestart", "datestop", "weekdays", "monthdays", "kerneltz"}
    ),
    "rpfilter": frozenset({"loose", "validmark", "accept-local", "invert"}),
    "connlimit": frozenset(
        {
            "connlimit-upto",
            "connlimit-above",
            "connlimit-mask",
            "connlimit-saddr",
            "connlimit-daddr",
        }
    ),
    "recent": frozenset(
        {
            "set",
            "rcheck",
            "update",
            "remove",
            "seconds",
            "reap",
            "hitcount",
            "rttl",
            "name",
            "rsource",
            "rdest",
            "mask",
        }
    ),
}

# Matches that only look at the packet: their order is nothing to it. Others count what comes to
# them, or are not known, and keep their places.
PURE = frozenset(OWNS) - {"limit", "statistic", "connlimit", "recent"}

# One value each, whatever it looks like.
STRINGS = frozenset(
    {
        "comment",
        "log-prefix",
        "nflog-prefix",
        "ulog-prefix",
        "string",
        "hex-string",
        "name",
        "hashlimit-name",
        "quota-name",
        "u32",
        "match-set-name",
    }
)

RENAMED = {
    ("tcp", "syn"): "tcp-flags",
    ("conntrack", "state"): "ctstate",
    ("dscp", "dscp-class"): "dscp",
    ("DSCP", "set-dscp-class"): "set-dscp",
    ("MARK", "set-mark"): "set-xmark",
    ("CONNMARK", "set-mark"): "set-xmark",
    ("DNAT", "to"): "to-destination",
    ("SNAT", "to"): "to-source",
    ("hashlimit", "hashlimit"): "hashlimit-upto",
}

NORMAL: dict[str, Normal] = {
    "sport": values.ports, "dport": values.ports, "sports": values.port_list,
    "dports": values.port_list, "ports": values.port_list, "tcp-flags": values.tcp_flags,
    "syn": values.syn, "icmp-type": values.icmp_type, "icmpv6-type": values.icmp_type,
    "state": values.words, "ctstate": values.words, "ctstatus": values.words,
    "ctproto": values.proto_option, "ctorigsrc": values.addresses, "ctorigdst": values.addresses,
    "ctreplsrc": values.addresses, "ctrepldst": values.addresses, "src-type": values.words,
    "dst-type": values.words, "pkt-type": values.lower, "mac-source": values.lower,
    "mark": values.mark, "set-xmark": values.mark, "set-mark": values.set_mark,
    "uid-owner": values.user, "gid-owner": values.user, "limit": values.rate,
    "limit-burst": values.default("5"), "hashlimit-burst": values.default("5"),
    "hashlimit-upto": values.rate, "hashlimit-above": values.rate, "hashlimit": values.rate,
    "probability": values.probability, "tos": values.tos, "set-tos": values.tos,
    "dscp": values.dscp, "dscp-class": values.dscp, "set-dscp": values.dscp,
    "set-dscp-class": values.dscp, "timestart": values.clock, "timestop": values.clock,
    "datestop": values.default("2038-01-19T03:14:07"),
    "connlimit-mask": values.default("32", "128"), "connlimit-saddr": values.default(""),
    "rsource": values.default(""), "log-level": values.level, "reject-with": values.reject,
    "nfmask": values.default("0xffffffff"), "ctmask": values.default("0xffffffff"),
    "mask": values.default("255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
}  # fmt: skip
# "name" is DEFAULT of recent alone; a hash table of another match may have that name.
NORMAL_OF: dict[tuple[str, str], Normal] = {("recent", "name"): values.default("DEFAULT")}
