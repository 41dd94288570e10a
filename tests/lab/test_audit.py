"""The audit of a node: it names whom a script would hit, and the script, run for real, hits them.

Each story goes three ways: as Debian (or an administrator) wrote the script, the containers'
daemons die; with the audit's own rewrite, and with the shims installed, CT0's dies and they live.
The node is audited from outside, as `ct0 audit --root` is of a mounted host; its process table is
its own, and numbers processes as the node does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pytest

from ct0.host import Host
from ct0_audit.engine import audit
from ct0_audit.records import Finding

from .command import wait_for
from .ct import CT
from .initscripts import EXIM4, NAMED, Script
from .node import CTIDS, Node
from .processes import alive, parent
from .run import Run
from .shims import laid_out

PARTS = Path(__file__).parent.parent.parent
KINDS = {"init.d": "init", "cron.daily": "cron", "network": "network"}  # by the folder in /etc
ONE_FILE = "/root/ct0-shims"
SCRIPTS = ("etc/init.d", "etc/cron.daily", "etc/network")
BACKUP = "/var/backups/ct0-audit"


class Story(NamedTuple):
    """A script of an administrator's; `rewritten` is what the audit makes of it."""

    rule: str
    path: str
    text: str
    rewritten: str


STORIES = (
    Story(
        "CT001",
        "/etc/cron.daily/ct0-lab",
        "#!/bin/sh\nkillall -TERM @NAME@\n",
        "#!/bin/sh\nkillall -n $$ -TERM @NAME@\n",
    ),
    Story(
        "CT001",
        "/etc/network/if-down.d/ct0-lab",
        "#!/bin/sh\npkill -x @NAME@\n",
        "#!/bin/sh\npkill --ns $$ --nslist pid -x @NAME@\n",
    ),
    Story(
        "CT004",
        "/etc/init.d/ct0-lab",
        '#!/bin/sh\nPIDS=$(pgrep -f ^@PATH@)\n[ -z "$PIDS" ] || kill $PIDS\n',
        '#!/bin/sh\nPIDS=$(pgrep --ns $$ --nslist pid -f ^@PATH@)\n[ -z "$PIDS" ] || kill $PIDS\n',
    ),
)


def root_of(node: Node) -> Host:
    return Host(f"/proc/{node.init}/root")


def findings(node: Node, path: str) -> list[Finding]:
    """Of one file of the node's, by an audit of all of it."""
    report = audit(root_of(node))
    assert report.live
    return [finding for finding in report.findings if finding.place.path == path]


def hits(found: list[Finding], rule: str) -> set[tuple[str, int]]:
    """The containers' processes that findings of this rule name: CTID and the node's number."""
    return {
        (hit.ctid, hit.pid) for finding in found for hit in finding.hits if finding.rule == rule
    }


def numbered(node: Node, pids: dict[str, list[int]]) -> set[tuple[str, int]]:
    return {(ctid, node.inside(pid)) for ctid, several in pids.items() for pid in several}


def started(node: Node, script: Script) -> dict[str, list[int]]:
    """The service started in both CTs: PIDs of its daemons by CTID."""
    found = {}
    for ctid in CTIDS:
        ct = node.ct(ctid)
        ct.run(["service", script.service, "start"])
        wait_for(f"{ct!r}: {script.daemon}", partial(has, ct, script.daemon))
        found[ctid] = daemons_of(ct, script.daemon)
    return found


def daemons_of(ct: CT, name: str) -> list[int]:
    """Those that its init adopted: exim4 starts others of its name, which end by themselves."""
    return [pid for pid in ct.pids(name) if parent(pid) == ct.init]


def has(place: CT, daemon: str) -> bool:
    return bool(daemons_of(place, daemon))


def flat(pids: dict[str, list[int]]) -> list[int]:
    return list(chain.from_iterable(pids.values()))


def kill_all(pids: list[int]) -> None:
    for pid in filter(alive, pids):
        os.kill(pid, signal.SIGKILL)


def gone(pids: list[int]) -> bool:
    return not any(map(alive, pids))


@pytest.fixture
def mended(node_sysvinit: Node) -> Iterator[Node]:
    """The node; what the audit's rewrites changed in it is put back."""
    kept = "/root/ct0-lab-kept.tar"
    node_sysvinit.run(["tar", "-C", "/", "-cf", kept, *SCRIPTS])
    try:
        yield node_sysvinit
    finally:
        node_sysvinit.run(["tar", "-C", "/", "-xpf", kept])
        node_sysvinit.run(["rm", "-rf", kept, BACKUP])


@pytest.fixture
def shimmed(run: Run, node_sysvinit: Node) -> Iterator[Node]:
    """The node with the shims installed, as an admin without pip would."""
    with laid_out(run.folder / "audited") as shims:
        node_sysvinit.copy_in(shims.file, ONE_FILE)
    done = node_sysvinit.run([ONE_FILE, "install"])
    assert (done.returncode, done.stderr) == (0, "")
    try:
        yield node_sysvinit
    finally:
        node_sysvinit.run(["/usr/lib/ct0/ct0-shims", "remove"])
        node_sysvinit.run(["rm", "-f", ONE_FILE])


@pytest.fixture(params=STORIES, ids=lambda story: story.path.split("/")[2])
def story(request: pytest.FixtureRequest, run: Run, node_sysvinit: Node) -> Iterator[Story]:
    """The story's script, in the node."""
    told: Story = request.param
    text = told.text.replace("@NAME@", run.daemon_name).replace("@PATH@", run.daemon)
    node_sysvinit.write(told.path, text)
    node_sysvinit.run(["chmod", "755", told.path])
    try:
        yield told._replace(
            text=text,
            rewritten=told.rewritten.replace("@NAME@", run.daemon_name).replace(
                "@PATH@", run.daemon
            ),
        )
    finally:
        node_sysvinit.run(["rm", "-f", told.path])


@pytest.fixture
def daemons(run: Run, node_sysvinit: Node) -> Iterator[tuple[int, dict[str, list[int]]]]:
    """The run's daemon on CT0, and in both CTs by CTID."""
    own = node_sysvinit.start_daemon(run.daemon)
    theirs = {ctid: [node_sysvinit.ct(ctid).start_daemon(run.daemon)] for ctid in CTIDS}
    try:
        yield own, theirs
    finally:
        kill_all([own, *flat(theirs)])


@pytest.mark.parametrize(
    ("script", "rule"), [(NAMED, "CT004"), (EXIM4, "CT004")], ids=["named", "exim4"]
)
def test_debians_script_hits_whom_the_audit_names(
    script: Script, rule: str, node_sysvinit: Node
) -> None:
    theirs = started(node_sysvinit, script)
    everybody = flat(theirs)
    try:
        found = findings(node_sysvinit, f"/etc/init.d/{script.service}")
        assert hits(found, rule) == numbered(node_sysvinit, theirs)
        node_sysvinit.run(["service", script.service, script.action], timeout=60)
        wait_for("those it named to die", partial(gone, everybody), 10)
    finally:
        kill_all(everybody)


@pytest.mark.parametrize("script", [NAMED, EXIM4], ids=["named", "exim4"])
def test_debians_script_rewritten_by_the_audit_hits_nobody(script: Script, mended: Node) -> None:
    path = f"/etc/init.d/{script.service}"
    fix(mended, path)
    theirs = started(mended, script)
    everybody = flat(theirs)
    try:
        assert hits(findings(mended, path), "CT004") == set()
        mended.run(["service", script.service, script.action], timeout=60)
        assert all(map(alive, everybody))
    finally:
        kill_all(everybody)


@pytest.mark.parametrize("script", [NAMED, EXIM4], ids=["named", "exim4"])
def test_debians_script_with_the_shims_is_covered_and_hits_nobody(
    script: Script, shimmed: Node
) -> None:
    theirs = started(shimmed, script)
    everybody = flat(theirs)
    try:
        found = findings(shimmed, f"/etc/init.d/{script.service}")
        assert [finding.covered for finding in found if finding.rule == "CT004"] != []
        assert all(finding.covered for finding in found if finding.rule == "CT004")
        shimmed.run(["service", script.service, script.action], timeout=60)
        assert all(map(alive, everybody))
    finally:
        kill_all(everybody)


def test_an_administrators_script_hits_whom_the_audit_names(
    story: Story, node_sysvinit: Node, daemons: tuple[int, dict[str, list[int]]]
) -> None:
    own, theirs = daemons
    found = findings(node_sysvinit, story.path)
    assert {finding.rule for finding in found} == {story.rule}
    assert hits(found, story.rule) == numbered(node_sysvinit, theirs)
    node_sysvinit.run([story.path])
    wait_for("all to die", partial(gone, [own, *flat(theirs)]), 10)


def test_an_administrators_script_rewritten_hits_ct0s_own_only(
    story: Story, mended: Node, daemons: tuple[int, dict[str, list[int]]]
) -> None:
    own, theirs = daemons
    fix(mended, story.path)
    assert mended.run(["cat", story.path]).stdout == story.rewritten
    assert findings(mended, story.path) == []
    mended.run([story.path])
    wait_for("CT0's own to die", partial(gone, [own]), 10)
    assert all(map(alive, flat(theirs)))


def fix(node: Node, path: str) -> None:
    """`ct0 audit fix --apply` of the kind of file that `path` is."""
    paths = os.pathsep.join(str(PARTS / part) for part in ("core", "shims", "audit"))
    kind = KINDS[path.split("/")[2]]
    words = ["audit", "--root", root_of(node).root, "--no-cache", "--only", kind, "--vendor"]
    done = subprocess.run(
        [sys.executable, "-m", "ct0.cli", *words, "fix", "--apply"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kept = node.run(["sh", "-c", f"cat {BACKUP}/*{path}"])  # in a folder of this very call's
    assert kept.returncode == 0
    assert kept.stdout != node.run(["cat", path]).stdout
