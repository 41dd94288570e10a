"""exporter: real answers of ct0-exporter (tests/golden), asked for by each way there is to ask."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.containers import containers
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0_suites.expectations.files import Wrong
from ct0_suites.resources.metrics import parse_metrics
from ct0_suites.resources.scrape import TOOLS, Answer, Asked, ask, marked, plain_answer
from ct0_suites.suites import exporter
from ct0_suites.target import Target
from ct0_suites.transport import TIMEOUT, Local, Output
from suites.scripted import scripted

GOLDEN = Path(__file__).parent.parent / "golden"
LXC = (GOLDEN / "debian12-lxc.prom").read_text()
URL = "http://127.0.0.1:9955"
OPEN_SESAME = "Basic " + base64.b64encode(b'prom"\\:se:cret ').decode()


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch, host: Callable[[str], Path]) -> None:
    """The containers of the recorded host that the golden scrape is of."""
    found = {(ct.engine, ct.ctid) for ct in containers(Host(str(host("debian12-lxc"))))}
    monkeypatch.setattr(exporter, "seen_on", lambda target: set(found))


def server(
    metrics: str = LXC, status: int = 200, healthy: str = "ct0-exporter is healthy.\n200"
) -> Target:
    return scripted(
        {
            "command -v": "curl\npython3\n",
            "curl": f"{metrics}\n{status}",
            "cat ": f"1764091000\n1764090900\n{metrics}",
        }
    )


def problems(want: dict[str, Any], metrics: str = LXC, status: int = 200) -> list[str]:
    return list(exporter.judge(want, server(metrics, status)))


def test_exporter_that_is_well() -> None:
    assert problems({}) == []
    assert problems({"collectors": ["cpu", "memory", "host"]}) == []


def test_collector_that_failed() -> None:
    failed = LXC.replace('success{collector="memory"} 1.0', 'success{collector="memory"} 0.0')
    assert problems({}, failed) == [
        f"{URL}/metrics: collector memory failed: its metrics may be missing"
    ]


def test_collector_that_did_not_run() -> None:
    assert problems({"collectors": ["cpu", "sched_latency"]}) == [
        f"{URL}/metrics: collector sched_latency did not run:"
        " it is off, or has nothing to tell here"
    ]


def test_container_that_is_not_shown() -> None:
    lines = [
        line
        for line in LXC.splitlines(True)
        if not line.startswith("ct_info{") or "old1" not in line
    ]
    assert problems({}, "".join(lines)) == [f"{URL}/metrics: does not show lxc old1"]
    assert problems({"containers": False}, "".join(lines)) == []


def test_container_that_the_target_does_not_have() -> None:
    more = LXC + 'ct_info{engine="lxc",ctid="gone",name="",config="",cgroup=""} 1\n'
    assert problems({}, more) == [f"{URL}/metrics: shows lxc gone, which the target does not have"]


def test_container_that_came_between_the_two_questions_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([set[Any](), {("lxc", "old1"), ("lxc", "web1")}])
    monkeypatch.setattr(exporter, "seen_on", lambda target: next(answers))
    assert problems({}) == []


@pytest.mark.parametrize(
    ("metrics", "status", "line"),
    [
        ("Unauthorized", 401, f"{URL}/-/healthy: answers 401, should be 200: Unauthorized"),
        ("", 503, f"{URL}/metrics: answers 503, should be 200: "),
    ],
)
def test_answer_that_is_no_200(metrics: str, status: int, line: str) -> None:
    assert line in problems({}, metrics, status)


@pytest.mark.parametrize("metrics", [LXC[:-20], "<html>\n", "ct_info{ctid=\n", "a b c d e\n"])
def test_answer_that_is_no_metrics(metrics: str) -> None:
    (line,) = problems({}, metrics)
    assert line.endswith(": these are no metrics")


@pytest.mark.parametrize("metrics", ["", "up 1\n"])
def test_metrics_of_somebody_else(metrics: str) -> None:
    assert problems({"containers": False, "collectors": ["cpu"]}, metrics) == [
        f"{URL}/metrics: has no ct_scrape_collector_success: this is no exporter of ct0"
    ]


def test_exporter_that_does_not_run() -> None:
    said = Output(7, b"\n000", b"curl: (7) Failed to connect to 127.0.0.1 port 9955\n")
    target = scripted({"command -v": "curl\n", "curl": said})
    assert list(exporter.judge({}, target)) == [
        f"{URL}: no answer: curl: (7) Failed to connect to 127.0.0.1 port 9955"
    ]
    assert list(exporter.observe(target)) == []


def test_target_that_can_ask_nobody_is_not_judged() -> None:
    with pytest.raises(Unavailable, match="neither curl nor python3"):
        list(exporter.judge({}, scripted({"command -v": ""})))


def test_text_file() -> None:
    want = {"file": "/var/lib/ct0.prom", "age": 100}
    assert problems(want) == []
    assert problems({**want, "age": 99}) == [
        "/var/lib/ct0.prom: is 100 s old, should be 99 at most"
    ]


def test_text_file_that_is_not_there_or_not_read() -> None:
    gone = scripted({"cat ": Output(44, b"", b"")})
    assert list(exporter.judge({"file": "/x"}, gone)) == ["/x: there is no such file"]
    denied = scripted({"cat ": Output(1, b"1\n2\n", b"cat: /x: Permission denied\n")})
    with pytest.raises(Unavailable, match="Permission denied"):
        list(exporter.judge({"file": "/x"}, denied))


def test_password_that_is_not_there_is_the_users_to_repair(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match="password_file"):
        problems({"user": "x", "password_file": str(tmp_path / "none")})


class Web(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            return self.answer(302, b"", [("Location", "/metrics")])
        if self.headers.get("Authorization") != OPEN_SESAME:
            return self.answer(401, b"who?")
        return self.answer(200, LXC.encode())

    def answer(self, status: int, body: bytes, headers: list[tuple[str, str]] = []) -> None:  # noqa: B006
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Web) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
        httpd.shutdown()
        thread.join()


class Watched(Local):
    def __init__(self) -> None:
        self.commands: list[str] = []

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        self.commands.append(command)
        return super().run(command, stdin, timeout)


@pytest.mark.parametrize("tool", TOOLS.split())
def test_each_way_to_ask_keeps_the_password_off_command_lines(
    tool: str, web: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    way = Watched()
    target = Target(scripted({}).subject, way)
    target.once("scrape", lambda: [tool])
    (tmp_path / "wrong").write_text("wrong\n")
    (tmp_path / "password").write_text("se:cret \nsecond line\n")
    want = {"url": web, "user": 'prom"\\', "password_file": str(tmp_path / "password")}
    wrong = {**want, "password_file": str(tmp_path / "wrong")}
    assert list(exporter.judge(wrong, target)) == [
        f"{web}/-/healthy: answers 401, should be 200: who?",
        f"{web}/metrics: answers 401, should be 200: who?",
    ]
    way.commands.clear()
    assert list(exporter.judge(want, target)) == []
    assert len(way.commands) == 2
    assert "cret" not in "".join(way.commands)
    assert ask(target, Asked(f"{web}/moved")).status == 302
    assert ask(target, Asked("http://127.0.0.1:1/metrics")).trouble != ""


@pytest.mark.parametrize(
    "url", ["http://x/y", "ftp://x", "http://a b", "http://$(id)", "http://x;id"]
)
def test_urls_that_are_refused(url: str) -> None:
    schema = {"type": "object", "properties": exporter.SCHEMA}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"url": url}, schema)
    for good in ("https://node1.example:9955", "http://[::1]:9955/"):
        jsonschema.validate({"url": good}, schema)


def test_labels_with_everything_in_them() -> None:
    (found,) = parse_metrics('a{b="x\\"}, y=\\\\\\n",c="" , d="}"} +Inf 1764091000\n', "here")
    assert found == ("a", {"b": 'x"}, y=\\\n', "c": "", "d": "}"}, float("inf"))


@pytest.mark.parametrize(
    "said",
    [
        Output(0, b"", b""),
        Output(0, b"x\nyy", b""),
        Output(0, b"0", b""),
        Output(0, b"x\n000", b""),
        Output(0, b"x\n2000", b""),
        Output(1, b"x\n200", b""),
    ],
)
def test_answers_that_are_none(said: Output) -> None:
    assert marked(said).status == 0
    assert plain_answer(said).status == 0


def test_answer_of_http() -> None:
    said = Output(0, b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nup 1\n", b"")
    assert plain_answer(said) == Answer(200, "up 1\n")


@given(st.text() | st.lists(st.sampled_from([*'a{}",=\\ 1\n', "b"]), max_size=40).map("".join))
def test_any_text_is_metrics_or_refused(text: str) -> None:
    try:
        parse_metrics(text, "here")
    except Malformed:
        pass


@given(st.binary())
def test_any_answer_is_judged(text: bytes) -> None:
    for read in (marked, plain_answer):
        answer = read(Output(0, text, b""))
        assert answer.status > 0 or answer.trouble


@pytest.mark.parametrize("name", ["debian12-docker", "debian12-nspawn", "openvz6"])
def test_the_whole_of_a_golden_scrape_is_read(name: str, host: Callable[[str], Path]) -> None:
    samples = parse_metrics((GOLDEN / f"{name}.prom").read_text(), name)
    found = {(ct.engine, ct.ctid) for ct in containers(Host(str(host(name))))}
    assert exporter.shown_by(samples) == found


def test_what_is_observed_is_met() -> None:
    (want,) = exporter.observe(server())
    assert "memory" in want["collectors"]
    assert list(exporter.judge(want, server())) == []
