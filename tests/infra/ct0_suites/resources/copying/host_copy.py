"""A target's files that the audit reads, copied below a private folder.

    find ./etc/init.d … -print0 | xargs -0 tar -cf - --

What links and commands among them lead to is fetched after them, up to some steps on. A file that
is too large to be read is copied as an empty one of more than that size, so that the audit says so
of it, and does not take it for none. Regular files and links only; a link never leads out of the
folder. Needed are find, xargs, grep, tr and tar, GNU's or busybox's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ct0.errors import Unavailable
from ct0.text import plain
from ct0_suites.resources.copying.host_files import (
    CHOSEN,
    FILES,
    LARGE,
    PROGRAMS,
    SECRETS,
    THERE,
    TREES,
)
from ct0_suites.resources.copying.unpacking import Led, missing, placeholders, unpack
from ct0_suites.target import Target

TIMEOUT = 180.0  # seconds for one command
LIMIT = 1 << 20  # bytes the audit reads of a file
LARGEST = 48 << 20  # bytes of one that it reads more of
DEEPEST = 12
STEPS = 8  # from a file to what it leads to
MOST = 50_000  # paths to be asked for in one step

# What is missing of it, and who asks.
NEEDED = "for c in find xargs grep tr tar; do command -v $c >/dev/null || echo $c; done; id -u"
ROOT = """\
cd / || exit 1
LC_ALL=C
export LC_ALL
unset TAR_OPTIONS GREP_OPTIONS POSIXLY_CORRECT
"""
FOUND = """\
there() {
    found=
    for p; do
        case $p in
            /lib/?* | /bin/?* | /sbin/?*) top=${p#/}; [ ! -h "/${top%%/*}" ] || continue ;;
        esac
        if [ -e "$p" ] || [ -h "$p" ]; then found="$found .$p"; fi
    done
}
"""
ARCHIVE = "{{ {parts}\n}} | xargs -0 -r tar -cf - --"
# grep chooses quickly, also a script with an archive behind it, which the audit wants to tell of;
# the shell then reads the first line, a byte at a time.
GREP = "xargs -0 -r grep -ls '^#!' | tr '\\n' '\\0'"
SHELL = """
    for f; do
        first=
        read -r first <"$f"
        case $first in
            "#!"*sh* | "#!"*run* | "#!"*env* | "#!"*script* | "#!"*busybox*) printf "%s\\n" "$f" ;;
        esac
    done"""
SMALL = f"-type f -size -{LIMIT // 512 + 1}"
WANTED = rf"\( -type l -o {SMALL} \)"

# Of paths on standard input: the links, the scripts, and in the second form any file.
LED_TO = """\
asked=$(cat)
each() {{ printf '%s\\n' "$asked" | tr '\\n' '\\0' | xargs -0 -r sh -c "$1" sh 2>/dev/null; }}
{{
    each 'find "$@" -maxdepth 0 -type l -print'
    {files}
}} | tr '\\n' '\\0' | xargs -0 -r tar -cf - --"""
SCRIPTS = f"""each 'find "$@" -maxdepth 0 {SMALL} -print' |
        tr '\\n' '\\0' | {GREP} | xargs -0 -r sh -c '{SHELL}' sh 2>/dev/null"""
ANY = (
    f"each 'find \"$@\" -maxdepth 0 {SMALL} -print';"
    f' each \'for f; do [ ! -h "$f" ] && [ -d "$f" ] && find "$f" -maxdepth 2 {SMALL} -print;'
    " done'"
)
TOO_LARGE = f"""\
tr '\\n' '\\0' | xargs -0 -r sh -c 'find "$@" -maxdepth 0 -type f -size +{LIMIT // 512}' sh 2>/dev/null
true"""  # noqa: E501 - one line of a shell's


def copy_host(target: Target, root: str) -> None:
    """Copy what the audit reads below `root`, which may have files of the target's already.

    Raises Unavailable: not root there, no tar; Malformed: an archive that is none; Unreachable.
    """
    *absent, user = target.run(NEEDED).text.split() or [""]
    if user != "0":
        raise Unavailable("its scripts are root's to read: log in as root, or sudo=true")
    if absent:
        raise Unavailable(f"its files cannot be read: it has no {plain(' '.join(absent))}")
    led = Led(set(), set())
    for command in first_commands():
        unpack(root, archive(target, command), led)
    placeholders(root, target.run(ROOT + FOUND + large_list(), timeout=TIMEOUT).text)
    if not os.path.isdir(f"{root}/etc"):
        raise Unavailable("nothing of its /etc could be read")
    asked: set[str] = set()
    for _ in range(STEPS):
        mentioned, goals = missing(root, led.mentioned) - asked, missing(root, led.goals)
        if not mentioned and not goals - asked:
            return
        if len(mentioned) + len(goals) > MOST:
            raise Unavailable(f"its files lead to more than {MOST} others")
        asked |= mentioned | goals
        led = Led(set(), set())
        for paths, files in ((mentioned, SCRIPTS), (goals, ANY)):
            if paths:
                unpack(root, archive(target, ROOT + LED_TO.format(files=files), listed(paths)), led)
        placeholders(root, target.run(ROOT + TOO_LARGE, listed(goals), TIMEOUT).text)
    if further := missing(root, led.goals) - asked:
        raise Unavailable(f"{plain(min(further))}: reached by more than {STEPS} links")


def first_commands() -> list[str]:
    """Each gives an archive of less than a transport carries."""
    kept = " ".join(f"! -name '{name}'" for name in SECRETS.split())
    trees = with_lib(TREES)
    programs = f"""\
there {PROGRAMS}; [ -z "$found" ] || {{
    find $found -maxdepth 1 -type l -print0
    find $found -maxdepth 1 {SMALL} -print0 | {GREP} | xargs -0 -r sh -c '{SHELL}' sh 2>/dev/null |
        tr '\\n' '\\0'
}}"""
    chosen = [
        find(folders, depth, rf"\( {' -o '.join(f'-name {quote(n)}' for n in names.split())} \)")
        for folders, depth, names in CHOSEN
    ]
    large = f"-type f -size -{LARGEST // 512 + 1}"
    groups = (
        [find(trees, DEEPEST, kept), find(f"{FILES} {THERE}", 0)],
        chosen,
        [programs],
        *([find(each, DEEPEST, wanted=large)] for each in LARGE),
    )
    return [ROOT + FOUND + ARCHIVE.format(parts="\n".join(parts)) for parts in groups]


def with_lib(words: str) -> str:
    """/usr/lib/x, and /lib/x for hosts where they are two."""
    more = [word[4:] for word in words.split() if word.startswith("/usr/lib/")]
    return " ".join([*words.split(), *more])


def quote(text: str) -> str:
    return f"'{text}'"


def find(words: str, depth: int, more: str = "", wanted: str = WANTED) -> str:
    """In a shell: the wanted of those that are there, each with a NUL."""
    one = " ".join(words.split())
    return f'there {one}\n[ -z "$found" ] || find $found -maxdepth {depth} {more} {wanted} -print0'


def large_list() -> str:
    """In a shell: the names of what is larger than the audit reads, a line each."""
    large = f"-type f -size +{LIMIT // 512}"
    parts = [
        find(with_lib(TREES), DEEPEST, wanted=large),
        find(f"{FILES} {THERE}", 0, wanted=large),
        *(find(each, DEEPEST, wanted=f"-type f -size +{LARGEST // 512}") for each in LARGE),
    ]
    return "\n".join(parts).replace("-print0", "-print") + "\ntrue"


def archive(target: Target, command: str, stdin: bytes = b"") -> bytes:
    said = target.run(command, stdin, TIMEOUT)
    # 123: a file went, or could not be read, while tar read the others.
    if said.status not in (0, 123):
        raise Unavailable(f"its files cannot be read: {said.trouble}")
    return said.stdout


def listed(paths: Iterable[str]) -> bytes:
    """For standard input: relative to /, so that none can be an option."""
    lines = sorted(f".{path}" for path in paths if "\n" not in path)
    return "\n".join(lines).encode("utf-8", "surrogateescape")
