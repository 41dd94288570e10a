"""The man pages: all commands have one, no option is without a word, two runs are the same."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ct0.cli.__main__ import COMMANDS as SUBCOMMANDS
from ct0_checks.procs.getopt import OURS, THEIRS
from ct0_shims.commands import COMMANDS as SHIMS
from manual.commands import COMMANDS, Command
from manual.from_usage import read_usage
from manual.page import Example, Item, Page, Paragraph, finished
from manual.pages import pages
from manual.roff import render

ROOT = Path(__file__).parents[2]
MAN = ROOT / "packaging/man.py"
MADE = {made.page.name: made.page for made in pages()}
SOURCES = {name: render(page, "2026-01-02", "1.2.3") for name, page in MADE.items()}
REQUESTS = ('.\\"', *[".TH", ".nh", ".ad", ".SH", ".SS", ".PP", ".TP", ".RS", ".RE", ".nf", ".fi"])
PARSED = [command for command in COMMANDS if not command.usage]


def shown(name: str) -> str:
    """A page's text, with its roff taken out as far as these tests care."""
    return re.sub(r"\\f[BIR]", "", SOURCES[name]).replace("\\-", "-").replace("\\(aq", "'")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, str(MAN), *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, env=environment)


def test_every_command_has_a_page() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    scripts = text.partition("[project.scripts]\n")[2].partition("\n\n")[0]
    wanted = {line.split(" = ")[0] for line in scripts.splitlines()}
    wanted |= {f"ct0-{word}" for word in SUBCOMMANDS}
    wanted |= {name if name.startswith("ct0-") else f"ct0-{name}" for name in SHIMS}
    assert len(wanted) > 25
    assert wanted - set(MADE) == set()


def test_no_page_has_the_name_of_an_incumbents() -> None:
    assert set(MADE) & (set(SHIMS) - {"ct0-pids"}) == set()


@pytest.mark.parametrize("name", sorted(MADE))
def test_nothing_is_named_without_a_word(name: str) -> None:
    for _, blocks in MADE[name].sections:
        silent = [block.tags for block in blocks if isinstance(block, Item) and not block.text]
        assert silent == []


@pytest.mark.parametrize("command", PARSED, ids=lambda command: command.page)
def test_every_option_of_a_parser_is_there(command: Command) -> None:
    text = shown(command.page)
    parser: argparse.ArgumentParser = import_module(command.module).parser()
    known = [
        option
        for action in parser._actions
        if action.help != argparse.SUPPRESS
        for option in action.option_strings
    ]
    assert known
    options = text.partition(".SH OPTIONS\n")[2].partition("\n.SH ")[0]
    missing = [
        option for option in known if not re.search(rf"(^|, ){option}( |,|$)", options, re.M)
    ]
    assert missing == []


def test_every_option_of_check_procs_is_there() -> None:
    unnamed = {"elapsed", "input-file", "state"}  # which its own usage text leaves out as well
    missing = [name for name in {**THEIRS, **OURS} if f"--{name}" not in shown("check_procs")]
    assert set(missing) <= unnamed


def test_files_are_where_the_commands_have_them() -> None:
    from ct0_audit import cache, fix, waivers
    from ct0_checks.layer import options
    from ct0_shims.delivery import hooks, install

    for name, paths in {
        "ct0-audit": (cache.FOLDER, fix.BACKUPS, waivers.PATH),
        "check_ct_disk": (options.STATE_DIR, options.STATE_FILE),
        "ct0-shims": (hooks.DEBIAN_HOOK, install.FILE, install.LINKS, install.RHEL_FILE),
    }.items():
        files = shown(name).partition(".SH FILES\n")[2].partition("\n.SH ")[0]
        for path in paths:
            assert f"\n{path}\n" in files or f"\n{path.rpartition('/')[0]}\n" in files, path


def test_every_neighbour_exists() -> None:
    known = {f"{page.name}({page.section})" for page in MADE.values()} | {"sudo(8)"}
    named = {name for page in MADE.values() for name in page.also}
    assert len(named) > 15
    assert named - known == set()


@pytest.mark.parametrize("name", sorted(MADE))
def test_source_is_ascii_in_short_lines(name: str) -> None:
    lines = SOURCES[name].splitlines()
    assert SOURCES[name].isascii()
    assert [line for line in lines if line != line.rstrip()] == []
    requests = {line.split()[0] for line in lines if line.startswith((".", "'"))}
    assert requests <= set(REQUESTS)
    assert lines[1].startswith(f".TH {name.upper().replace('-', chr(92) + '-')} ")


def test_text_that_looks_like_a_request_is_none() -> None:
    blocks = (Paragraph("'tis"), Example(".TH EVIL 1\n\\fB-x'"), Paragraph(".so /etc/shadow"))
    page = Page("a", 1, "b", (".x",), (("DESCRIPTION", blocks),), ())
    made = render(page, "2026-01-02", "1").splitlines()[5:]
    assert [line for line in made if line.startswith((".TH", ".so", "'"))] == []
    assert "\\&.TH EVIL 1" in made
    assert "\\efB\\-x\\(aq" in made


def test_two_runs_are_equal_and_dated_by_the_sources(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        done = run(str(tmp_path / folder), SOURCE_DATE_EPOCH="86400")
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    listed = run("--list").stdout.split("\n")[:-1]
    assert len(listed) == len(MADE)
    for line in listed:
        package, path = line.split("\t")
        assert re.fullmatch(r"ct0(-\w+)?", package)
        text = (tmp_path / "one" / path).read_text()
        assert text == (tmp_path / "two" / path).read_text()
        assert " 1970-01-02 " in text.splitlines()[1]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 2, "Write the man pages"),
        (("a", "b"), 2, "Write the man pages"),
        (("--wrong",), 2, "Write the man pages"),
        (("/dev/null/x",), 1, "man.py: [Errno 20] Not a directory"),
    ],
)
def test_wrong_calls(arguments: tuple[str, ...], status: int, said: str) -> None:
    done = run(*arguments, SOURCE_DATE_EPOCH="1")
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(said)


@pytest.mark.parametrize("environment", [{"SOURCE_DATE_EPOCH": "yesterday"}, {"PATH": "/none"}])
def test_a_date_that_is_none_is_said(environment: dict[str, str]) -> None:
    done = run("/nonexistent", **environment)
    assert done.returncode == 1
    assert done.stderr == "man.py: no date: set SOURCE_DATE_EPOCH, or run it in a git checkout\n"


def test_options_that_share_a_line() -> None:
    usage = read_usage(
        "usage: x [-a]\n\nDo it.\n\n    $ x -a\n\nAnd so on. Exit status: 0 done.\n\n"
        "  -a, --all FILE   all of it\n                   of FILE\n"
        "  -b  one          -c <n>  two;  -d  three\n"
        "  -e, -f nothing: for scripts\n  -g, --gid=N   -h   -i, --id  of that much\n",
        {"-h": "help"},
    )
    options = [block for block in usage.options if isinstance(block, Item)]
    assert [("".join(text for text, _ in item.tags[0]), item.text) for item in options] == [
        ("-a, --all FILE", "All of it of FILE."),
        ("-b", "One."),
        ("-c <n>", "Two."),
        ("-d", "Three."),
        ("-e, -f", "nothing: for scripts."),
        ("-h", "Help."),
        ("-g, --gid=N, -i, --id", "Of that much."),
    ]
    assert usage.synopsis == ("x [-a]",)
    assert usage.status == "0 done."
    assert usage.description == (Paragraph("Do it."), Example("$ x -a"), Paragraph("And so on."))


@pytest.mark.parametrize("block", ["  -a  one\n  - two", "  -a\n  -=b"])
def test_a_line_that_is_no_option_is_refused(block: str) -> None:
    with pytest.raises(ValueError, match="no option"):
        read_usage(f"usage: x\n\n{block}\n", {})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", ""),
        ("only this one", "Only this one."),
        ("settings; see there.", "Settings; see there."),
        ("stopped=STATE: it", "stopped=STATE: it."),
        ("CTIDs only", "CTIDs only."),
        ("node_exporter's", "node_exporter's."),
    ],
)
def test_help_text_becomes_a_sentence(text: str, sentence: str) -> None:
    assert finished(text) == sentence
