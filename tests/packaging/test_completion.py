"""Completion in a real bash on a terminal, without the package bash-completion."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from completing.words import ways
from interactive_bash import Bash
from manual.commands import COMMANDS

ROOT = Path(__file__).parents[2]
COMPLETION = ROOT / "packaging/completion.py"
# Containers' names are their owners' to choose. Those that follow are nobody's words.
HOSTILE = (
    "$(touch pwned)", "`touch pwned`", "a b", "web*", "we'b", 'we"b', "-rf", "web;touch pwned",
    "web\ntouch pwned", "${PATH}", "web\\", "we\x1b[31mb", "~root",
)  # fmt: skip
NAMES = ("web1", "web2.example", "0123456789ab", *HOSTILE)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, str(COMPLETION), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("completions")
    done = run(str(folder))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file and a folder in it, and a `ct0` that lists containers of any name."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "some file.yaml").touch()
    (folder / "some folder").mkdir()
    (folder / "bin").mkdir()
    listed = json.dumps([{"ctid": name, "name": name} for name in NAMES], indent=2)
    (folder / "list.json").write_text(listed)
    ct0 = folder / "bin/ct0"
    ct0.write_text(f'#!/bin/sh\necho "$*" >>{folder}/calls\ncat {folder}/list.json\n')
    ct0.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def bash(scripts: Path, place: Path) -> Iterator[Bash]:
    load = f"for script in {scripts}/*; do . $script; done"
    with Bash(load, place, {"PATH": f"{place}/bin:{os.environ['PATH']}"}) as bash:
        yield bash


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("ct0 mon\t", "ct0 monitoring "),
        ("ct0 aud\t--for\tsar\t", "ct0 audit --format sarif "),
        ("ct0 audit --format=sar\t", "ct0 audit --format=sarif "),
        ("ct0 audit --format=\t", "ct0 audit --format="),
        ("ct0 list --engine lx\t", "ct0 list --engine lxc "),
        ("ct0 list --state=fr\t", "ct0 list --state=frozen "),
        ("ct0 --ro\t", "ct0 --root "),
        ("ct0 --root / pS\t", "ct0 --root / pS"),
        ("ct0 --root / ps --no\t", "ct0 --root / ps --no-kernel "),
        ("ct0 --root=/ ps --no\t", "ct0 --root=/ ps --no-kernel "),
        ("ct0 --root top li\t", "ct0 --root top list "),
        ("ct0 audit fix --ap\t", "ct0 audit fix --apply "),
        ("ct0 audit --only rp\t", "ct0 audit --only rpm\\ scriptlet "),
        ("ct0 audit --waivers some\\ fi\t", "ct0 audit --waivers some\\ file.yaml "),
        ("ct0 audit --waivers=some\\ fi\t", "ct0 audit --waivers=some\\ file.yaml "),
        ("ct0 audit --waivers 'some fi\t", "ct0 audit --waivers 'some file.yaml' "),
        ("ct0 --root some\t", "ct0 --root some\\ folder/"),
        ("ct0 shims und\tkillp\t", "ct0 shims undivert killproc "),
        ("ct0 shims sources some\t", "ct0 shims sources some\\ folder/"),
        ("ct0 verify snap\t--fo\t", "ct0 verify snapshot --force "),
        ('ct0 verify --suite "pupp\t', 'ct0 verify --suite "pupp'),
        ("ct0 nosuch --\t", "ct0 nosuch --"),
        ("ct0 list \t", "ct0 list "),
        ("/usr/bin/ct0 monit\t", "/usr/bin/ct0 monitoring "),
        ("LANG=é ct0 é --ro\t", "LANG=é ct0 é --root "),
        ("echo a; ct0 monit\t", "echo a; ct0 monitoring "),
        ("ct0 aud --all\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\x1b[D\t", "ct0 audit --all"),
        ("ct0 ow\t" + str(os.getpid())[:-1] + "\t", None),
        ("ct0-exporter tar\t--po\t", "ct0-exporter targets --port "),
        ("ct0-exporter --labels.name i\t", "ct0-exporter --labels.name info "),
        ("ct0-exporter --no-collector.be\t", "ct0-exporter --no-collector.beancounters "),
        ("ct0-exporter textfile some\\ fi\t", "ct0-exporter textfile some\\ file.yaml "),
        ("/usr/lib/ct0/plugins/check_ct_disk --sou\t", None),
        ("check_ct_disk --sour\tsu\t", "check_ct_disk --source sudo "),
        ("check_procs -m EL\t", "check_procs -m ELAPSED "),
        ("check_procs --user roo\t", "check_procs --user root "),
        ("check_procs --root=some\t", "check_procs --root=some\\ folder/"),
        ("startproc -u roo\t", "startproc -u root "),
        ("killproc /etc/pass\t", None),
        ("/usr/lib/ct0/ct0-shims stat\t", "/usr/lib/ct0/ct0-shims status "),
    ],
)
def test_line(bash: Bash, keys: str, line: str | None) -> None:
    if line is None:  # completed in some way
        assert len(bash.line(keys)) > len(keys.replace("\t", ""))
    else:
        assert bash.line(keys) == line


def test_containers_are_offered_and_what_they_are_called_is_not_run(
    bash: Bash, place: Path
) -> None:
    assert bash.line("ct0 ps --ct 012\t") == "ct0 ps --ct 0123456789ab "
    assert bash.line("check_ct_state --ct=web2\t") == "check_ct_state --ct=web2.example "
    for beginning in ("$", "a", "we'", "-", "`", "~", "w"):
        completed = bash.line(f"ct0 ps --ct {beginning}\t")
        assert completed in (f"ct0 ps --ct {beginning}", "ct0 ps --ct web")
    assert not (place / "pwned").exists()


def test_containers_are_asked_for_once_in_a_while(bash: Bash, place: Path) -> None:
    bash.line("ct0 --root /nowhere ps --ct web1\t")
    before = (place / "calls").read_text()
    assert before.endswith("--root /nowhere list --json\n")
    for _ in range(3):
        assert bash.line("ct0 --root /nowhere ps --ct web1\t").endswith("web1 ")
    assert (place / "calls").read_text() == before


def test_containers_of_a_recorded_host(
    scripts: Path, tmp_path: Path, host: Callable[[str], Path]
) -> None:
    """What `ct0 list` really writes is understood."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with Bash(f". {scripts}/ct0", tmp_path, {"PATH": path}) as bash:
        root = str(host("debian12-lxc"))
        listed = subprocess.run(
            ["ct0", "--root", root, "list", "--quiet"],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": path},
        )
        assert listed.stdout
        for ctid in listed.stdout.split():
            line = f"ct0 --root {root} ps --ct {ctid}"
            assert bash.line(f"{line[:-1]}\t").startswith(line)


def test_options_take_no_time(scripts: Path) -> None:
    """A hundred completions of the longest command in the time of ten, by the limit of each."""
    words = "COMP_LINE='ct0-exporter --' COMP_POINT=15 COMP_CWORD=1 COMP_WORDS=(ct0-exporter --)"
    again = "for ((n = 0; n < 100; n++)); do _ct0_complete ct0-exporter; done"
    begun = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", f". {scripts}/ct0-exporter; {words}; {again}; echo ${{#COMPREPLY[@]}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) > 30
    assert time.monotonic() - begun < 100 * 0.1


def test_every_option_is_offered() -> None:
    offered = {way.path: {*way.options, *way.values} for way in ways()}
    for command in COMMANDS:
        if command.usage:
            continue
        for action in import_module(command.module).parser()._actions:
            names = [name for name in action.option_strings if name.startswith("--")]
            assert set(names or action.option_strings[:1]) <= offered[command.name]


def test_scripts_leave_only_their_own_names(scripts: Path) -> None:
    for script in scripts.iterdir():
        new = 'comm -13 <(echo "$before" | sort) <(compgen -v | sort)'
        line = f"before=$(compgen -v); . {script}; {new}; compgen -A function"
        done = subprocess.run(["bash", "-uec", line], capture_output=True, text=True, check=True)
        names = {name for name in done.stdout.split() if not name.startswith("_ct0_")}
        assert names <= {"before", "PIPESTATUS"}


def test_list_names_every_script(scripts: Path) -> None:
    listed = [line.split("\t")[1] for line in run("--list").stdout.splitlines()]
    assert sorted(listed) == sorted(path.name for path in scripts.iterdir())
    assert {"ct0", "ct0-exporter", "check_procs", "check_ct0_audit", "startproc"} <= set(listed)
    # bash-completion has these itself.
    assert not {"pidof", "pgrep", "pkill", "killall"} & set(listed)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "Write bash's completion"),
        (("a", "b"), 2, "Write bash's completion"),
        (("--wrong",), 2, "Write bash's completion"),
        (("/dev/null/x",), 1, "completion.py: [Errno 20] Not a directory"),
    ],
)
def test_wrong_calls(arguments: tuple[str, ...], status: int, said: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(said)
