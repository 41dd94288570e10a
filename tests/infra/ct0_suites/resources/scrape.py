"""What a web server of the target answers to the target itself, by curl, Python or bash there.

Nothing of what is asked is on a command line: the address, a user and his password go over the
standard input, as curl's configuration, as JSON or as the request itself.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from typing import NamedTuple
from urllib.parse import urlsplit

from ct0.errors import Unavailable
from ct0.text import plain
from ct0_suites.target import Target
from ct0_suites.transport import Output

SECONDS = 20
STATUS = re.compile(r"[1-9][0-9]{2}", re.ASCII)
TOOLS = "curl python3 bash"
FIND = f"for c in {TOOLS}; do command -v $c >/dev/null && echo $c; done; true"

PYTHON = """\
import json, ssl, sys, urllib.error, urllib.request
asked = json.load(sys.stdin)
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_): return None
context = ssl.create_default_context(cafile=asked["ca_file"] or None)
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), Stay, urllib.request.HTTPSHandler(context=context))
request = urllib.request.Request(asked["url"], headers=asked["headers"])
try:
    said = opener.open(request, timeout=asked["seconds"])
except urllib.error.HTTPError as error:
    said = error
except Exception as error:
    sys.exit(str(getattr(error, "reason", error)))
sys.stdout.buffer.write(said.read() + b"\\n%d" % said.getcode())
"""
# HTTP/1.0: the server ends the connection after its answer.
BASH = "exec 3<>/dev/tcp/{host}/{port} && cat >&3 && cat <&3"


class Asked(NamedTuple):
    """`ca_file` is the target's; "" is what it trusts anyway."""

    url: str
    user: str = ""
    password: str = ""
    ca_file: str = ""

    @property
    def headers(self) -> dict[str, str]:
        if not self.user:
            return {}
        pair = f"{self.user}:{self.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}


class Answer(NamedTuple):
    """`trouble` says why there is none; status is 0 then."""

    status: int
    body: str
    trouble: str = ""


def ask(target: Target, asked: Asked) -> Answer:
    """GET. Raises Unavailable when there is nothing to ask with, Unreachable."""
    tools = target.once("scrape", lambda: target.run(FIND).text.split())
    if "curl" in tools:
        return marked(target.run("curl -q -K -", of_curl(asked), SECONDS + 5))
    if "python3" in tools:
        record = {**asked._asdict(), "headers": asked.headers, "seconds": SECONDS}
        command = f"python3 -I -c {shlex.quote(PYTHON)}"
        return marked(target.run(command, json.dumps(record).encode(), SECONDS + 5))
    if "bash" in tools and asked.url.startswith("http://"):
        host, port = place(asked.url)
        where = BASH.format(host=host, port=port)
        command = f"bash -c {shlex.quote(where)}"
        return plain_answer(target.run(command, of_bash(asked), SECONDS + 5))
    raise Unavailable("it has neither curl nor python3 to ask an exporter with")


def of_curl(asked: Asked) -> bytes:
    """curl(1), --config."""
    settings = {
        "url": asked.url,
        "max-time": str(SECONDS),
        "noproxy": "*",
        "proto": "=http,https",
        "write-out": "\\n%{http_code}",
        "user": f"{asked.user}:{asked.password}" if asked.user else "",
        "cacert": asked.ca_file,
    }
    lines = ["silent", "show-error", "globoff"]
    for name, value in settings.items():
        if value:
            kept = value if name == "write-out" else quoted(value)
            lines.append(f'{name} = "{kept}"')
    return "\n".join([*lines, ""]).encode()


def place(url: str) -> tuple[str, int]:
    """Raises Unavailable for a port that is none."""
    try:
        address = urlsplit(url)
        return address.hostname or "", address.port or 80
    except ValueError as error:
        raise Unavailable(f"{url}: {error}") from error


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def of_bash(asked: Asked) -> bytes:
    address = urlsplit(asked.url)
    headers = {"Host": address.netloc, "Connection": "close", **asked.headers}
    lines = [f"GET {address.path or '/'} HTTP/1.0", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def marked(said: Output) -> Answer:
    """The body, a line end and the status, as curl and the Python above print it."""
    body, _, status = said.text.rpartition("\n")
    if said.status != 0:
        return Answer(0, "", said.trouble)
    if not STATUS.fullmatch(status):
        return Answer(0, "", "no status of HTTP")
    return Answer(int(status), body)


def plain_answer(said: Output) -> Answer:
    """The whole of an HTTP/1 answer."""
    head, end, body = said.text.partition("\r\n\r\n")
    words = head.split(None, 2)
    if said.status != 0 or not end or len(words) < 2 or not words[0].startswith("HTTP/1."):
        return Answer(0, "", said.trouble if said.status else f"no answer: {plain(head, 60)}")
    if not STATUS.fullmatch(words[1]):
        return Answer(0, "", f"no answer: {plain(head, 60)}")
    return Answer(int(words[1]), body)
