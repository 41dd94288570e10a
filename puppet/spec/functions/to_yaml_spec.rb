# frozen_string_literal: true

require 'spec_helper'
require 'yaml'

describe 'ct0::to_yaml' do
  it { is_expected.to run.with_params({ 'version' => 1, 'a' => [] }).and_return("version: 1\na: []\n") }

  # A text that another reader of YAML might take for a number, a day or a truth is in quotes.
  ['2:4', '1:', '0777', '1e3', '2026-12-31', 'yes', 'off', '~', 'null', '=', '<<', '- a', "a: b", "it's", '*', '%x', ''].each do |text|
    it "writes #{text.inspect} as a text" do
      said = subject.execute({ 'a' => text })
      expect(YAML.safe_load(said)).to eq('a' => text)
    end
  end

  it 'writes the same twice without an anchor' do
    same = %w[a b]
    expect(subject.execute({ 'x' => same, 'y' => same })).not_to include('&')
  end

  it { is_expected.to run.with_params('text').and_raise_error(ArgumentError) }
end
