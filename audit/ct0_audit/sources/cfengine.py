"""CFEngine and Rudder: `processes:` promises, which select by a regular expression on ps.

    bundle agent main
    {
      processes:
        "^/usr/sbin/nginx"
          signals => { "term" },
          restart_class => "start_nginx";
      commands:
        "/usr/bin/pkill -HUP nginx";
    }

docs.cfengine.com, "processes": the promiser is matched against each line of ps; `signals` sends to
all that match, `restart_class` starts when none does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import BLOCKS, KILLS, MISCOUNTS, Direct, Selector, Snippet
from ct0_audit.sources.lines import Line, command, direct
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "cfengine"

FOLDERS = (
    "/var/cfengine/inputs",
    "/var/lib/cfengine3/inputs",
    "/var/rudder/cfengine-community/inputs",
)
TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    |(?P<type>\b[a-z_]+:(?!:))
    |(?P<guard>[\w.!|&()]+::)
    |(?P<word>\w+)
    |(?P<sign>=>|->|[{};,()])""",
    re.VERBOSE | re.DOTALL,
)


def read(host: Host) -> Found:
    yield from configured(host, paths_in(host, *FOLDERS, depth=6, ends=(".cf",)), parse_cfengine)


def parse_cfengine(text: str, path: str) -> Iterator[Snippet | Direct]:
    """The promises of `processes:` and the commands of `commands:`."""
    whole = Line(1, text)
    section = ""
    promise: list[re.Match[str]] = []
    for token in TOKEN.finditer(text):
        if token.lastgroup == "comment":
            continue
        if token.lastgroup == "type" or (token[0] == "}" and not _inside(promise)):
            section, promise = token[0].rstrip(":"), []
        elif token[0] == ";":
            yield from _promise(whole, section, promise, path)
            promise = []
        elif section and token.lastgroup != "guard":
            promise.append(token)


def _inside(promise: list[re.Match[str]]) -> bool:
    words = [token[0] for token in promise]
    return words.count("{") > words.count("}")


def _promise(
    whole: Line, section: str, promise: list[re.Match[str]], path: str
) -> Iterator[Snippet | Direct]:
    if not promise or promise[0].lastgroup != "string":
        return
    promiser = whole.part(promise[0].start() + 1, promise[0].end() - 1)
    if section == "commands":
        yield command(promiser, path, KIND, "commands promise")
    elif section == "processes":
        words = {token[0] for token in promise if token.lastgroup == "word"}
        does, severity = "counts", MISCOUNTS
        if words & {"signals", "process_stop"}:
            does, severity = "signals", KILLS
        elif "restart_class" in words:
            does, severity = "starts nothing while it finds", BLOCKS
        detail = f"CFEngine {does} every process whose line in ps matches {promiser.text!r}"
        selector = Selector("full", (promiser.text,))
        line = whole.part(promise[0].start(), promise[0].end())
        yield direct(line, "CT105", detail, path, KIND, selector, severity)
