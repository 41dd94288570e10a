"""A real Prometheus on the loopback that scrapes the real exporter every second or two."""

from __future__ import annotations

import json
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from .command import LabError, wait_for
from .run import Run
from .service import service

RULES = Path(__file__).parents[2] / "exporters/prometheus"


def configuration(scraped: int, discovered: int, every: int) -> dict[str, Any]:
    """The shipped one with our addresses in it, and faster; the containers found are not scraped
    within an hour."""
    shipped = yaml.safe_load((RULES / "scrape-config.yaml").read_text(encoding="utf-8"))
    hosts, cts = shipped["scrape_configs"]
    hosts |= {"scrape_interval": f"{every}s", "scrape_timeout": f"{every}s"}
    hosts["static_configs"] = [{"targets": [f"127.0.0.1:{scraped}"]}]
    url = urllib.parse.urlparse(cts["http_sd_configs"][0]["url"])
    found = url._replace(netloc=f"127.0.0.1:{discovered}").geturl()
    cts["http_sd_configs"] = [{"url": found, "refresh_interval": "1s"}]
    cts["scrape_interval"] = "1h"
    return {
        "global": {"evaluation_interval": "1s"},
        "rule_files": [f"{RULES}/ct0-*.yaml"],
        "scrape_configs": [hosts, cts],
    }


class Prometheus:
    """Asks the running server, which scrapes every so many seconds; every answer is PromQL's."""

    def __init__(self, url: str, every: int) -> None:
        self.url = url
        self.every = every

    def get(self, path: str, **query: str) -> Any:
        url = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise LabError(f"{query}: {json.load(error)['error']}") from error

    def query(self, expression: str, at: float | None = None) -> list[dict[str, Any]]:
        """An instant vector, or a matrix for a range: as the API gives it."""
        when = {} if at is None else {"time": f"{at:.3f}"}
        result: list[dict[str, Any]] = self.get("/api/v1/query", query=expression, **when)["result"]
        return result

    def value(self, expression: str, at: float | None = None) -> float:
        """The value of the one series there is."""
        found = self.query(expression, at)
        if len(found) != 1:
            raise LabError(f"{expression}: {len(found)} series: {[x['metric'] for x in found]}")
        return float(found[0]["value"][1])

    def values(self, expression: str, at: float | None = None) -> list[float]:
        return [float(each["value"][1]) for each in self.query(expression, at)]

    def now(self) -> float:
        """The time of a scrape that succeeded and has seen everything that happened until now."""
        called = time.time()
        seen: list[float] = []

        def scraped() -> bool:
            for series in self.query(f'up{{job="ct0"}}[{self.every * 5}s]'):
                # A scrape's time is that of its beginning.
                good = (moment for moment, value in series["values"] if value == "1")
                seen.extend(moment for moment in good if moment > called)
            return bool(seen)

        wait_for("a scrape", scraped, 180)
        return seen[0]


@contextmanager
def exporter(run: Run, root: str = "/") -> Iterator[int]:
    """ct0-exporter on the real host, or on a recorded one; yields its port on the loopback."""
    port = free_port()
    command = [sys.executable, "-m", "ct0_exporters", f"--web.listen-address=127.0.0.1:{port}"]
    command.append(f"--path.rootfs={root}")
    log = run.folder / f"exporter-{port}.log"
    with service(command, log, lambda: answers(f"http://127.0.0.1:{port}/-/ready")):
        yield port


@contextmanager
def prometheus(run: Run, scraped: int, discovered: int, every: int = 1) -> Iterator[Prometheus]:
    """The server with the shipped rules, its data in the run's folder."""
    config = configuration(scraped, discovered, every)
    with serving(run, f"prometheus-{scraped}", config, every) as server:
        wait_for("a first scrape", lambda: bool(server.query('up{job="ct0"} == 1')))
        yield server


@contextmanager
def serving(run: Run, name: str, config: dict[str, Any], every: int = 1) -> Iterator[Prometheus]:
    """The server with any configuration, as soon as it answers."""
    folder = run.folder / name
    folder.mkdir()
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    url = f"127.0.0.1:{free_port()}"
    command = ["prometheus", f"--config.file={path}", f"--web.listen-address={url}"]
    command += [f"--storage.tsdb.path={folder}/data", "--log.level=warn"]
    with service(command, folder / "log", lambda: answers(f"http://{url}/-/ready")):
        yield Prometheus(f"http://{url}", every)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
