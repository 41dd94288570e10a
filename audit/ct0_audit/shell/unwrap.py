"""Commands that run another one: env, nice, sudo, su -c, xargs, sh -c, ssh, …

Each is given by how its own options end; what follows is the command it runs, or the text of one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ct0_audit.shell.call import Call
from ct0_audit.shell.options import parse

SHELLS = {"sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh", "posh", "yash"}
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class Wrapper(NamedTuple):
    """`short` and `long` are the options that take a value, `skip` the operands of its own before
    the command; `text`: the option whose value is the text of a command."""

    short: str = ""
    long: tuple[str, ...] = ()
    skip: int = 0
    text: str = ""


WRAPPERS = {
    "busybox": Wrapper(),
    "builtin": Wrapper(),
    "cgexec": Wrapper("g"),
    "chpst": Wrapper("uUbenmdoplfrct/"),
    "chronic": Wrapper(),
    "chroot": Wrapper("", ("userspec", "groups"), 1),
    "chrt": Wrapper("TPDp", (), 1),
    "command": Wrapper(),
    "daemon": Wrapper("", ("user", "pidfile", "check", "name", "pid")),
    "daemonize": Wrapper("acEeopluv"),
    "env": Wrapper("uCS", ("unset", "chdir")),
    "eatmydata": Wrapper(),
    "exec": Wrapper("a"),
    "flock": Wrapper("wEc", ("wait", "timeout", "conflict-exit-code", "command"), 1, "c"),
    "ionice": Wrapper("cnpPu", ("class", "classdata", "pid")),
    "nice": Wrapper("n", ("adjustment",)),
    "nohup": Wrapper(),
    "numactl": Wrapper("ipNmCl"),
    "prlimit": Wrapper("po"),
    "runuser": Wrapper("ugGlcs", ("user", "group", "supp-group", "command", "shell"), 0, "c"),
    "setarch": Wrapper("", (), 1),
    "setpriv": Wrapper("", ("reuid", "regid", "groups", "pdeathsig", "bounding-set")),
    "setsid": Wrapper(),
    "setuidgid": Wrapper("", (), 1),
    "softlimit": Wrapper("acdfmoprs"),
    "stdbuf": Wrapper("ioe", ("input", "output", "error")),
    "su": Wrapper("cgGsw", ("command", "group", "shell"), 1, "c"),
    "sudo": Wrapper("CDghpRrTtUu", ("user", "group", "host", "prompt", "chdir", "role", "type")),
    "doas": Wrapper("Cu"),
    "systemd-cat": Wrapper("tp", ("identifier", "priority")),
    "systemd-inhibit": Wrapper("", ("what", "who", "why", "mode")),
    "systemd-run": Wrapper("pEtuMH", ("unit", "property", "slice", "uid", "gid", "setenv")),
    "taskset": Wrapper("", (), 1),
    "time": Wrapper("fo"),
    "timeout": Wrapper("ks", ("kill-after", "signal"), 1),
    "unshare": Wrapper("SGRw"),
    "watch": Wrapper("n", ("interval",)),
    "xargs": Wrapper("adEILnPs", ("arg-file", "delimiter", "max-args", "max-procs", "max-lines")),
}
# Where what they run has no sight of this host's processes, or is not on this host.
ELSEWHERE = {
    "docker": ("exec", "run"),
    "podman": ("exec", "run"),
    "nerdctl": ("exec", "run"),
    "crictl": ("exec",),
    "kubectl": ("exec",),
    "lxc": ("exec",),
    "incus": ("exec",),
    "pct": ("exec",),
    "qm": ("guest",),
    "vzctl": ("exec", "exec2", "runscript"),
    "prlctl": ("exec",),
    "machinectl": ("shell",),
    "ssh": (),
    "rsh": (),
    "pssh": (),
    "pdsh": (),
    "clush": (),
    "lxc-attach": (),
    "lxc-execute": (),
    "systemd-nspawn": (),
}


def unwrapped(call: Call) -> list[Call]:
    """The call itself and every command it runs, the innermost last."""
    found = [call]
    for _ in range(16):  # env nice sudo …: nobody means more
        inner = step(found[-1])
        if not inner:
            break
        found += inner
        if len(inner) > 1 or inner[-1].script is not call.script:
            break  # a text was read as a script of its own, and unwrapped there
    return found


def step(call: Call) -> list[Call]:
    """What the command runs directly; [] if it runs none, or none that is known."""
    name = call.name
    if name in ELSEWHERE and not call.elsewhere:
        wanted = ELSEWHERE[name]
        if not wanted or any(word in wanted for word in call.arguments[:4]):
            call.elsewhere = " ".join([name, *(w for w in call.arguments[:4] if w in wanted)])
        return []
    if name == "nsenter":
        # With the PID namespace of somebody's, it is there that the command looks around.
        options = [word for word in call.arguments if word.startswith("-")]
        if any(word in ("--pid", "--all") or re.match(r"-\w*[pa]", word) for word in options):
            call.elsewhere = "nsenter"
        return []
    if name in SHELLS:
        return shell(call)
    if name == "eval":
        return call.script.nested(call, 1, joined=True)
    if name == "trap" and len(call.words) > 2:
        return call.script.nested(call, 1)
    if name == "find":
        return find(call)
    if name == "start-stop-daemon":
        return start_stop_daemon(call)
    if name == "ip" and call.arguments[:2] == ["netns", "exec"]:
        return [call.inner(4)] if len(call.words) > 4 else []
    if name in WRAPPERS:
        return wrapper(call, WRAPPERS[name])
    return []


def wrapper(call: Call, how: Wrapper) -> list[Call]:
    name, words = call.name, call.arguments
    if name == "command" and words[:1] in (["-v"], ["-V"]):
        return []
    if name == "nice" and words[:1] and re.fullmatch(r"-\d+|--\d+", words[0]):
        return [call.inner(2)] if len(words) > 1 else []
    found = parse(words, how.short, how.long, stop=True)
    if how.text and name in ("su", "runuser", "flock"):
        # su root -c 'text': the option may stand after the name.
        for at, word in enumerate(words[:-1]):
            if word in ("-c", "--command", "-lc"):
                return call.script.nested(call, at + 2)
        if name == "su":
            return []
    if name == "unshare" and (
        found.has("p", "pid") or any("p" in w for w in words if w[:1] == "-")
    ):
        call.elsewhere = "unshare --pid"
    places = list(found.operands)
    while name in ("env", "sudo", "exec") and places and ASSIGNMENT.match(words[places[0]]):
        del places[0]
    if name in ("ionice", "chrt", "taskset", "prlimit") and found.has("p", "pid", "P", "u"):
        return []
    skip = 0 if name == "runuser" and not found.has("u", "user") else how.skip
    if len(places) <= skip:
        return []
    inner = call.inner(places[skip] + 1)
    if name == "xargs":
        inner.piped = True
    if name in ("watch",):
        return call.script.nested(call, places[skip] + 1, joined=True)
    return [inner]


def shell(call: Call) -> list[Call]:
    """sh -c 'text'; a script's name is not followed here."""
    for at, word in enumerate(call.arguments):
        if re.fullmatch(r"-[a-zA-Z]*c", word):
            return call.script.nested(call, at + 2) if at + 2 < len(call.words) else []
        if word == "--" or not word.startswith(("-", "+")):
            return []
    return []


def find(call: Call) -> list[Call]:
    """find … -exec command {} ;"""
    for at, word in enumerate(call.arguments):
        if word in ("-exec", "-execdir", "-ok", "-okdir") and at + 2 < len(call.words):
            inner = call.inner(at + 2)
            ends = [i for i, word in enumerate(inner.words) if word.text in (";", "+")]
            words = inner.words[: ends[0]] if ends else inner.words
            return [inner.of(words)] if words else []
    return []


def start_stop_daemon(call: Call) -> list[Call]:
    """start-stop-daemon --start --exec /bin/sh -- -c 'text'"""
    words = call.arguments
    if "--" not in words:
        return []
    after = words.index("--") + 2
    for at, word in enumerate(words[: after - 2]):
        name, _, value = word.partition("=")
        if name in ("--exec", "--startas", "-x", "-a"):
            place = at + 1 if value else at + 2
            if place < len(call.words) and call.words[place].text.rpartition("/")[2] in (
                *SHELLS,
                *WRAPPERS,
            ):
                first = call.words[place]
                inner = call.inner(after - 1)
                command = first._replace(text=value or first.text)
                return [inner.of([command, *call.words[after:]])]
    return []
