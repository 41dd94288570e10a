"""Many files of a target in one command, so that none of them can pass for another.

    #M=5b0d…-4c1e\\0PWD=/\\0        what stands between files from here on: the mark
    =4711 4711 4709               /proc/self of a shell, its own PID, and its parent's
    >/proc/1/stat                 the files that come next, in this order
    >/proc/1/comm
    MARK 1 (systemd) S 0 … MARK systemd MARK
    lrwxrwxrwx 1 0 0 0 … /proc/1/exe -> /usr/lib/systemd/systemd
    +/var/lib/machines/web1       a name that exists
    !/etc/pve/lxc: Transport endpoint is not connected
    .                             nothing comes after this

The mark is the environment of the very `head` that prints the files: random, made there, and in no
command line that somebody else on the target might read.

Needed are a shell, GNU's or busybox's or toybox's head and ls, and nothing else: no grep, find or
xargs. A file that is gone meanwhile is empty.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ct0.errors import Unavailable
from ct0.text import plain

SHORT, LONG, WHOLE = 4096, 65536, 1 << 20  # bytes of a file

# Nothing is exported: head's environment is the mark.
BEGIN = r"""
cd / || exit 1
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
nl='
'
for head in /usr/bin/head /bin/head /usr/local/bin/head "$(command -v head)"; do
    [ -x "$head" ] && break
done
M= self=/proc/self/environ
read -r M </proc/sys/kernel/random/uuid ||
    M=$("$head" -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
printf '#'
M=$M "$head" -qc 4096 $self || { echo; exit 1; }
echo
sh -c 'read -r first rest </proc/self/stat; echo "=$first $$ $PPID"'
q=; ls -ldnq / >/dev/null 2>&1 && q=q
show() {
    limit=$1; shift
    printf '>%s\n' "$@"
    for file do set -- "$@" $self "$file"; shift; done
    M=$M "$head" -qc $limit "$@" $self
}
"""

# Some processes at a time; a list of thousands is too long for a command line. Paths of /proc hold
# nothing that a shell would split or expand.
PROCESSES = r"""
flush() {
    [ -n "$small" ] || return 0
    printf '>%s\n' $small
    M=$M "$head" -qc {short} $small_marked $self
    printf '>%s\n' $large
    M=$M "$head" -qc {long} $large_marked $self
    ls -ldn$q $links
    n=0 small= small_marked= large= large_marked= links=
}
n=0 small= small_marked= large= large_marked= links=
for p in /proc/[0-9]*; do
    small="$small $p/stat $p/comm $p/cmdline"
    small_marked="$small_marked $self $p/stat $self $p/comm $self $p/cmdline"
    large="$large $p/status $p/cgroup"
    large_marked="$large_marked $self $p/status $self $p/cgroup"
    links="$links $p/ns/pid $p/exe"
    n=$((n+1))
    [ $n -lt 100 ] || flush
done
flush
"""

FILES = r"""
set --
for f in {globs}; do
    case $f in *"$nl"*) continue ;; esac
    [ -f "$f" ] || continue
    set -- "$@" "$f"
    [ $# -lt 40 ] || { show {whole} "$@"; set --; }
done
[ $# = 0 ] || show {whole} "$@"
"""

NAMES = r"""
for f in {globs}; do
    case $f in *"$nl"*) continue ;; esac
    if [ -e "$f" ] || [ -h "$f" ]; then printf '+%s\n' "$f"; fi
done
"""

# A folder that is there and does not answer: who is in it is then not known.
FOLDERS = r"""
for f in {folders}; do
    said=$(ls "$f" 2>&1 >/dev/null) && continue
    case $said in
        *"No such file or directory" | *"Not a directory" | *"ermission denied") ;;
        *) printf '!%s: %s\n' "$f" "${said##*: }" ;;
    esac
done
"""

# lrwxrwxrwx 1 0 0 0 Nov 25 17:09 /proc/1/ns/pid -> pid:[4026531836]; ls prints "?" for a newline.
LINK = re.compile(rb"l[^/]* /proc/([0-9]{1,10})/(ns/pid|exe) -> (.*)")


class Fetched(NamedTuple):
    files: dict[str, bytes]
    names: list[str]
    namespaces: dict[int, str]  # PID -> pid:[4026531836]
    executables: dict[int, str]  # PID -> where its exe link leads; bytes over 127 are "?"
    caller: int  # PID of the shell that ran the command
    trouble: list[str]  # folders that do not answer


def command(
    processes: bool, globs: Sequence[str], names: Sequence[str], folders: Sequence[str] = ()
) -> str:
    """A shell's text that prints it all. Globs are the shell's: what must not be one is quoted."""
    script = BEGIN
    if processes:
        script += PROCESSES.replace("{short}", str(SHORT)).replace("{long}", str(LONG))
    if globs:
        script += FILES.replace("{globs}", " ".join(globs)).replace("{whole}", str(WHOLE))
    if names:
        script += NAMES.replace("{globs}", " ".join(names))
    if folders:
        script += FOLDERS.replace("{folders}", " ".join(folders))
    # An empty environment is also the C locale.
    return f"exec env -i /bin/sh -c {shlex.quote(script + 'echo .')} 2>/dev/null"


def parse(text: bytes) -> Fetched:
    """What the command printed. Raises Unavailable when it could not do its work to the end."""
    head, _, rest = text.partition(b"\n")
    mark = head[1:]
    if not head.startswith(b"#") or not re.search(rb"(^|\0)M=[0-9a-f-]{32,36}\0", mark):
        raise Unavailable("its files cannot be read: no head(1) there that knows -q and -c")
    found = Fetched({}, [], {}, {}, 0, [])
    caller, complete = 0, False
    pieces = iter(rest.split(mark))
    for piece in pieces:
        waiting = []
        for line in piece.split(b"\n"):
            kind, words = line[:1], line[1:]
            if kind == b">":
                waiting.append(text_of(words))
            elif kind == b"l":
                note_link(found, line)
            elif kind == b"+":
                found.names.append(text_of(words))
            elif kind == b"!":
                found.trouble.append(plain(text_of(words)))
            elif kind == b"=":
                caller = caller_of(words)
            elif line == b".":
                complete = True
        found.files.update(zip(waiting, contents(pieces, len(waiting))))
    if not complete or not caller:
        raise Unavailable("its files cannot be read: the answer was cut off")
    return found._replace(caller=caller)


def contents(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    for _ in range(count):
        piece = next(pieces, None)
        if piece is None:
            raise Unavailable("its files cannot be read: the answer was cut off")
        yield piece


def caller_of(words: bytes) -> int:
    """The calling shell's PID. Raises Unavailable when /proc knows processes by other numbers."""
    numbers = words.split()
    if len(numbers) != 3 or not all(number.isdigit() for number in numbers):
        raise Unavailable("its processes cannot be seen: is /proc mounted there?")
    if numbers[0] != numbers[1]:
        raise Unavailable("its /proc is of another PID namespace than its processes")
    return int(numbers[2])


def note_link(found: Fetched, line: bytes) -> None:
    match = LINK.fullmatch(line)
    if match is not None:
        links = found.executables if match[2] == b"exe" else found.namespaces
        links[int(match[1])] = text_of(match[3])


def text_of(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
