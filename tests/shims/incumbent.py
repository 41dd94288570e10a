"""Play command lines with an incumbent and with its shim in one small, exact process table.

    cast = [Actor("plain", "plain"), Actor("long", "a-name-of-27-characters-now")]
    for line, theirs, ours in play(cast, lines, incumbent="/usr/bin", shims=shims): ...

An actor is one process with a fixed PID; a line names it as @plain@. Both sides run one after the
other under the same PID; after a line that killed or stopped an actor the cast starts anew.
Needs root, util-linux' unshare, and a kernel with ns_last_pid (CONFIG_CHECKPOINT_RESTORE).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
STAGE = HERE / "stage.py"
LAUNCHER = """#!{python} -IS
import sys
sys.path[:0] = {roots!r}
from ct0_shims.__main__ import main
sys.exit(main())
"""


class Actor(NamedTuple):
    """One process of the cast. `file` is below /srv; argv[0] may be anything.

    Its comm is the file's base name; a name of its own is had by a "link" to another's file.
    """

    name: str
    file: str
    argv: tuple[str, ...] = ()  # () means the file's path and 1000 seconds
    content: str = ""  # "": a copy of sleep; "cat"; "sh" or "env": a script; "link": to `target`
    target: str = ""
    comm: str = ""  # a zombie's
    uid: int = 0
    euid: int = 0
    gid: int = 0
    group: str = ""  # process group: its own name, or another actor's
    session: bool = False  # leads a session
    tty: bool = False  # has the terminal @tty@
    zombie: bool = False
    stopped: bool = False
    late: bool = False  # starts noticeably later than the one before it
    file_then: str = ""  # after the start its file is "deleted" or "replaced"
    environment: Mapping[str, str] = {}


class Line(NamedTuple):
    """One command line; argv[0] is the command's name. `files` are written below /srv before."""

    argv: tuple[str, ...]
    stdin: str = ""
    uid: int = 0
    session: bool = False  # run it as leader of a session of its own
    environment: Mapping[str, str] = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    files: Mapping[str, str] = {}

    def __str__(self) -> str:
        text = " ".join(word or "''" for word in self.argv)
        text = text.encode("ascii", "backslashreplace").decode("ascii")
        text += f" <<<{self.stdin!r}" if self.stdin else ""
        text += f" as {self.uid}" if self.uid else ""
        text += "".join(f" {k}={v}" for k, v in self.environment.items() if k != "PATH")
        return text


class Outcome(NamedTuple):
    """`fates`: who is not as before: {"plain": "15"} by that signal, "stopped", "gone"."""

    stdout: str
    stderr: str
    status: int
    fates: dict[str, str]


def line(text: str, stdin: str = "", uid: int = 0, **environment: str) -> Line:
    """A Line from words as a shell splits them."""
    import shlex

    return Line(
        tuple(shlex.split(text)),
        stdin,
        uid,
        environment={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment},
    )


def play(
    cast: Sequence[Actor], lines: Sequence[Line], incumbent: str | Path, shims: str | Path
) -> Iterator[tuple[Line, Outcome, Outcome]]:
    """Yield each line with the incumbent's outcome and ours.

    `incumbent` and `shims` are the folders in which the commands are found by name.
    """
    spec = {
        "cast": [actor_as_json(actor) for actor in cast],
        "lines": [one._asdict() for one in lines],
        "sides": {"theirs": str(incumbent), "ours": str(shims)},
    }
    if str(STAGE).startswith("/srv/"):
        raise RuntimeError("the stage is played on /srv, which hides a checkout there: move it")
    program = 'mount -t tmpfs -o mode=755 stage /srv && exec "$0" -IS "$1"'
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        + ["sh", "-c", program, interpreter(), str(STAGE)],
        input=json.dumps(spec),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0 or done.stderr:
        raise RuntimeError(f"the stage fell down: {done.returncode}: {done.stderr[-2000:]}")
    for played, outcome in zip(lines, json.loads(done.stdout)):
        yield played, Outcome(**outcome["theirs"]), Outcome(**outcome["ours"])


def actor_as_json(actor: Actor) -> dict[str, object]:
    path = "/srv/" + actor.file
    argv = actor.argv or ((path,) if actor.content in ("sh", "env") else (path, "1000"))
    return {**actor._asdict(), "argv": argv}


def lay_out(folder: Path, *commands: str) -> Path:
    """Make `folder` hold the shims as an installation lays them out: one file, links to it."""
    roots = [str(CHECKOUT / "core"), str(CHECKOUT / "shims")]
    file = folder / "ct0-shim"
    file.write_text(LAUNCHER.format(python=interpreter(), roots=roots))
    file.chmod(0o755)
    for command in commands:
        (folder / command).symlink_to(file.name)
    for above in (folder, *folder.parents):  # lines run as other users: let them pass
        if above.stat().st_uid == os.geteuid() and str(above) not in ("/", "/tmp"):
            above.chmod(above.stat().st_mode | 0o011)
    return folder


def interpreter() -> str:
    """The interpreter itself: a virtual environment's link would look for its environment."""
    return os.path.realpath(sys.executable)


def after_name(stderr: str, command: str) -> list[str]:
    """The lines without the program name that each begins with, however it was called."""
    found = []
    for text in stderr.splitlines():
        head, colon, rest = text.partition(": ")
        found.append(rest if colon and head.rpartition("/")[2] == command else text)
    return found


def differences(theirs: Outcome, ours: Outcome, command: str) -> list[str]:
    """Every way in which ours is not as theirs; usage texts need not be the same."""
    found = []
    for field in ("stdout", "status", "fates"):
        want, got = getattr(theirs, field), getattr(ours, field)
        if field == "stdout" and is_usage(want):
            want, got = "usage", "usage" if is_usage(got) else got
        if want != got:
            found.append(f"{field}: theirs {want!r}, ours {got!r}")
    want, got = said(theirs.stderr, command), said(ours.stderr, command)
    if want != got:
        found.append(f"stderr: theirs {want!r}, ours {got!r}")
    return found


def said(stderr: str, command: str) -> list[str]:
    """The messages; a usage text counts as the one word."""
    found: list[str] = []
    for text in after_name(stderr, command):
        if is_usage(text):
            return [*found, "usage"]
        if text:
            found.append(text)
    return found


def is_usage(text: str) -> bool:
    return text.lstrip().lower().startswith("usage:")
