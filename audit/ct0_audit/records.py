"""What the audit's parts hand each other.

A source (`ct0_audit.sources`, one module a kind of file) reads the host's files and yields, from

    def read(host: Host) -> Iterator[Snippet | Direct | NotRead]

* a `Snippet`: shell, or one command line, for the engine to parse and to judge;
* a `Direct`: what the source finds itself in configuration that is no shell;
* a `NotRead`: what it would have read and could not, and why.

The engine (`ct0_audit.engine`) makes `Finding`s of them. Paths are the audited host's own
(/etc/logrotate.d/apache2, whatever --root is), lines and columns count from 1, columns in
characters. Texts are UTF-8 with surrogateescape, so every file is a text and its bytes are kept.
All of it may be hostile: `ct0.text.plain` before it is shown.
"""

from __future__ import annotations

from typing import NamedTuple

SHELL = "shell"  # read by sh -c, or a script
COMMAND = "command"  # split into words and run without a shell: no pipes, no $( ), $X from outside

# What a finding does to containers.
KILLS, BLOCKS, MISCOUNTS = "K", "B", "F"

# How sure the audit is that what is written is what runs.
HIGH, MEDIUM, LOW = "high", "medium", "low"


class Selector(NamedTuple):
    """Whose processes something reaches, as the tool it uses would look for them.

    how         values are
    comm        names as the kernel keeps them, compared at 15 characters (killall NAME, pgrep's
                fixed text, monitors that count by name)
    exec        paths of executables, as /proc/PID/exe reads (start-stop-daemon --exec)
    name        program names or paths as pidof finds them: comm, argv[0], or the executable
    pattern     an extended regular expression on the name (pgrep, pkill)
    exact       the same, on the whole of it (pgrep -x, pkill -x)
    full        an extended regular expression on the command line (pgrep -f, monit matching, grep)
    text        a text somewhere in the command line (grep -F, Ansible's pattern)
    user        user names or numbers
    everybody   none: everyone
    pid         numbers
    pidfile     paths of files of the host that hold a number
    """

    how: str
    values: tuple[str, ...] = ()
    users: tuple[str, ...] = ()  # only processes of these users, where the tool was told so


class Snippet(NamedTuple):
    """Shell of the host. `text` is the file's own from (line, column) on: nothing is cut out of
    its middle or joined, so that a place in it is a place in the file."""

    path: str
    line: int  # of the file, where the text begins
    column: int  # of that line
    language: str  # SHELL or COMMAND
    text: str
    kind: str  # the source's, a key of SOURCES: "logrotate"
    context: str = ""  # in a person's words: "postrotate of /var/log/x", "ExecStop="
    package: str = ""  # the package that brought the file, "" where not known
    variables: tuple[tuple[str, str], ...] = ()  # set for it from outside: Environment=, PATH=


class Direct(NamedTuple):
    """A finding that a source made itself."""

    rule: str  # an id of ct0_audit.rules
    path: str
    line: int
    column: int
    code: str  # the line or the part of it that is meant, as it stands in the file
    detail: str  # what is wrong with this very line, in a person's words
    kind: str
    context: str = ""
    package: str = ""
    selector: Selector | None = None  # whose processes it would see, for the live table
    severity: str = ""  # KILLS, BLOCKS or MISCOUNTS where the rule's own does not hold here
    confidence: str = HIGH


class NotRead(NamedTuple):
    """What could not be read, and what that means is for the reader to say: never "nothing"."""

    path: str
    reason: str


class Place(NamedTuple):
    """A part of a file; the end is where the part is over (exclusive), as SARIF has it."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int


class Edit(NamedTuple):
    """Put `text` where the file has what is in `place`."""

    place: Place
    text: str


class Hit(NamedTuple):
    """One process of a container that the finding would reach now."""

    engine: str
    ctid: str
    ct_name: str
    pid: int
    comm: str
    command: str


class Finding(NamedTuple):
    rule: str
    place: Place
    code: str
    detail: str
    kind: str
    severity: str
    confidence: str
    context: str = ""
    package: str = ""
    selector: Selector | None = None
    command: str = ""  # the command that does it, as it is called: /bin/pidof
    edits: tuple[Edit, ...] = ()  # the safe rewrite, where there is one that needs no thought
    advice: str = ""  # the line as it would read with the edits made
    covered: str = ""  # by which installed shim or hook; "" when none is in the way
    hits: tuple[Hit, ...] = ()
    suppressed: str = ""  # the reason that was written down for leaving it


class Report(NamedTuple):
    """Everything one audit found; findings the worst first."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]
    not_read: tuple[NotRead, ...]
    files: int  # how many were read
    complaints: tuple[str, ...] = ()  # of waivers that are over or not understood
    live: bool = False  # whether a process table was there to ask
