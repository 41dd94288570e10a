"""ct0-firewall, Puppet's loader, with the old iptables in a network and an /etc of its own; the new
one and nft are loaded by Puppet itself in test_puppet_verify.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .command import attempt

LOADER = Path(__file__).parents[2] / "puppet/files/ct0-firewall"
BOOT = "/etc/sysconfig/iptables"
RULES = """\
*filter
:INPUT DROP [0:0]
:MINE - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "a \\"door\\"; $x" -j MINE
-A MINE -j ACCEPT
COMMIT
"""
# /etc and /var/lib as they are, and what is written there gone at the end.
START = """\
set -eu
mount -t tmpfs tmpfs /mnt
for place in etc var/lib; do
    mkdir -p /mnt/$place/upper /mnt/$place/work
    over=upperdir=/mnt/$place/upper,workdir=/mnt/$place/work
    mount -t overlay overlay -o lowerdir=/$place,$over /$place
done
mkdir -p /mnt/bin /etc/ct0/firewall
for each in iptables iptables-save iptables-restore; do
    ln -s "$(command -v ${each%%-*}-legacy${each#iptables})" /mnt/bin/$each
done
export PATH=/mnt/bin:$PATH
cat >/etc/ct0/firewall/ipv4
iptables -N DOCKER
iptables -A FORWARD -i docker0 -o docker0 -j ACCEPT
iptables -A FORWARD -o docker0 -j DOCKER
iptables -A INPUT -i tun7 -j ACCEPT
iptables -A INPUT -p tcp --dport 23 -j REJECT
echo '-A INPUT -i tun7 *' >/etc/ct0/firewall/foreign
ct0() { sh LOADER "$1" ipv4 BOOT; }
rules() { iptables-save | grep -v '^#' | sed 's/ \\[.*//'; }
"""


@pytest.fixture(scope="module")
def story() -> dict[str, str]:
    """One shell's run through all of it: what each step said."""
    start = START.replace("LOADER", str(LOADER)).replace("BOOT", BOOT)
    line = ["unshare", "--net", "--mount", "sh", "-c", start + STORY]
    done = attempt(line, timeout=60, input=RULES)
    assert done.returncode == 0, done.stdout + done.stderr
    parts = done.stdout.split("\n== ")
    return {name: text.strip() for name, _, text in (part.partition("\n") for part in parts[1:])}


STORY = """
step() { printf '\\n== %s\\n' "$1"; }
step before; rules
step unloaded; ct0 check 2>&1 || echo "exit $?"
ct0 apply; ct0 check
step loaded; rules
iptables -I INPUT -p udp -j ACCEPT
step drift; ct0 check 2>&1 || echo "exit $?"
ct0 apply
step mended; rules; ct0 check
iptables -A DOCKER -j RETURN; ct0 check
sed -i 's/-j MINE/-j NOWHERE/' /etc/ct0/firewall/ipv4
step wrong; ct0 apply 2>&1 || echo "exit $?"
step kept; rules
sed -i '/NOWHERE/d; s/-i lo/-i eth7/' /etc/ct0/firewall/ipv4
echo 'sleep 0; echo unreachable; false' >/etc/ct0/firewall/probe
step probed; ct0 apply 2>&1 || echo "exit $?"
step back; rules
rm /etc/ct0/firewall/probe; iptables -D DOCKER -j RETURN
printf '# by hand\\n' >>BOOT
ct0 remove 2>/mnt/said
step removed; rules
step left; cat /mnt/said; ls -d BOOT* /var/lib/ct0/firewall 2>/dev/null || :
""".replace("BOOT", BOOT)


def test_it_is_loaded_and_others_rules_stay(story: dict[str, str]) -> None:
    assert "not loaded yet" in story["unloaded"]
    assert story["unloaded"].endswith("exit 1")
    assert story["loaded"].splitlines() == LOADED


LOADED = """\
*filter
:INPUT DROP
:FORWARD ACCEPT
:OUTPUT ACCEPT
:DOCKER -
:MINE -
-A INPUT -i tun7 -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -m comment --comment "a \\"door\\"; $x" -j MINE
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A MINE -j ACCEPT
COMMIT""".splitlines()


def test_drift_is_seen_and_mended(story: dict[str, str]) -> None:
    assert "is not what was loaded" in story["drift"]
    assert story["mended"] == story["loaded"]


@pytest.mark.parametrize(
    ("step", "after", "text"),
    [
        ("wrong", "kept", "/etc/ct0/firewall/ipv4"),
        ("probed", "back", "the probe failed, and the rules before are back: unreachable"),
    ],
)
def test_what_fails_changes_nothing(
    story: dict[str, str], step: str, after: str, text: str
) -> None:
    assert text in story[step]
    assert story[step].endswith("exit 1")
    assert len(story[step].splitlines()) == 2
    assert story[after].replace("-A DOCKER -j RETURN\n", "") == story["loaded"]


def test_removed_it_is_as_before_and_what_was_changed_by_hand_is_named(
    story: dict[str, str],
) -> None:
    assert story["removed"] == story["before"]
    first, *paths = story["left"].splitlines()
    assert first == f"ct0-firewall: {BOOT} was changed since: it is {BOOT}.ct0-changed now"
    assert paths == [f"{BOOT}.ct0-changed"]
