"""ssh: settings of a real sshd, keys as ssh-keygen reads them, private keys in all forms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed, Unavailable
from ct0_suites.records import NotApplicable
from ct0_suites.resources.ssh.keys import (
    ENCRYPTED,
    PLAIN,
    UNKNOWN,
    Key,
    NoKey,
    parse_authorized,
    parse_key,
    passphrase,
)
from ct0_suites.resources.ssh.trust import (
    files_of,
    parse_files,
    parse_private,
    parse_sshd,
    read_private,
)
from ct0_suites.suites import ssh
from ct0_suites.target import Target
from ct0_suites.transport import Local, Output
from suites.scripted import Answer, scripted

RECORDED = Path(__file__).parent / "recorded"
DEFAULT = (RECORDED / "sshd-T_9.2p1.txt").read_text()
OPEN = (RECORDED / "sshd-T-match_9.2p1.txt").read_text()
TEN = (RECORDED / "sshd-T-match-10_9.2p1.txt").read_text()
KEYS = (RECORDED / "authorized_keys").read_text().splitlines()
FINGERPRINTS = [
    line.split()[1] for line in (RECORDED / "ssh-keygen-l_9.2p1.txt").read_text().splitlines()
]
ADMIN, BACKUP, NAMELESS, CURVE, DSA, AUTHORITY = FINGERPRINTS
FILE = "/root/.ssh/authorized_keys"


def grepped(*numbers: int) -> str:
    """What grep prints of these lines of the recorded file."""
    return "".join(f"{FILE}:{number}:{KEYS[number - 1]}\n" for number in numbers)


def machine(sshd: Answer = DEFAULT, keys: Answer = "", private: Answer = "") -> Target:
    return scripted(
        {"sshd=": sshd, "printf %s ~root": "/root", "BEGIN": private, "grep -aHn": keys}
    )


def problems(want: dict[str, Any], **answers: Answer) -> list[str]:
    return list(ssh.judge(want, machine(**answers)))


def test_debians_own_settings() -> None:
    assert problems({"root_login": "prohibit-password"}) == []
    assert problems({"root_login": True}) == []
    assert problems({"root_login": False}) == [
        "sshd: PermitRootLogin prohibit-password, should be no"
    ]
    assert problems({"passwords": False}) == ["sshd: passwordauthentication yes, should be no"]
    assert problems({"agent_forwarding": False}) == ["sshd: allowagentforwarding yes, should be no"]


def test_match_block_that_opens_the_door_is_seen() -> None:
    assert problems({"root_login": "prohibit-password", "passwords": False}, sshd=OPEN) == [
        "sshd: PermitRootLogin yes, should be prohibit-password",
        "sshd: passwordauthentication yes, should be no",
        "sshd: kbdinteractiveauthentication yes, should be no",
    ]
    assert problems({"root_login": "prohibit-password", "from": "10.0.0.1"}, sshd=TEN) == []


def test_sshd_is_asked_about_the_address() -> None:
    target = machine()
    list(ssh.judge({"from": "2001:db8::1"}, target))
    asked = target.transport.asked[0]  # type: ignore[attr-defined]
    assert "user=root,host=2001:db8::1,addr=2001:db8::1," in asked


def test_door_that_is_open_to_some_is_told_with_the_address() -> None:
    target = scripted(
        {"addr=10": TEN, "sshd=": OPEN, "~root": "/root", "BEGIN": "", "grep -aHn": grepped(4)}
    )
    want = {"root_login": "prohibit-password", "from": ["10.0.0.1", "192.0.2.7"]}
    assert list(ssh.judge(want, target)) == [
        f"{FILE}:4: {BACKUP} (ssh-rsa, old backup): RSA of 1024 bits, should be 2048 at least",
        "from 192.0.2.7: sshd: PermitRootLogin yes, should be prohibit-password",
    ]


def test_empty_passwords_are_always_told() -> None:
    said = DEFAULT.replace("permitemptypasswords no", "permitemptypasswords yes")
    assert problems({}, sshd=said) == [
        "sshd: permitemptypasswords yes: who has no password needs none to log in"
    ]


def test_value_of_permitrootlogin_that_is_not_known_is_no_pass() -> None:
    said = DEFAULT.replace("permitrootlogin without-password", "permitrootlogin maybe")
    assert problems({"root_login": "yes"}, sshd=said) == [
        "sshd: PermitRootLogin maybe: which is not known here"
    ]


def test_keys_that_are_listed() -> None:
    assert problems({"keys": [ADMIN, "ec@x"]}, keys=grepped(3, 6)) == []


def test_key_that_should_not_be_there() -> None:
    assert problems({"keys": [ADMIN]}, keys=grepped(3, 6)) == [
        f"{FILE}:6: {CURVE} (ecdsa-sha2-nistp384, ec@x): may log in as root, and should not"
    ]
    assert problems({"keys": [ADMIN], "mode": "at-least"}, keys=grepped(3, 6)) == []


def test_key_that_is_missing() -> None:
    assert problems({"keys": [ADMIN, CURVE]}, keys=grepped(3)) == [
        f"{CURVE}: may not log in: it is not in {FILE}, /root/.ssh/authorized_keys2"
    ]
    assert problems({"keys": [ADMIN, CURVE], "mode": "at-most"}, keys=grepped(3)) == []


def test_key_without_a_comment_is_not_listed_by_an_empty_one() -> None:
    assert problems({"keys": [""]}, keys=grepped(5))[-1].endswith("and should not")


def test_two_keys_of_one_comment_are_told() -> None:
    other = grepped(6).replace("ec@x", "admin@desk")
    assert problems({"keys": ["admin@desk"]}, keys=grepped(3) + other) == [
        f"{FILE}:3, {FILE}:6: 2 different keys are called admin@desk"
    ]


def test_whom_no_file_lists() -> None:
    assert problems({"keys": [AUTHORITY]}, sshd=OPEN, keys=grepped(8)) == [
        "sshd: authorizedkeyscommand /usr/local/bin/keys %u: lets in whom no file lists",
        f"{FILE}:8: {AUTHORITY} (ssh-ed25519, ca@x): is an authority,"
        " and lets in whom it signs for",
    ]
    allowed = {"keys": [AUTHORITY], "unlisted": "allow"}
    assert problems(allowed, sshd=OPEN, keys=grepped(8)) == []


def test_weak_keys() -> None:
    assert problems({}, keys=grepped(4, 5, 7)) == [
        f"{FILE}:4: {BACKUP} (ssh-rsa, old backup): RSA of 1024 bits, should be 2048 at least",
        f"{FILE}:7: {DSA} (ssh-dss, dsa@x): DSA keys are weak, and today's OpenSSH refuses them",
    ]
    assert problems({"weak_keys": "allow"}, keys=grepped(4, 5, 7)) == []
    assert problems({"rsa_bits": 1024}, keys=grepped(4)) == []


def test_options_that_each_key_must_have() -> None:
    assert problems({"restricted_by": ["from"], "rsa_bits": 1024}, keys=grepped(3, 4)) == [
        f"{FILE}:3: {ADMIN} (ssh-ed25519, admin@desk): is without the option from"
    ]


def test_line_that_reads_as_no_key_is_told() -> None:
    cut = grepped(3)[:90] + "\n"
    assert problems({}, keys=cut) == [f"{FILE}:3: reads as no key"]


def test_private_key_without_a_passphrase() -> None:
    said = (
        "P:/root/.ssh/known_hosts\nP:/root/.ssh/id_rsa\nH:-----BEGIN RSA PRIVATE KEY-----\n"
        "P:/root/.ssh/id_new\nH:-----BEGIN OPENSSH PRIVATE KEY-----\nH:b3Blbn\n"
    )
    assert problems({}, private=said) == [
        "/root/.ssh/id_rsa: a private key of root's without a passphrase",
        "/root/.ssh/id_new: whether this private key has a passphrase cannot be told",
    ]
    assert problems({"passwordless_private_keys": "allow"}, private=said) == []


def test_machine_without_sshd_is_judged_by_its_private_keys() -> None:
    none = Output(44, b"", b"")
    with pytest.raises(NotApplicable, match="no sshd here"):
        problems({"root_login": "no"}, sshd=none)
    assert problems({}, sshd=none, private="P:/root/k\nH:-----BEGIN PRIVATE KEY-----\n") == [
        "/root/k: a private key of root's without a passphrase"
    ]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (Output(46, b"", b""), "dropbear"),
        (Output(255, b"", b"/etc/ssh/sshd_config: terminating, 1 bad\n"), "terminating, 1 bad"),
    ],
)
def test_sshd_that_does_not_say_is_not_judged(said: Output, reason: str) -> None:
    with pytest.raises(Unavailable, match=reason):
        problems({}, sshd=said)


@pytest.mark.parametrize("text", ["", DEFAULT[:600], DEFAULT[:-3], "\0\xff\n", "garbage\n" * 9])
def test_settings_that_are_none(text: str) -> None:
    with pytest.raises(Malformed):
        parse_sshd(text)


def test_authorized_keys_that_cannot_be_read_are_not_judged() -> None:
    with pytest.raises(Unavailable, match=f"{FILE}: cannot be read"):
        problems({}, keys=f"E:{FILE}\n")
    with pytest.raises(Unavailable, match="/root/k: cannot be read"):
        problems({}, private="P:/root/k\nE:\n")
    with pytest.raises(Unavailable, match="no awk"):
        problems({}, private=Output(45, b"", b""))


def test_keys_are_read_as_ssh_keygen_reads_them() -> None:
    found = parse_authorized(FILE, list(enumerate(KEYS, 1)))
    assert [key.fingerprint for key in found if isinstance(key, Key)] == FINGERPRINTS
    assert [key.bits for key in found if isinstance(key, Key)] == [256, 1024, 2048, 384, 1024, 256]
    assert [key.line for key in found] == [3, 4, 5, 6, 7, 8]


def test_options_of_a_key() -> None:
    key = parse_key(KEYS[3])
    assert key is not None
    assert key.options == (
        ("from", "10.0.0.0/8,192.0.2.7"),
        ("command", '/usr/local/bin/backup "all" # x'),
    )
    assert key.comment == "old backup"


@pytest.mark.parametrize(
    "text",
    [
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        "ssh-rsa " + KEYS[2].split()[1],  # another type than the blob's
        KEYS[2][:60],
        'command="unended ' + KEYS[2],
        "1024 65537 1234567890 protocol@one",
        "\0\xff",
    ],
)
def test_what_is_no_key(text: str) -> None:
    assert parse_key(text) is None
    assert parse_authorized(FILE, [(7, text)]) == [NoKey(FILE, 7)]


def test_files_of_authorized_keys() -> None:
    assert files_of(parse_sshd(OPEN), "/root") == ["/etc/ssh/keys/root", FILE]
    text = DEFAULT.replace(".ssh/authorized_keys .ssh/authorized_keys2", "%h/k /%%h/%U none")
    assert files_of(parse_sshd(text), "/root") == ["/root/k", "/%h/0"]


def written(folder: Path) -> dict[str, str]:
    """Private keys in each form, with and without a passphrase: name -> what it is."""
    ssh_form, pem, pkcs8 = (
        serialization.PrivateFormat.OpenSSH,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.PrivateFormat.PKCS8,
    )
    curve = ec.generate_private_key(ec.SECP256R1())
    long = rsa.generate_private_key(65537, 1024)
    edwards = ed25519.Ed25519PrivateKey.generate()
    found = {}
    for name, key, form in (
        ("ed", edwards, ssh_form),
        ("rsa", long, pem),
        ("ec", curve, pem),
        ("pk", curve, pkcs8),
    ):
        for what, lock in (
            (PLAIN, serialization.NoEncryption()),
            (ENCRYPTED, serialization.BestAvailableEncryption(b"secret")),
        ):
            text = key.private_bytes(serialization.Encoding.PEM, form, lock)
            (folder / f"id_{name}_{what}").write_bytes(text)
            found[f"id_{name}_{what}"] = what
    return found


def test_private_keys_of_each_form_and_nothing_of_the_key_itself(tmp_path: Path) -> None:
    folder = tmp_path / ".ssh"
    folder.mkdir()
    expected = written(folder)
    (folder / "known_hosts").write_text("db1 " + KEYS[2] + "\n")
    (folder / "id_ed.pub").write_text(KEYS[2])
    (folder / "ppk").write_text("PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nComment: x\n")
    (folder / "zero").write_bytes(b"\0" * 5000)
    elsewhere = tmp_path / "elsewhere key"
    elsewhere.write_bytes((folder / "id_ec_plain").read_bytes())
    (folder / "config").write_text(f'Host x\n\tIdentityFile "{elsewhere}"\nidentityfile=~/none\n')
    spoken: list[bytes] = []

    class Heard(Local):
        def run(self, command: str, stdin: bytes = b"", timeout: float = 30) -> Output:
            said = super().run(command, stdin, timeout)
            spoken.append(said.stdout)
            return said

    target = Target(scripted({}).subject, Heard())
    target.once("home of root", lambda: str(tmp_path))
    found = {Path(key.file).name: key.passphrase for key in read_private(target)}
    assert found == {**expected, "ppk": PLAIN, "elsewhere key": PLAIN}
    material = re.findall(r"^H:([A-Za-z0-9+/=]+)$", spoken[0].decode(), re.MULTILINE)
    assert sorted(map(len, material)) == [44, 44]  # OpenSSH's two: magic and names of ciphers


@pytest.mark.parametrize(
    "header",
    [
        ["-----BEGIN OPENSSH PRIVATE KEY-----"],
        ["-----BEGIN OPENSSH PRIVATE KEY-----", "b3BlbnNzaC1rZXktdjEAAAAABG5v"],
        ["-----BEGIN OPENSSH PRIVATE KEY-----", "garbage!"],
        ["PuTTY-User-Key-File-2: ssh-rsa"],
    ],
)
def test_beginning_that_does_not_tell(header: list[str]) -> None:
    assert passphrase(header) == UNKNOWN


@given(st.text() | st.builds("{} {}".format, st.text(), st.sampled_from(KEYS)))
def test_any_line_is_a_key_or_none(text: str) -> None:
    key = parse_key(text)
    assert key is None or key.fingerprint.startswith("SHA256:")


@given(st.lists(st.text(), max_size=3))
def test_any_beginning_is_judged(header: list[str]) -> None:
    assert passphrase(header) in (PLAIN, ENCRYPTED, UNKNOWN)


@given(st.text())
def test_any_answer_is_read_or_refused(text: str) -> None:
    for read in (parse_sshd, parse_private, lambda text: parse_files(text, [FILE])):
        try:
            read(text)
        except (Malformed, Unavailable):
            continue


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"sshd": OPEN, "keys": grepped(3, 4, 8)},
        {"private": "P:/root/k\nH:-----BEGIN PRIVATE KEY-----\n"},
        {"keys": grepped(6, 7)},
    ],
)
def test_what_is_observed_is_met(answers: dict[str, Answer]) -> None:
    target = machine(**answers)
    (want,) = ssh.observe(target)
    assert list(ssh.judge(want, target)) == []


def test_observed_of_debians_own() -> None:
    assert list(ssh.observe(machine(keys=grepped(3)))) == [
        {"root_login": "prohibit-password", "keys": [ADMIN]}
    ]
