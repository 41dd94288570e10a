"""exporter: ct0-exporter answers, its collectors work, and it shows every container there is.

exporter:
  - id: exporter
    for: {kind: ct0}
    collectors: [cpu, memory, pressure]
  - id: exporter-behind-tls
    url: https://node1.example:9955
    ca_file: /etc/ssl/certs/our-ca.pem
    user: prometheus
    password_file: /etc/ct0/scrape.password
  - id: textfile
    file: /var/lib/prometheus/node-exporter/ct0.prom
    age: 120
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ct0.containers import containers
from ct0.errors import Malformed, Unavailable
from ct0.text import plain, read_text
from ct0_suites.expectations.files import Wrong
from ct0_suites.records import CT0, HOST
from ct0_suites.resources.copying.snapshot import snapshot
from ct0_suites.resources.metrics import Sample, parse_metrics
from ct0_suites.resources.scrape import Asked, ask
from ct0_suites.target import Target

URL = "http://127.0.0.1:9955"
AGE = 300
SCHEMA = {
    "url": {
        "description": "Where it listens, as the target itself calls it.",
        "type": "string",
        "pattern": "^https?://([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?/?$",
        "default": URL,
    },
    "ca_file": {
        "description": "Who signed its certificate: a file on the target; else whom the target"
        " trusts.",
        "type": "string",
        "pattern": "^/",
    },
    "user": {
        "description": "Who asks, where it wants a password.",
        "type": "string",
        "pattern": "^[^:\\r\\n]+$",
    },
    "password_file": {
        "description": "A file of the machine that judges; its first line is the password.",
        "type": "string",
    },
    "file": {
        "description": "In place of a URL: what `ct0-exporter textfile` writes for node_exporter.",
        "type": "string",
        "pattern": "^/",
    },
    "age": {
        "description": "How many seconds old that file may be.",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": AGE,
    },
    "collectors": {
        "description": "Collectors that must have worked; one that failed is told in any case.",
        "type": "array",
        "items": {"type": "string", "minLength": 1},
    },
    "containers": {
        "description": "Whether it must show all containers of the target and no others. false"
        " where it is told to leave some out.",
        "type": "boolean",
        "default": True,
    },
}
REQUIRED: tuple[str, ...] = ()
KINDS = (CT0, HOST)

SUCCESS = "ct_scrape_collector_success"
SHOWN = 5  # containers that are named before the rest is counted


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    where = want.get("file") or f"{want.get('url', URL).rstrip('/')}/metrics"
    text, problems = from_file(want, target) if "file" in want else from_server(want, target)
    yield from problems
    if text is None:
        return
    try:
        samples = parse_metrics(text, where)
    except Malformed as error:
        yield f"{error}: these are no metrics"
        return
    yield from of_collectors(want.get("collectors", ()), samples, where)
    if want.get("containers", True):
        yield from of_containers(want, samples, target, where)


def from_server(want: Mapping[str, Any], target: Target) -> tuple[str | None, list[str]]:
    """Its metrics, None if there are none; and what is wrong so far."""
    base = want.get("url", URL).rstrip("/")
    problems = []
    for path in ("/-/healthy", "/metrics"):
        asked = Asked(base + path, want.get("user", ""), password(want), want.get("ca_file", ""))
        answer = ask(target, asked)
        if answer.trouble:
            return None, [f"{base}: no answer: {answer.trouble}"]
        if answer.status != 200:
            said = plain(answer.body.strip().partition("\n")[0], 80)
            problems.append(f"{base}{path}: answers {answer.status}, should be 200: {said}")
    return None if problems else answer.body, problems


def password(want: Mapping[str, Any]) -> str:
    if "password_file" not in want:
        return ""
    try:
        return read_text(want["password_file"]).partition("\n")[0]
    except Unavailable as error:
        raise Wrong(f"password_file: {error}") from error


def from_file(want: Mapping[str, Any], target: Target) -> tuple[str | None, list[str]]:
    path, allowed = want["file"], want.get("age", AGE)
    file = shlex.quote(path)
    said = target.run(f"[ -f {file} ] || exit 44; date +%s && stat -c %Y {file} && cat {file}")
    if said.status == 44:
        return None, [f"{path}: there is no such file"]
    now, _, rest = said.text.partition("\n")
    written, _, text = rest.partition("\n")
    if said.status != 0 or not (now.isdigit() and written.isdigit()):
        raise Unavailable(f"{path}: {said.trouble}")
    age = int(now) - int(written)
    return text, [f"{path}: is {age} s old, should be {allowed:g} at most"] if age > allowed else []


def of_collectors(wanted: Sequence[str], samples: Sequence[Sample], where: str) -> Iterator[str]:
    found = {s.labels.get("collector", ""): s.value for s in samples if s.name == SUCCESS}
    if not found:
        yield f"{where}: has no {SUCCESS}: this is no exporter of ct0"
    for name, value in found.items():
        if value != 1:
            yield f"{where}: collector {name} failed: its metrics may be missing"
    for name in wanted:
        if found and name not in found:
            yield f"{where}: collector {name} did not run: it is off, or has nothing to tell here"


def of_containers(
    want: Mapping[str, Any], samples: Sequence[Sample], target: Target, where: str
) -> Iterator[str]:
    """What the exporter shows against what is there. One that came or went between the two
    questions is not held against it: both are asked again."""
    shown, there = shown_by(samples), seen_on(target)
    if shown != there and "file" not in want:
        text, _ = from_server(want, target)
        shown = shown_by(parse_metrics(text or "", where))
        if shown != there:
            there = seen_on(target)
    if missing := there - shown:
        yield f"{where}: does not show {named(missing)}"
    if extra := shown - there:
        yield f"{where}: shows {named(extra)}, which the target does not have"


def shown_by(samples: Sequence[Sample]) -> set[tuple[str, str]]:
    return {
        (s.labels.get("engine", ""), s.labels.get("ctid", ""))
        for s in samples
        if s.name == "ct_info" and s.labels.get("engine") != "host"
    }


def seen_on(target: Target) -> set[tuple[str, str]]:
    with snapshot(target.transport) as host:
        found = {(ct.engine, ct.ctid) for ct in containers(host)}
        if host.trouble:
            raise Unavailable(f"which containers there are is not known: {host.trouble[0]}")
    return found


def named(cts: set[tuple[str, str]]) -> str:
    names = [f"{engine} {plain(ctid, 64)}" for engine, ctid in sorted(cts)]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def observe(target: Target) -> Iterator[dict[str, Any]]:
    text, problems = from_server({}, target)
    if text is None or problems:
        return
    found = [s for s in parse_metrics(text, URL) if s.name == SUCCESS and s.value == 1]
    collectors = sorted({s.labels.get("collector", "") for s in found} - {""})
    want: dict[str, Any] = {"collectors": collectors} if collectors else {}
    if not any(judge(want, target)):
        yield want
    elif not any(judge({**want, "containers": False}, target)):
        yield {**want, "containers": False}
