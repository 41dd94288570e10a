"""Every example of docs/puppet.md compiles, by Puppet 7 and by Puppet 8."""

from __future__ import annotations

import json

import pytest

from puppet_docs import examples, patterns

from .puppet_tools import tools
from .run import Run

SPEC = """\
# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'

describe 'said', type: :define do
  JSON.parse(File.read(File.join(__dir__, 'examples.json'))).each do |line, manifest, data|
    context "line #{line}" do
      let(:title) { 'said' }
      let(:facts) { every_os.fetch(data.include?('iptables') ? 'Debian 13' : 'Rocky 9') }
      let(:hiera_config) { hiera(YAML.safe_load(data) || {}) }
      let(:pre_condition) { "#{manifest}\\ndefine said { }" }

      it { is_expected.to compile.with_all_deps }
    end
  end
end
"""


@pytest.mark.parametrize("version", ["7", "8"])
def test_the_examples_compile(run: Run, version: str) -> None:
    found = [list(example) for example in examples()]
    assert len(found) > 15
    with tools(run, version) as there:
        folder = there.root / "module/spec/defines"
        (folder / "examples.json").write_text(json.dumps(found), encoding="utf-8")
        (folder / "examples_spec.rb").write_text(SPEC, encoding="utf-8")
        done = there.run(["rspec", "spec/defines/examples_spec.rb"], COVERAGE="no")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(found)} examples, 0 failures" in done.stdout


def test_the_table_of_files_has_every_feature() -> None:
    features = {"all", "any", "shims", "exporter", "checks", "audit", "verify", "firewall"}
    assert set(patterns()) == features
