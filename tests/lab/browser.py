"""A headless Chromium, Debian's, and ct0-exporter for it to look at."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

ROOT = Path(__file__).parents[2]
# It shall talk to the exporter and to nobody else.
FLAGS = (
    "--headless",
    "--no-sandbox",  # root needs it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--proxy-server=direct://",
)
# Each text on the page that is seen: what it says, its colour, and what is painted below it.
TEXTS = """
const seen = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const said = walker.currentNode.data.trim();
  if (!said || !element.checkVisibility({ visibilityProperty: true })) continue;
  const grounds = [];
  for (let at = element; at; at = at.parentElement) {
    grounds.push(getComputedStyle(at).backgroundColor);
  }
  seen.push([said, getComputedStyle(element).color, grounds]);
}
return seen;
"""


class Browser:
    """One window."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        self.driver.get(address)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """Their texts at one moment: rows may be drawn anew between two questions."""
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)"
        found: list[str] = self.driver.execute_script(script, selector)
        return found

    def names(self) -> list[str]:
        return self.texts("#rows .name .title")

    def focused(self) -> str:
        """What a key goes to: `button memory`, `input q`."""
        script = """const e = document.activeElement;
            return `${e.localName} ${e.dataset.key ?? e.name ?? ''}`.trim()"""
        found: str = self.driver.execute_script(script)
        return found

    def complaints(self) -> list[str]:
        """What the browser's console says: errors, and what the policy held back."""
        log = self.driver.get_log("browser")  # type: ignore[no-untyped-call]
        return [f"{entry['level']}: {entry['message']}" for entry in log]

    def scheme(self, name: str) -> None:
        """`light` or `dark`, as the system would ask for it."""
        features = [
            {"name": "prefers-color-scheme", "value": name},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def window(self, width: int, height: int) -> None:
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def contrasts(self) -> list[tuple[float, str]]:
        """The contrast of each text seen, the worst first."""
        texts = self.driver.execute_script(TEXTS)
        return sorted((contrast(colour, grounds), said) for said, colour, grounds in texts)


@contextmanager
def browser(folder: Path, scripts: bool = True) -> Iterator[Browser]:
    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    if not scripts:
        choice = {"profile.managed_default_content_settings.javascript": 2}
        options.add_experimental_option("prefs", choice)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    options.binary_location = "/usr/bin/chromium"
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        window = Browser(driver)
        window.scheme("light")
        window.window(1440, 900)
        yield window
    finally:
        driver.quit()


class Served:
    """A ct0-exporter of the test's own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.address = ""
        self.said: list[str] = []
        self._ready = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        assert self._ready.wait(30), f"ct0-exporter does not serve: {self.said}"

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r"serving http on (\S+)", line):
                self.address = f"http://{found[1].rstrip(',')}/"
                self._ready.set()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@contextmanager
def exporter(root: str = "/", address: str = "127.0.0.1:0") -> Iterator[Served]:
    command = [sys.executable, "-m", "ct0_exporters", "--path.rootfs", root]
    paths = os.pathsep.join(str(ROOT / part) for part in ("core", "exporters"))
    process = subprocess.Popen(
        [*command, "--web.listen-address", address],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    )
    try:
        yield Served(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def eventually(what: str, good: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.1)


def contrast(colour: str, grounds: list[str]) -> float:
    """Of WCAG 2.2, 1.4.3: 1 to 21. The grounds, innermost first, end at the window's white."""
    ground: tuple[float, ...] = (255.0, 255.0, 255.0)
    for each in reversed(grounds):
        ground = over(each, ground)
    light, dark = sorted((luminance(over(colour, ground)), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def over(colour: str, ground: tuple[float, ...]) -> tuple[float, ...]:
    """`rgba(1, 2, 3, 0.5)` painted on a ground."""
    *rgb, alpha = [*map(float, re.findall(r"[\d.]+", colour)), 1.0][:4]
    return tuple(one * alpha + other * (1 - alpha) for one, other in zip(rgb, ground))


def luminance(rgb: tuple[float, ...]) -> float:
    parts = [each / 255 for each in rgb]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
