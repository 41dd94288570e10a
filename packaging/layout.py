"""What lies where in the packages: writes each one's files below a folder of its own.

    python3 packaging/layout.py [--site DIR] [--units DIR] [--wheels FOLDER] OUT

    OUT/ct0/usr/bin/ct0, OUT/ct0/usr/lib/python3/dist-packages/ct0/..., OUT/ct0-checks/...

Commands and pytest's plugin are pyproject.toml's entry points; who has which file is said here and
nowhere else.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from entry_points import ROOT, entry_points, release

SITE = "/usr/lib/python3/dist-packages"
UNITS = "/lib/systemd/system"
PLUGINS = "/usr/lib/ct0/plugins"
VENDOR = "/usr/lib/ct0/vendor"

# Python package -> the folder it is in, and the package that has it.
PARTS = {
    "ct0": ("core", "ct0"),
    "ct0_shims": ("shims", "ct0"),
    "ct0_exporters": ("exporters", "ct0-exporter"),
    "ct0_checks": ("checks", "ct0-checks"),
    "ct0_audit": ("audit", "ct0-audit"),
    "ct0_suites": ("tests/infra", "ct0-suites"),
}

# Patterns in the sources -> the package, and the folder there; {units} is asked for.
FILES = (
    ("checks/ct0-read", "ct0-checks", "/usr/lib/ct0"),
    ("checks/systemd/ct0-*", "ct0-checks", "{units}"),
    ("checks/systemd/*.conf", "ct0-checks", "{examples}/ct0-state.service.d"),
    ("checks/sudoers/ct0", "ct0-checks", "{examples}/sudoers"),
    ("checks/nagios/*", "ct0-checks", "{examples}/nagios"),
    ("checks/nrpe/*", "ct0-checks", "{examples}/nrpe"),
    ("checks/icinga2/*", "ct0-checks", "{examples}/icinga2"),
    ("checks/director/*", "ct0-checks", "{examples}/director"),
    ("checks/checkmk/*", "ct0-checks", "{examples}/checkmk"),
    ("exporters/systemd/ct0-*", "ct0-exporter", "{units}"),
    ("exporters/systemd/*.conf", "ct0-exporter", "{examples}/ct0-exporter.service.d"),
    ("exporters/prometheus/*.yaml", "ct0-exporter", "{examples}/prometheus"),
    ("exporters/grafana/*.json", "ct0-exporter", "{examples}/grafana"),
    ("docs/suites/*.example.yaml", "ct0-suites", "{examples}"),
    ("docs/suites/*.schema.json", "ct0-suites", "{examples}"),
    ("docs/architecture.md", "ct0", "{docs}"),
    ("docs/shims.md", "ct0-shims", "{docs}"),
    ("docs/differences.md", "ct0-shims", "{docs}"),
    ("docs/checks/*.md", "ct0-checks", "{docs}"),
    ("docs/exporter.md", "ct0-exporter", "{docs}"),
    ("docs/metrics.md", "ct0-exporter", "{docs}"),
    ("docs/monitoring-with-prometheus.md", "ct0-exporter", "{docs}"),
    ("docs/audit.md", "ct0-audit", "{docs}"),
    ("docs/audit/*.md", "ct0-audit", "{docs}/rules"),
    ("docs/suites*.md", "ct0-suites", "{docs}"),
)

# -I: what a caller's environment or folder holds is not run with root's rights.
SCRIPT = """\
#!/usr/bin/python3 -I
import sys

from {module} import {function}

sys.exit({function}())
"""

WHEEL_TAG = re.compile(r"^[^-]+-[^-]+-cp3(\d+)-(cp3\d+|abi3)-")
OLDEST = 9  # of Python 3: a tree-sitter that still serves it serves none of the later ones


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    entries = entry_points()
    python_packages(options.out, options.site)
    scripts(options.out, entries)
    dist_info(options.out, options.site, entries)
    files(options.out, options.units)
    pages(options.out)
    if options.wheels is not None:
        vendor(options.out / "ct0-audit" / VENDOR[1:], options.wheels)
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="layout.py", description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--site", default=SITE, help="where Python packages go (%(default)s)")
    parser.add_argument("--units", default=UNITS, help="where systemd's units go (%(default)s)")
    parser.add_argument(
        "--wheels", type=Path, help="a folder with tree-sitter's wheels, unpacked into ct0-audit"
    )
    return parser


def owner(goal: str) -> str:
    """The package that has a module: "ct0_audit.nagios:main" -> "ct0-audit"."""
    return PARTS[goal.partition(":")[0].partition(".")[0]][1]


def python_packages(out: Path, site: str) -> None:
    for name, (folder, package) in PARTS.items():
        target = out / package / site[1:] / name
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(ROOT / folder / name, target, ignore=ignored, dirs_exist_ok=True)
        for path in target.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


def scripts(out: Path, entries: dict[str, dict[str, str]]) -> None:
    for name, goal in entries["console_scripts"].items():
        if name == "ct0-read":
            continue  # checks/ct0-read, which says more
        module, _, function = goal.partition(":")
        folder = PLUGINS if name.startswith("check_") else "/usr/bin"
        text = SCRIPT.format(module=module, function=function)
        write(out / owner(goal) / folder[1:] / name, text, 0o755)


def dist_info(out: Path, site: str, entries: dict[str, dict[str, str]]) -> None:
    """What importlib.metadata reads. Each package names its own entry points alone: pytest fails
    on a plugin that is not there. What they need is the package manager's to know, not pip's."""
    groups: dict[str, dict[str, list[str]]] = {"ct0": {}}
    for group, names in entries.items():
        for name, goal in names.items():
            lines = groups.setdefault(owner(goal), {}).setdefault(group, [])
            lines.append(f"{name} = {goal}")
    for package, own in groups.items():
        folder = f"{package.replace('-', '_')}-{release()}.dist-info"
        place = out / package / site[1:] / folder
        metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {release()}\n"
        write(place / "METADATA", metadata + "Requires-Python: >=3.9\n")
        blocks = ["\n".join([f"[{group}]", *lines]) for group, lines in own.items()]
        write(place / "entry_points.txt", "\n\n".join(blocks) + "\n")


def files(out: Path, units: str) -> None:
    for pattern, package, place in FILES:
        docs = f"/usr/share/doc/{package}"
        folder = place.format(units=units, docs=docs, examples=f"{docs}/examples")
        found = [path for path in sorted(ROOT.glob(pattern)) if path.is_file()]
        if not found:
            raise SystemExit(f"{pattern}: no such file, and {package} shall have it")
        for path in found:
            mode = 0o755 if path.read_bytes().startswith(b"#!") else 0o644
            write(out / package / folder[1:] / path.name, path.read_bytes(), mode)


def pages(out: Path) -> None:
    """Manual pages and completion: who has which, the programs that make them say."""
    path = os.pathsep.join(str(ROOT / folder) for folder, _ in PARTS.values())
    environment = {**os.environ, "PYTHONPATH": path}
    for script, place in (
        ("man.py", "/usr/share/man"),
        ("completion.py", "/usr/share/bash-completion/completions"),
    ):
        words = [sys.executable, str(ROOT / "packaging" / script)]
        listed = subprocess.run(
            [*words, "--list"], check=True, env=environment, stdout=subprocess.PIPE, text=True
        )
        with TemporaryDirectory() as made:
            subprocess.run([*words, made], check=True, env=environment)
            for line in listed.stdout.splitlines():
                package, name = line.split("\t")
                write(out / package / place[1:] / name, Path(made, name).read_bytes())


def vendor(target: Path, wheels: Path) -> None:
    """tree-sitter for every CPython 3 there is a wheel of: Debian has none that is new enough.

    python3.9/ has what still served that one, python3/ a binary for each later version, side by
    side: their names differ.
    """
    found = sorted(wheels.glob("*.whl"))
    if not found:
        raise SystemExit(f"{wheels}: no wheels there; see packaging/wheels.txt")
    for wheel in found:
        tag = WHEEL_TAG.match(wheel.name)
        if tag is None:
            raise SystemExit(f"{wheel}: no wheel of a CPython 3")
        place = target / ("python3.9" if int(tag[1]) <= OLDEST else "python3")
        for name, data in unpacked(wheel):
            write(place / name, data)


def unpacked(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """What runs: no types, no C source, and no record of a pip that was not there."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith((".py", ".so", ".scm")) and ".dist-info/" not in name:
                yield name, archive.read(name)


def write(path: Path, data: str | bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    path.chmod(mode)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
