"""Commands inside of commands."""

from __future__ import annotations

import pytest

from ct0_audit.shell.script import Script


def innermost(text: str) -> tuple[list[str], str]:
    """The killall that is unwrapped, or else the last command, and where it runs."""
    calls = Script(text).calls
    call = ([call for call in calls if call.name == "killall"] or calls)[-1]
    return [word.text for word in call.words], call.elsewhere


@pytest.mark.parametrize(
    "text",
    [
        "env killall x",
        "env -i A=1 B=2 killall x",
        "env -u A killall x",
        "nice killall x",
        "nice -n 5 killall x",
        "nice -5 killall x",
        "ionice -c 3 -n 7 killall x",
        "sudo killall x",
        "sudo -n -u root killall x",
        "sudo A=1 killall x",
        "doas killall x",
        "timeout 5 killall x",
        "timeout -s KILL -k 5 10s killall x",
        "setsid -w killall x",
        "nohup killall x",
        "exec killall x",
        "exec -a y killall x",
        "command killall x",
        "builtin killall x",
        "busybox killall x",
        "chroot /srv/x killall x",
        "stdbuf -oL killall x",
        "time -f %e killall x",
        "flock -n /run/lock killall x",
        "flock /run/lock -c 'killall x'",
        "su - root -c 'killall x'",
        "su -c 'killall x' bob",
        "su bob -s /bin/sh -c 'killall x'",
        "runuser -u bob -- killall x",
        "runuser -l bob -c 'killall x'",
        "sh -c 'killall x'",
        'bash -ec "killall x"',
        "/bin/sh -c 'sh -c \"killall x\"'",
        "eval killall x",
        "eval 'killall x'",
        "trap 'killall x' EXIT",
        "xargs -r killall x",
        "xargs -I '{}' killall x",
        "find / -name y -exec killall x ';'",
        "find / -exec killall x +",
        "start-stop-daemon --start --exec /bin/sh -- -c 'killall x'",
        "start-stop-daemon -S -x /usr/bin/env -- killall x",
        "ip netns exec ns1 killall x",
        "systemd-run --unit=y killall x",
        "watch -n 5 killall x",
        "env nice sudo timeout 5 sh -c 'exec killall x'",
        "X='killall x'; sh -c \"$X\"",
        "sh <<EOF\nkillall x\nEOF",
        "bash -s <<'EOF'\nkillall x\nEOF",
        "at now <<EOF\nkillall x\nEOF",
        "echo 'killall x' | at now + 5 minutes",
        "echo killall | cat; echo 'killall x' | sh",
        "printf 'killall x\n' | sudo sh",
        "setpriv --reuid=33 killall x",
        "taskset 0x1 killall x",
        "chrt -f 5 killall x",
        "unshare -m killall x",
    ],
)
def test_runs_here(text: str) -> None:
    assert innermost(text) == (["killall", "x"], "")


@pytest.mark.parametrize(
    "text",
    [
        "ssh -p 22 web1 killall x",
        "vzctl exec 101 killall x",
        "prlctl exec 101 killall x",
        "pct exec 101 -- killall x",
        "lxc-attach -n web1 -- killall x",
        "lxc exec web1 -- killall x",
        "incus exec web1 -- killall x",
        "docker exec -it web1 killall x",
        "podman exec web1 killall x",
        "docker run --rm x killall x",
        "kubectl -n a exec pod -- killall x",
        "machinectl shell web1 /bin/killall x",
        "nsenter -t 4711 --pid killall x",
        "nsenter -t 4711 -a killall x",
        "sudo ssh web1 killall x",
    ],
)
def test_runs_elsewhere(text: str) -> None:
    calls = Script(text).calls
    assert calls[-1].elsewhere
    assert all(call.name != "killall" or call.elsewhere for call in calls)


@pytest.mark.parametrize(
    "text",
    [
        "command -v killall",
        "ionice -c 3 -p $$",
        "sh script.sh killall",
        "sudo -l",
        "env",
        "nice",
        "su - bob",
        "cat <<EOF\nkillall x\nEOF",
        "docker ps",
        "echo 'killall x' | tee file",
        "echo 'killall x' | sh script.sh",
        "echo 'killall x' | ssh web1",
        "start-stop-daemon --start --exec /usr/sbin/x -- killall x",
        "echo 'sh -c \"killall x\"'",
    ],
)
def test_runs_nothing(text: str) -> None:
    assert [call.name for call in Script(text).calls].count("killall") == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sh -c 'killall x'", "killall x"),
        ("true; sudo killall x || y", "killall x"),
        ("sh -c \"killall \\\"x\\\"\"", "sh -c \"killall \\\"x\\\"\""),
        ("sh <<EOF\nkillall x\nEOF", "killall x"),
    ],
)  # fmt: skip
def test_its_place_in_the_file(text: str, code: str) -> None:
    call = [call for call in Script(text).calls if call.name == "killall"][-1]
    script, start, end = call.script.span(call.start, call.end)
    assert script.syntax.cut(start, end) == code
