"""A package whose maintainer script signals by name, by absolute path, upgraded on CT0."""

from __future__ import annotations

from pathlib import Path

import pytest

from .command import call, wait_for
from .node import Node
from .processes import alive
from .run import Run
from .shims import ct0

SCRIPTS = {
    "prerm": "/usr/bin/killall -q {name} || true",
    "postinst": 'for pid in $(/bin/pidof {name}); do kill "$pid"; done',
}


def careless(folder: Path, script: str, name: str) -> list[Path]:
    """Two versions of a package whose script stops a daemon as many did."""
    made = []
    for version in ("1", "2"):
        tree = folder / script / version
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(
            f"Package: careless-{script}\nVersion: {version}\nArchitecture: all\n"
            "Maintainer: nobody <nobody@example.org>\nDescription: signals by name\n"
        )
        file = tree / "DEBIAN" / script
        file.write_text(f"#!/bin/sh\nset -e\n{SCRIPTS[script].format(name=name)}\n")
        file.chmod(0o755)
        made.append(folder / f"careless-{script}_{version}_all.deb")
        call(["dpkg-deb", "--root-owner-group", "--build", str(tree), str(made[-1])])
    return made


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_maintainer_script_spares_containers_once_diverted(
    script: str, run: Run, node: Node, tmp_path: Path
) -> None:
    """And hits them before: the same package, upgraded on the same CT0."""
    places = [node, node.ct("101"), node.ct("102")]
    first, second = careless(tmp_path, script, run.daemon_name)
    for archive in (first, second):
        node.copy_in(archive, f"/root/{archive.name}")
    (tmp_path / "ct0-shims").write_text(ct0(["shims", "build"]).stdout)
    node.copy_in(tmp_path / "ct0-shims", "/root/ct0-shims")

    def upgraded() -> list[bool]:
        """Who is alive after the package was upgraded: CT0's daemon, 101's, 102's."""
        assert (
            node.run(["dpkg", "--force-downgrade", "--install", f"/root/{first.name}"]).returncode
            == 0
        )
        pids = [place.start_daemon(run.daemon) for place in places]
        done_inside(node, ["dpkg", "--install", f"/root/{second.name}"])
        wait_for("CT0's own to end", lambda: not alive(pids[0]), 5)
        return [alive(pid) for pid in pids]

    shims = "/usr/lib/ct0/ct0-shims"
    try:
        assert upgraded() == [False, False, False]
        done_inside(node, ["python3", "-IS", "/root/ct0-shims", "install"])
        done_inside(node, [shims, "divert", "pidof", "killall"])
        assert upgraded() == [False, True, True]
    finally:
        for place in places[1:]:
            place.run(["pkill", "-x", run.daemon_name])
        node.run(["dpkg", "--purge", f"careless-{script}"])
        removed = node.run([shims, "remove"])
    assert removed.returncode == 0, removed.stderr
    assert node.run(["test", "-e", "/usr/lib/ct0/shims"]).returncode == 1


def done_inside(node: Node, argv: list[str]) -> None:
    run = node.run(argv)
    assert run.returncode == 0, run.stderr
