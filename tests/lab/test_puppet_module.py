"""The Puppet module by Puppet's own tools, on Puppet 7 and on Puppet 8: parsed, linted, its specs.

The two are run side by side. The specs go through one system of each kind, and one of them through
all (spec/classes/every_os_spec.rb); EVERY_OS=yes has all of them go through all.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from .puppet_reference import REFERENCE, generated
from .puppet_tools import MODULE, TOOLS, Tools, tools
from .run import Run

SYSTEMS = 25
LEAST_EXAMPLES = 300
SPECS = ["rspec", "--format=json", "--out=/rspec.json", "--format=progress"]


class Checked:
    """Puppet's tools of one version, and its specs' run, which has begun."""

    def __init__(self, there: Tools, specs: Future[subprocess.CompletedProcess[str]]) -> None:
        self.there = there
        self.specs = specs

    def run(self, *argv: str) -> str:
        """What a command prints that must neither fail nor say anything to stderr."""
        done = self.there.run(argv)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def both(run: Run) -> Iterator[dict[str, Checked]]:
    """The tools of both versions; their specs run from now on."""
    every = os.environ.get("EVERY_OS", "no")
    with ThreadPoolExecutor(len(TOOLS)) as pool, ExitStack() as stack:
        found = {}
        for version in TOOLS:
            there = stack.enter_context(tools(run, version))
            done = pool.submit(there.run, SPECS, timeout=3600, EVERY_OS=every)
            found[version] = Checked(there, done)
        yield found


@pytest.fixture(params=TOOLS)
def puppet(request: pytest.FixtureRequest, both: dict[str, Checked]) -> Checked:
    """One of them."""
    return both[request.param]


def files(ending: str, *folders: str) -> list[str]:
    """Relative paths of the module's files, which there must be."""
    found = [path for folder in folders for path in (MODULE / folder).rglob(f"*{ending}")]
    assert found
    return sorted(str(path.relative_to(MODULE)) for path in found)


def test_every_manifest_and_template_parses(puppet: Checked) -> None:
    puppet.run("puppet", "parser", "validate", *files(".pp", "manifests", "types"))
    puppet.run("puppet", "epp", "validate", *files(".epp", "templates"))


def test_lint_has_nothing_to_say(puppet: Checked) -> None:
    said = puppet.run("puppet-lint", "--fail-on-warnings", "manifests", "types")
    assert said == ""


def test_every_ruby_file_parses_without_a_warning(puppet: Checked) -> None:
    paths = [path for path in files(".rb", "lib", "spec") if "/fixtures/" not in path]
    # `ruby -c` looks at the first of several names only.
    said = puppet.run("sh", "-c", 'for path; do ruby -wc "$path" || exit; done', "sh", *paths)
    assert said == "Syntax OK\n" * len(paths)


def test_every_class_define_type_function_and_fact_has_a_spec() -> None:
    missing = []
    for folder, specs in (("manifests", "classes"), ("types", "type_aliases")):
        for path in (MODULE / folder).rglob("*.pp"):
            name = str(path.relative_to(MODULE / folder).with_suffix(""))
            text = path.read_text(encoding="utf-8")
            kind = "defines" if re.search(r"^define ", text, re.MULTILINE) else specs
            private = "@api private" in text
            spec = MODULE / "spec" / kind / f"{'ct0' if name == 'init' else name}_spec.rb"
            if not private and not spec.exists():
                missing.append(str(spec.relative_to(MODULE)))
    for path in (MODULE / "lib/facter").glob("*.rb"):
        spec = MODULE / "spec/unit/facter" / f"{path.stem}_spec.rb"
        if not spec.exists():
            missing.append(str(spec.relative_to(MODULE)))
    assert missing == []


def test_the_specs_pass_on_every_system(puppet: Checked) -> None:
    done = puppet.specs.result()
    said = done.stdout[-8000:] + done.stderr[-2000:]
    assert done.returncode in (0, 1), f"rspec: exit {done.returncode}: {said}"
    found: dict[str, Any] = json.loads((puppet.there.root / "rspec.json").read_text("utf-8"))
    examples = found["examples"]
    failed = [each["full_description"] for each in examples if each["status"] == "failed"]
    assert (done.returncode, failed) == (0, []), said
    assert not [each["full_description"] for each in examples if each["status"] == "pending"]
    assert len(examples) > LEAST_EXAMPLES
    names = {each["full_description"] for each in examples}
    on = {
        name.removeprefix("ct0 with everything on ").removesuffix(" has every class and define")
        for name in names
        if name.startswith("ct0 with everything on ") and name.endswith("every class and define")
    }
    assert len(on) == SYSTEMS
    assert on == systems(metadata())


def test_reference_is_what_the_files_say(both: dict[str, Checked]) -> None:
    """Puppet 8's puppet-strings is the one that counts."""
    assert REFERENCE.read_text(encoding="utf-8") == generated(both["8"].there), (
        "puppet/REFERENCE.md is not current: python -m tests.lab.puppet_reference renews it"
    )


def metadata() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MODULE / "metadata.json").read_text(encoding="utf-8"))
    return found


def systems(data: dict[str, Any]) -> set[str]:
    return {
        f"{each['operatingsystem']} {release}"
        for each in data["operatingsystem_support"]
        for release in each["operatingsystemrelease"]
    }


def test_metadata_is_what_the_forge_takes() -> None:
    data = metadata()
    keys = {
        "name", "version", "author", "summary", "license", "source", "project_page", "issues_url",
        "tags", "dependencies", "operatingsystem_support", "requirements",
    }  # fmt: skip
    assert set(data) == keys
    assert re.fullmatch(r"[a-z0-9]+-[a-z][a-z0-9_]*", data["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", data["version"])
    assert data["license"] == "Apache-2.0"  # SPDX
    assert len(data["summary"]) <= 144
    for each in (*data["dependencies"], *data["requirements"]):
        # Open at the top it would promise what nobody has tried.
        closed = r">= \d+\.\d+\.\d+ < \d+\.0\.0"
        assert re.fullmatch(closed, each["version_requirement"]), each
    assert [each["name"] for each in data["dependencies"]] == ["puppetlabs/stdlib"]
    assert {each["name"]: each["version_requirement"] for each in data["requirements"]} == {
        "puppet": ">= 7.0.0 < 9.0.0",
        "openvox": ">= 8.0.0 < 10.0.0",
    }
    assert len(systems(data)) == SYSTEMS


def test_the_module_has_ct0s_version() -> None:
    from ct0 import __version__

    assert metadata()["version"] == __version__
