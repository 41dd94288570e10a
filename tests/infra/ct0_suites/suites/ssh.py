"""ssh: who may log in as root, with which keys, and whether root's own keys lie open.

ssh:
  - id: root-by-key-only
    root_login: prohibit-password
    passwords: false
    keys:
      - SHA256:m1nmZdJLUjWjn0TEZ5UPzJDJ9TOzYUrhgTNZXTWiCWA
      - backup@db1
    restricted_by: [from]
  - id: nobody-but-the-nodes-own
    for: {kind: ct}
    root_login: "no"

Without further keys it is expected that no password is empty, no key that may log in is weak, and
that root has no private key without a passphrase. sshd's settings are those of its files as they
are now: one that was not reloaded since, or was started with others, may do otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ct0_suites.records import KINDS, NotApplicable
from ct0_suites.resources.ssh.keys import ENCRYPTED, PLAIN, Key, NoKey, weakness
from ct0_suites.resources.ssh.trust import (
    Settings,
    files_of,
    read_authorized,
    read_home,
    read_private,
    read_sshd,
)
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

STRANGER = "192.0.2.1"  # nobody's address: RFC 5737
LOGINS = ("no", "forced-commands-only", "prohibit-password", "yes")  # each allows more
LEAST_BITS = 2048
FORBID = {"enum": ["forbid", "allow"], "default": "forbid"}
ADDRESS = {"type": "string", "pattern": "^[0-9A-Fa-f.:]+$"}
SCHEMA = {
    "root_login": {
        "description": "What PermitRootLogin may allow at most: no, forced-commands-only,"
        " prohibit-password or yes.",
        "enum": [*LOGINS, False, True],  # YAML reads no and yes so
    },
    "passwords": {
        "description": "false: nobody logs in with a password. PasswordAuthentication and"
        " KbdInteractiveAuthentication are off.",
        "type": "boolean",
        "default": True,
    },
    "from": {
        "description": "From which address root would come, or a list of them: a Match block of"
        f" sshd's may open the door to some only. A stranger's ({STRANGER}) unless given.",
        "oneOf": [ADDRESS, {"type": "array", "items": ADDRESS, "minItems": 1}],
        "default": STRANGER,
    },
    "keys": {
        "description": "Who may log in as root with a key: fingerprints (SHA256:…), or comments,"
        " which are what anybody wrote there.",
        "type": "array",
        "items": {"type": "string", "minLength": 1},
    },
    "mode": {
        "description": "exact: these keys and no others; at-least: these, and others may; at-most:"
        " no others, and none of these need be there.",
        "enum": ["exact", "at-least", "at-most"],
        "default": "exact",
    },
    "unlisted": {
        "description": "Whether sshd may also let in whom no file lists: AuthorizedKeysCommand,"
        " TrustedUserCAKeys, keys marked cert-authority, hosts (HostbasedAuthentication), Kerberos."
        " Asked where `keys` are given and mode is not at-least.",
        **FORBID,
    },
    "restricted_by": {
        "description": "Options that each key must have: from, command, restrict, …",
        "type": "array",
        "items": {"type": "string", "pattern": "^[A-Za-z0-9-]+$"},
        "minItems": 1,
    },
    "rsa_bits": {
        "description": "How long RSA keys must be. DSA keys are always weak.",
        "type": "integer",
        "minimum": 1024,
        "default": LEAST_BITS,
    },
    "weak_keys": {"description": "Weak keys that may log in.", **FORBID},
    "passwordless_private_keys": {
        "description": "Private keys of root's own without a passphrase, in ~/.ssh and what ssh is"
        " configured to use.",
        **FORBID,
    },
    "agent_forwarding": {
        "description": "false: sshd forwards no agents (AllowAgentForwarding).",
        "type": "boolean",
        "default": True,
    },
}
REQUIRED: tuple[str, ...] = ()

BY_PASSWORD = (
    "passwordauthentication", "kbdinteractiveauthentication", "challengeresponseauthentication",
)  # fmt: skip
# What lets in without a key of a file's, where it is not this.
UNLISTED = {
    "authorizedkeyscommand": "none",
    "trustedusercakeys": "none",
    "hostbasedauthentication": "no",
    "gssapiauthentication": "no",
    "kerberosauthentication": "no",
}


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    addresses = want.get("from", STRANGER)
    addresses = [addresses] if isinstance(addresses, str) else addresses
    problems: dict[str, None] = {}
    for address in addresses:
        settings = read_sshd(target, address)
        if settings is not None:
            where = "" if len(addresses) == 1 else f"from {address}: "
            problems.update((f"{where}{each}", None) for each in of_sshd(want, settings))
            keys = read_authorized(target, settings)
            problems.update((each, None) for each in of_keys(want, keys, settings, target))
    if want.get("passwordless_private_keys", "forbid") == "forbid":
        problems.update((each, None) for each in of_private(target))
    if settings is None and not problems:
        raise NotApplicable("no sshd here, and root has no private key without a passphrase")
    yield from problems


def of_sshd(want: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    allowed = login(want.get("root_login", "yes"))
    found = settings["permitrootlogin"][0]
    if found not in LOGINS and found != "without-password":
        yield f"sshd: PermitRootLogin {found}: which is not known here"
    elif LOGINS.index(login(found)) > LOGINS.index(allowed):
        yield f"sshd: PermitRootLogin {login(found)}, should be {allowed}"
    if not want.get("passwords", True):
        for name in BY_PASSWORD:
            if settings.get(name, ("no",))[0] != "no":
                yield f"sshd: {name} {settings[name][0]}, should be no"
    if settings.get("permitemptypasswords", ("no",))[0] != "no":
        yield "sshd: permitemptypasswords yes: who has no password needs none to log in"
    if not want.get("agent_forwarding", True) and forwards_agents(settings):
        yield "sshd: allowagentforwarding yes, should be no"


def login(value: str | bool) -> str:
    """As sshd_config(5) calls it today."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "prohibit-password" if value == "without-password" else value


def forwards_agents(settings: Settings) -> bool:
    off = settings.get("disableforwarding", ("no",))[0] == "yes"
    return not off and settings.get("allowagentforwarding", ("yes",))[0] != "no"


def of_keys(
    want: Mapping[str, Any], found: Sequence[Key | NoKey], settings: Settings, target: Target
) -> Iterator[str]:
    keys = [each for each in found if isinstance(each, Key)]
    for each in found:
        if isinstance(each, NoKey):
            yield f"{each.file}:{each.line}: reads as no key"
    if want.get("weak_keys", "forbid") == "forbid":
        for key in keys:
            if weak := weakness(key, want.get("rsa_bits", LEAST_BITS)):
                yield f"{key.place}: {key.told}: {weak}"
    for name in want.get("restricted_by", ()):
        for key in keys:
            if name.lower() not in dict(key.options):
                yield f"{key.place}: {key.told}: is without the option {name}"
    if "keys" in want:
        yield from of_list(want["keys"], want.get("mode", "exact"), keys, settings, target)
        if want.get("mode") != "at-least" and want.get("unlisted", "forbid") == "forbid":
            yield from of_unlisted(keys, settings)


def of_list(
    wanted: Sequence[str], mode: str, keys: Sequence[Key], settings: Settings, target: Target
) -> Iterator[str]:
    if mode != "at-most":
        for each in wanted:
            if not any(each in (key.fingerprint, key.comment) for key in keys):
                files = ", ".join(files_of(settings, read_home(target))) or "no file at all"
                yield f"{each}: may not log in: it is not in {files}"
    for each in wanted:
        called = {key.fingerprint: key for key in keys if key.comment == each}
        if len(called) > 1:
            places = ", ".join(key.place for key in called.values())
            yield f"{places}: {len(called)} different keys are called {each}"
    if mode != "at-least":
        for key in keys:
            if key.fingerprint not in wanted and (not key.comment or key.comment not in wanted):
                yield f"{key.place}: {key.told}: may log in as root, and should not"


def of_unlisted(keys: Sequence[Key], settings: Settings) -> Iterator[str]:
    for name, off in UNLISTED.items():
        value = settings.get(name, (off,))[0]
        if value != off:
            yield f"sshd: {name} {value}: lets in whom no file lists"
    for key in keys:
        if "cert-authority" in dict(key.options):
            yield f"{key.place}: {key.told}: is an authority, and lets in whom it signs for"


def of_private(target: Target) -> Iterator[str]:
    for key in read_private(target):
        if key.passphrase == PLAIN:
            yield f"{key.file}: a private key of root's without a passphrase"
        elif key.passphrase != ENCRYPTED:
            yield f"{key.file}: whether this private key has a passphrase cannot be told"


def observe(target: Target) -> Iterator[dict[str, Any]]:
    settings = read_sshd(target, STRANGER)
    want: dict[str, Any] = {}
    if any(of_private(target)):
        want["passwordless_private_keys"] = "allow"
    if settings is not None and login(settings["permitrootlogin"][0]) in LOGINS:
        found = read_authorized(target, settings)
        keys = [each for each in found if isinstance(each, Key)]
        want["root_login"] = login(settings["permitrootlogin"][0])
        if not any(of_sshd({"passwords": False}, settings)):
            want["passwords"] = False
        want["keys"] = sorted({key.fingerprint for key in keys})
        if any(of_unlisted(keys, settings)):
            want["unlisted"] = "allow"
        if any(weakness(key, LEAST_BITS) for key in keys):
            want["weak_keys"] = "allow"
        yield from [] if any(judge(want, target)) else [want]
    elif settings is None and want:
        yield want
