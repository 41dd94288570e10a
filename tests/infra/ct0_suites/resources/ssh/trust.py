"""Who may log in as root by ssh, and where root's own keys are: sshd -T, authorized_keys, ~/.ssh.

    permitrootlogin without-password
    passwordauthentication yes
    authorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2

sshd(8) -T prints the settings that hold for one connection, Match blocks and included files worked
in; -C says which connection. No private key is read beyond its beginning, on the target itself: of
OpenSSH's format 33 bytes, in which names of ciphers are, of others the line that says ENCRYPTED.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import NamedTuple

from ct0.errors import Malformed, Unavailable
from ct0_suites.resources.ssh.keys import Key, NoKey, parse_authorized, passphrase
from ct0_suites.target import Target

Settings = Mapping[str, tuple[str, ...]]  # in lower case; every value of a name that comes twice

NO_SSHD, OTHER_SERVER = 44, 46
SSHD = """\
PATH=$PATH:/usr/sbin:/usr/local/sbin:/sbin
sshd=$(command -v sshd) || {{ command -v dropbear >/dev/null && exit 46; exit 44; }}
LC_ALL=C "$sshd" -T -C user=root,host={address},addr={address},laddr=127.0.0.1,lport=22"""

AUTHORIZED = """\
for f in {files}; do
    [ -f "$f" ] || continue
    LC_ALL=C grep -aHn '' -- "$f" || [ $? -eq 1 ] || printf 'E:%s\\n' "$f"
done"""

# What is after -----BEGIN … of a key that is not OpenSSH's own is key material: never printed.
BEGINNING = r"""
NR > 100 { exit }
kind != "" {
    if (kind ~ /OPENSSH/) print "H:" substr($0, 1, 44)
    else if ($0 ~ /^(Proc-Type|Encryption):/) print "H:" substr($0, 1, 60)
    exit
}
/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/ || /^PuTTY-User-Key-File-[0-9]:/ {
    kind = $0
    print "H:" substr($0, 1, 40)
}
"""
IDENTITIES = r"""
{ sub(/^[ \t]+/, "") }
tolower($0) ~ /^identityfile[ \t=]/ {
    sub(/^[^ \t=]+[ \t=]+/, ""); gsub(/"/, ""); sub(/[ \t\r]+$/, ""); print
}
"""
PRIVATE = """\
h={home}
command -v awk >/dev/null || exit 45
{{
    for f in "$h"/.ssh/* "$h"/.ssh/.[!.]*; do printf '%s\\n' "$f"; done
    cat /etc/ssh/ssh_config /etc/ssh/ssh_config.d/*.conf "$h"/.ssh/config 2>/dev/null |
        awk {identities}
}} | while IFS= read -r f; do
    case $f in "~"/*) f=$h/${{f#??}} ;; %d/*) f=$h/${{f#???}} ;; /*) ;; *) continue ;; esac
    [ -f "$f" ] || continue
    printf 'P:%s\\n' "$f"
    head -c 65536 "$f" | LC_ALL=C awk {beginning} || printf 'E:\\n'
done"""


class PrivateKey(NamedTuple):
    file: str
    passphrase: str  # ssh_keys.PLAIN, ENCRYPTED or UNKNOWN


def read_sshd(target: Target, address: str) -> Settings | None:
    """sshd's settings for root coming from `address`; None where there is no sshd.

    Raises Unavailable, also for a server whose settings are not read here, Malformed, Unreachable.
    """

    def read() -> Settings | None:
        said = target.run(SSHD.format(address=shlex.quote(address)))
        if said.status == NO_SSHD:
            return None
        if said.status == OTHER_SERVER:
            raise Unavailable("its ssh server is dropbear, whose settings are not read")
        if said.status != 0:
            raise Unavailable(f"sshd -T: {said.trouble}")
        return parse_sshd(said.text)

    return target.once(f"sshd {address}", read)


def parse_sshd(text: str) -> Settings:
    """Raises Malformed for what is not the settings of an sshd to its end."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.split("\n"):
        name, _, value = line.partition(" ")
        if name:
            found[name.lower()] = (*found.get(name.lower(), ()), value)
    for needed in ("permitrootlogin", "passwordauthentication", "authorizedkeysfile"):
        if needed not in found or not text.endswith("\n"):
            raise Malformed("sshd -T", f"{text[-40:]!r}: no {needed}")
    return found


def read_home(target: Target) -> str:
    """Root's. Raises Unavailable, Unreachable."""

    def read() -> str:
        home = target.run("printf %s ~root").text
        if not home.startswith("/") or "\n" in home:
            raise Unavailable(f"root's home is not known: {home[:80]!r}")
        return home.rstrip("/")

    return target.once("home of root", read)


def files_of(settings: Settings, home: str) -> list[str]:
    """AuthorizedKeysFile, with its %h, %u and %U; sshd_config(5)."""
    found = []
    for name in " ".join(settings["authorizedkeysfile"]).split():
        if name.lower() != "none":
            signs = {"%%": "%", "%h": home, "%u": "root", "%U": "0"}
            path = "".join(signs.get(part, part) for part in percents(name))
            found.append(path if path.startswith("/") else f"{home}/{path}")
    return list(dict.fromkeys(found))


def percents(text: str) -> list[str]:
    """a%%b%h -> a, %%, b, %h."""
    found, place = [], 0
    while place < len(text):
        size = 2 if text[place] == "%" else 1
        found.append(text[place : place + size])
        place += size
    return found


def read_authorized(target: Target, settings: Settings) -> list[Key | NoKey]:
    """Raises Unavailable, Unreachable."""
    files = files_of(settings, read_home(target))
    if not files:
        return []
    said = target.run(AUTHORIZED.format(files=" ".join(map(shlex.quote, files))))
    if said.status != 0:
        raise Unavailable(f"authorized_keys: {said.trouble}")
    return parse_files(said.text, files)


def parse_files(text: str, files: list[str]) -> list[Key | NoKey]:
    """grep's FILE:NUMBER:LINE, of these files. Raises Unavailable for one that was not read."""
    lines: dict[str, list[tuple[int, str]]] = {file: [] for file in files}
    for line in text.split("\n"):
        if line.startswith("E:"):
            raise Unavailable(f"{line[2:]}: cannot be read")
        for file in files:
            if line.startswith(f"{file}:"):
                number, _, rest = line[len(file) + 1 :].partition(":")
                if number.isascii() and number.isdigit() and len(number) < 10:
                    lines[file].append((int(number), rest))
                    break
    return [key for file in files for key in parse_authorized(file, lines[file])]


def read_private(target: Target) -> list[PrivateKey]:
    """Root's private keys: those in ~/.ssh, and what ssh_config(5) calls IdentityFile.

    Raises Unavailable, Unreachable.
    """

    def read() -> list[PrivateKey]:
        command = PRIVATE.format(
            home=shlex.quote(read_home(target)),
            identities=shlex.quote(IDENTITIES),
            beginning=shlex.quote(BEGINNING),
        )
        said = target.run(command)
        if said.status == 45:
            raise Unavailable("root's private keys: it has no awk")
        if said.status != 0:
            raise Unavailable(f"root's private keys: {said.trouble}")
        return parse_private(said.text)

    return target.once("ssh private keys", read)


def parse_private(text: str) -> list[PrivateKey]:
    """P:FILE, and H: before each line that was taken of it; a file without any is no private key.

    Raises Unavailable for a file that was not read.
    """
    found: dict[str, list[str]] = {}
    file = ""
    for line in text.split("\n"):
        kind, _, rest = line.partition(":")
        if kind == "P":
            file = rest
        elif kind == "H" and file:
            found.setdefault(file, []).append(rest.rstrip("\r"))
        elif kind == "E":
            raise Unavailable(f"{file}: cannot be read")
    return [PrivateKey(file, passphrase(header)) for file, header in found.items()]
