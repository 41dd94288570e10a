"""`make demo`: the point of ct0 in two minutes, on real containers.

As root: LXC containers, built by the lab (the first run builds their root file system, half a
minute). As an ordinary user: bare PID namespaces, which need no root and make the same point.
Everything started here is taken down again, also after Ctrl-C.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .command import LabError, wait_for
from .processes import alive, named
from .shims import PARTS, Shims, laid_out


def main() -> int:
    start = time.monotonic()
    try:
        if os.geteuid() == 0:
            as_root()
        else:
            as_user()
    except LabError as reason:
        print(f"demo: {reason}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted; everything it started was taken down", file=sys.stderr)
        return 130
    print(f"\nAll taken down again. {time.monotonic() - start:.0f} seconds.")
    return 0


def as_root() -> None:
    from . import packages
    from .host import plain_daemons
    from .lxc import lxc_ct
    from .run import lab_run

    packages.ensure()
    tell("Starting two LXC containers and one daemon, under the same name, in each and on CT0 ...")
    with ExitStack() as stack:
        run = stack.enter_context(lab_run())
        shims = stack.enter_context(laid_out(run.folder / "shims"))
        ct0 = stack.enter_context(plain_daemons(run))
        places = [ct0, *(stack.enter_context(lxc_ct(run, name)) for name in ("web1", "web2"))]
        pids = [place.start_daemon(run.daemon) for place in places]
        show(["ct0", "list"], shims)
        story(run.daemon_name, pids, shims)


def as_user() -> None:
    tell(
        "Not root: two bare PID namespaces stand in for containers. One daemon in each and here ..."
    )
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ct0-demo-")))
        folder.chmod(0o755)
        shims = stack.enter_context(laid_out(folder / "root"))
        daemon = folder / f"ct0demo{os.getpid()}"
        daemon.write_bytes(Path("/usr/bin/sleep").read_bytes())
        daemon.chmod(0o755)
        pids = [stack.enter_context(background([str(daemon), "600"], str(daemon)))]
        for _ in range(2):
            unshare = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
            # A namespace's first process ignores signals: a shell is first, the daemon its child.
            inside = f"{shlex.quote(str(daemon))} 600; :"
            argv = [*unshare, "--kill-child=KILL", "sh", "-c", inside]
            pids.append(stack.enter_context(background(argv, str(daemon))))
        story(daemon.name, pids, shims)


def story(name: str, pids: list[int], shims: Shims) -> None:
    """`pids`: the daemon on CT0 and in two containers."""
    mine, theirs = pids[0], pids[1:]
    tell("Whose is each of them, and how does ct0 know?")
    show(["ct0", "owner", *map(str, pids)], shims)

    tell("The incumbent pidof lists all three: `kill $(pidof ...)` on CT0 would stop the")
    tell("daemon in every container.", first=False)
    said = show(["pidof", name], shims, incumbent=True)
    expect(sorted(said.split()) == sorted(map(str, pids)), "the incumbent to list all three")

    tell("ct0's pidof lists CT0's own:")
    said = show(["pidof", name], shims)
    expect(said.split() == [str(mine)], "ct0's pidof to list CT0's own daemon alone")

    tell("ct0's killproc stops CT0's own, as an init script would:")
    show(["killproc", "-v", name], shims)
    wait_for("CT0's daemon to stop", lambda: not alive(mine), 10)
    expect(all(map(alive, theirs)), "the containers' daemons to live on")
    tell(f"CT0's {mine} is gone; {' and '.join(map(str, theirs))} in the containers live on:")
    show(["pidof", name], shims, incumbent=True)
    said = show(["pidof", name], shims)
    expect(said == "", "ct0's pidof to list nothing now")
    tell("(nothing: CT0's own is stopped)", first=False)


def tell(text: str, first: bool = True) -> None:
    print(("\n" if first else "") + text, flush=True)


def show(argv: list[str], shims: Shims, incumbent: bool = False) -> str:
    """Run a command the way its caller would, show both, and return what it said."""
    environment = dict(os.environ, PYTHONPATH=f"{PARTS}/core:{PARTS}/shims")
    real = list(argv)
    if argv[0] == "ct0":
        real = [sys.executable, "-m", "ct0.cli", *argv[1:]]
    elif incumbent:
        real[0] = f"/usr/bin/{argv[0]}"
    else:
        real[0] = str(shims.folder / argv[0])
    shown = argv if argv[0] == "ct0" else [real[0] if incumbent else f"shims/{argv[0]}", *argv[1:]]
    print(f"  # {' '.join(shown)}", flush=True)
    done = subprocess.run(real, env=environment, capture_output=True, text=True, check=False)
    for line in (done.stdout + done.stderr).splitlines():
        print(f"  {line}", flush=True)
    return done.stdout.strip()


def expect(true: bool, what: str) -> None:
    """The demo shows what is, and says so when it is not what it should be."""
    if not true:
        raise LabError(f"expected {what}; this is a bug in ct0, please report it")


@contextmanager
def background(argv: list[str], daemon: str) -> Iterator[int]:
    """Run argv in the background; gives the PID of the daemon it starts, and kills all of it."""
    name = daemon.rpartition("/")[2]
    before = set(named(name))
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(
            f"{name} to run", lambda: bool(new(name, before)) or process.poll() is not None, 10
        )
        if process.poll() is not None:
            raise LabError(f"{' '.join(argv[:2])} failed: user namespaces may be switched off here")
        yield min(new(name, before))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(10)


def new(name: str, before: set[int]) -> set[int]:
    """PIDs whose executable is the daemon's and that were not there before."""
    return {pid for pid in set(named(name)) - before if executes(pid, name)}


def executes(pid: int, name: str) -> bool:
    try:
        return os.readlink(f"/proc/{pid}/exe").endswith("/" + name)
    except OSError:
        return False  # gone already, or a namespace whose root this user may not look into


if __name__ == "__main__":
    sys.exit(main())
