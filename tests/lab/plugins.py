"""The plugins laid out for a user who may read nothing of the checkout, each run's words kept."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

from .command import LabError, attempt
from .run import Run
from .schedulers import USER, Answer, answer, give, own_folder

ROOT = Path(__file__).parents[2]

# A command as pip makes them; -I: nothing of the caller's is imported.
COMMAND = """\
#!/usr/bin/python3 -I
import sys
sys.path[:0] = [{site!r}]
sys.argv[0] = {name!r}
from ct0_checks.launch import launch
sys.exit(launch({name!r}, sys.argv[1:]))
"""

# What a scheduler runs: the plugin, with a copy of what it said and how it ended.
KEPT = """\
#!/bin/sh
said=$(mktemp {said}/{name}.XXXXXXXX) || exit 3
{command} "$@" {more} >"$said" 2>"$said.stderr"
code=$?
cat "$said"
id -un >"$said.user"
echo $code >"$said.end" && mv "$said.end" "$said.code"
exit $code
"""


class Plugins:
    """`folder` holds the commands; `said` what they said."""

    def __init__(self, folder: Path, said: Path) -> None:
        self.folder = folder
        self.said = said

    def answers(self, plugin: str) -> list[Answer]:
        """What the plugin's runs so far printed and returned; all as the schedulers' user."""
        found = []
        for code in sorted(self.said.glob(f"{plugin}.*.code")):
            told = code.with_suffix("")
            user = told.with_name(f"{told.name}.user").read_text("ascii").strip()
            if user != USER:
                raise LabError(f"{plugin} ran as {user}")
            text = told.read_text(encoding="utf-8")
            found.append(answer(int(code.read_text("ascii")), text))
        return found


def site(run: Run) -> Path:
    """core, the checks and nagiosplugin, copied to where everybody may read them."""
    folder = run.folder / "site"
    if not folder.exists():
        run.folder.chmod(0o711)
        nothing = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "core/ct0", folder / "ct0", ignore=nothing)
        shutil.copytree(ROOT / "checks/ct0_checks", folder / "ct0_checks", ignore=nothing)
        found = importlib.util.find_spec("nagiosplugin")
        if found is None or not found.submodule_search_locations:
            raise LabError("nagiosplugin is not installed: make clean, then make again")
        shutil.copytree(found.submodule_search_locations[0], folder / "nagiosplugin")
        for top, _, files in os.walk(folder):
            os.chmod(top, 0o755)
            for name in files:
                os.chmod(os.path.join(top, name), 0o644)
    return folder


def laid_out(run: Run, name: str, more: Mapping[str, str]) -> Plugins:
    """The plugins in `more`, each always called with the options that `more` has for it."""
    folder = own_folder(run, name)
    said = folder / "said"
    said.mkdir()
    give(folder)
    commands = folder / "commands"
    commands.mkdir()
    for plugin, options in more.items():
        command = commands / plugin
        command.write_text(COMMAND.format(site=str(site(run)), name=plugin), encoding="ascii")
        kept = folder / plugin
        text = KEPT.format(
            said=shlex.quote(str(said)),
            name=plugin,
            command=shlex.quote(str(command)),
            more=options,
        )
        kept.write_text(text, encoding="utf-8")
        for path in (command, kept):
            path.chmod(0o755)
    return Plugins(folder, said)


def readable(folder: Path) -> Path:
    """Let everybody read a recorded host's copy; links are left as they are."""
    for top, _, files in os.walk(folder):
        os.chmod(top, 0o755)
        for name in files:
            path = os.path.join(top, name)
            if not os.path.islink(path):
                os.chmod(path, 0o644)
    return folder


def accepted_by_perl(perfdata: str) -> list[tuple[str, str]]:
    """The labels and values that Perl's Monitoring::Plugin finds; LabError where it finds fault."""
    program = (
        "use Monitoring::Plugin::Performance; "
        "my @p = Monitoring::Plugin::Performance->parse_perfstring($ARGV[0]); "
        'print scalar(@p), "\\n"; '
        'for (@p) { print $_->label, "\\t", $_->value, $_->uom, "\\n" }'
    )
    done = attempt(["/usr/bin/perl", "-e", program, perfdata], timeout=300)
    if done.returncode != 0 or done.stderr:
        raise LabError(f"Monitoring::Plugin: {perfdata}: {done.stderr}")
    count, *lines = done.stdout.splitlines()
    if int(count) != len(lines):
        raise LabError(f"Monitoring::Plugin: {perfdata}: {count} values, {len(lines)} lines")
    return [(line.partition("\t")[0], line.partition("\t")[2]) for line in lines]
