# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'

# Every class, define and type of the module on every system, one catalog each.
describe 'ct0' do
  module_root = File.expand_path('../..', __dir__)
  names = lambda do |kind|
    files = Dir.glob(File.join(module_root, 'manifests/**/*.pp'))
    files.map { |file| File.read(file)[/^#{kind} ([a-z0-9_:]+)/, 1] }.compact.sort
  end

  # Ways of installing exclude each other, and one takes off what the others laid out.
  others = %w[ct0::install::current ct0::install::none ct0::install::pip ct0::install::unlinked ct0::install::zipapp]

  let(:params) { { features: %w[shims exporter checks audit verify firewall service_guard] } }
  let(:pre_condition) { "class { 'ct0::server': prometheus => true, nagios => true, icinga2 => true }" }
  let(:post_condition) do
    <<-PUPPET
      ct0::nagios_host { 'alpha': address => '192.0.2.1' }
      ct0::icinga2_host { 'alpha': address => '192.0.2.1' }
      ct0::nagios_service { 'raid on alpha': host => 'alpha', command => 'raid' }
      ct0::scrape_job { 'alpha': targets => ['alpha:9955'] }
      ct0::nrpe_command { 'raid': command => '/usr/local/bin/check_raid' }
      ct0::expected { 'cron': expectations => { 'services' => [{ 'id' => 'cron', 'name' => 'cron' }] } }
    PUPPET
  end
  let(:hiera_config) do
    hiera(
      'ct0::shims::divert' => ['pidof'], 'ct0::shims::settings' => { 'hostpid' => true }, 'ct0::checks::nrpe' => true,
      'ct0::exporter::textfile' => true, 'ct0::firewall::policy' => { 'inet filter input' => 'drop' }
    )
  end

  on_every_os(always: true) do |os, facts|
    context "with everything on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }

      it 'has every class and define' do
        found = catalogue.resources.map(&:type).uniq.map(&:downcase)
        classes = catalogue.classes
        expect(names.call('class') - classes - others).to eq([])
        expect(names.call('define') - found).to eq([])
      end
    end
  end
end
