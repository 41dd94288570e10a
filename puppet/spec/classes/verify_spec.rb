# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'
require 'yaml'

# The class is ct0's; its parameters come from Hiera.
describe 'ct0' do
  program = '/usr/lib/ct0/ct0-verify-run'
  expected = '/etc/ct0/expectations.d/puppet.yaml'

  def document(path)
    YAML.safe_load(catalogue.resource('file', path)[:content])
  end

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }
      let(:params) { { features: %w[verify] } }

      it 'has all of it' do
        is_expected.to compile.with_all_deps
        is_expected.to contain_file('/etc/ct0/expectations.d').with_ensure('directory')
        is_expected.to contain_file(expected).with_validate_cmd('/usr/bin/ct0 verify check %').with_mode('0600')
        expect(document(expected)).to eq('version' => 1)
        is_expected.to contain_file('/etc/ct0/waivers.yaml').with_ensure('absent')
        is_expected.to contain_file('/etc/ct0/inventory.yaml').with_ensure('absent')
        is_expected.to contain_service('ct0-verify.timer').with_ensure('running')
        is_expected.to contain_ct0__unit('ct0-verify.service').with_content(/^SuccessExitStatus=1 2$/).with_content(/^TimeoutStartSec=900$/)
        is_expected.to contain_file(program)
          .with_content(%r{^'/usr/bin/ct0' verify "\$@" --nagios --jsonl \.results\.jsonl\.new \\\n    '--jobs=8' \\\n    'ct://' >\.lines\.new$})
      end
    end
  end

  # That it compiles on every system, ct0_spec.rb sees. The features make it a catalogue that no other spec has: one that
  # rspec-puppet keeps has the providers of the system before.
  on_each_family do |os, facts|
    context "absent on #{os}" do
      let(:facts) { facts }
      let(:params) { { ensure: 'absent', features: %w[verify] } }

      it 'has all of it' do
        is_expected.to compile.with_all_deps
        is_expected.to contain_file(expected).with_ensure('absent').that_comes_before('Exec[ct0 rmdir /etc/ct0/expectations.d]')
        is_expected.to contain_file(program).with_ensure('absent')
        is_expected.to contain_file('/var/lib/ct0/verify').with_ensure('absent')
        is_expected.to contain_service('ct0-verify.timer').with_ensure('stopped')
      end
    end
  end

  every_os.slice('Debian 12').each_value do |facts|
    let(:facts) { facts }
    let(:params) { { features: %w[verify] } }

    context 'with expectations, waivers and reports' do
      let(:params) { { features: %w[verify checks], install_method: 'pip', version: '0.1.0' } }
      let(:given) do
        { 'services' => [{ 'id' => 'cron', 'name' => 'cron', 'enabled' => true }],
          'processes' => [{ 'id' => 'few', 'name' => 'sshd', 'count' => '2:4', 'within' => 30, 'for' => { 'ct' => %w[a b] } }] }
      end
      let(:waiver) { { 'id' => 'few', 'owner' => 'ops@example.com', 'reason' => 'no', 'expires' => '2026-12-31' } }
      let(:hiera_config) do
        hiera(
          'ct0::verify::expectations' => given, 'ct0::verify::waivers' => [waiver], 'ct0::checks::nrpe' => true,
          'ct0::verify::prometheus' => '/srv/ct0.prom', 'ct0::verify::html' => '/srv/ct0.html', 'ct0::verify::interval' => '15min'
        )
      end

      it { is_expected.to compile.with_all_deps }
      it { expect(document(expected)).to eq({ 'version' => 1 }.merge(given)) }
      it { expect(document('/etc/ct0/waivers.yaml')).to eq('version' => 1, 'waivers' => [waiver]) }
      it { is_expected.to contain_file(expected).with_validate_cmd('/opt/ct0/current/bin/ct0 verify check %') }
      it { is_expected.to contain_file('/etc/ct0/waivers.yaml').with_validate_cmd('/opt/ct0/current/bin/ct0 verify check --waivers %') }

      %w[--waivers=/etc/ct0/waivers.yaml --prometheus=/srv/ct0.prom --html=/srv/ct0.html].each do |option|
        it { is_expected.to contain_file(program).with_content(/^    '#{option}' \\$/) }
      end

      it {
        is_expected.to contain_ct0__nrpe_command('ct0_verify').with_ensure('present')
          .with_command('/usr/lib/ct0/ct0-last-run /var/lib/ct0/verify/last-run 2700')
      }

      context 'absent' do
        let(:params) { { ensure: 'absent' } }

        it { is_expected.to contain_file('/srv/ct0.prom').with_ensure('absent') }
      end
    end

    context 'of other nodes' do
      let(:nodes) { ['root@node1.example', { 'host' => 'node2.example', 'user' => 'verify', 'sudo' => true }] }
      let(:hiera_config) do
        hiera('ct0::verify::inventory' => nodes, 'ct0::verify::targets' => ['ct+ssh://root@node3?container=web*'], 'ct0::verify::check' => false)
      end

      it { expect(document('/etc/ct0/inventory.yaml')).to eq('version' => 1, 'nodes' => nodes) }
      it { is_expected.to contain_file(expected).without_validate_cmd }
      it { is_expected.to contain_file(program).with_content(%r{^    '--inventory=/etc/ct0/inventory\.yaml' \\$}) }
      it { is_expected.to contain_file(program).with_content(%r{^    'ct\+ssh://root@node3\?container=web\*' >}) }
    end

    context 'in a container' do
      let(:facts) { facts.merge(ct0_host: ct0_host('ct')) }

      it { is_expected.to contain_file(program).with_content(%r{^    'local://' >}) }
    end

    context 'only when somebody asks' do
      let(:hiera_config) { hiera('ct0::verify::timer' => false) }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_file(expected).with_ensure('file') }
      it { is_expected.to contain_service('ct0-verify.timer').with_ensure('stopped') }
    end

    {
      { 'services' => [{ 'name' => 'cron' }] } => /id : letters/,
      { 'services' => [{ 'id' => 'a b' }] } => /id a b: letters/,
      { 'services' => [{ 'id' => 'a' }], 'state' => [{ 'id' => 'a' }] } => /two have the same id/,
      { 'service' => [{ 'id' => 'a' }] } => /parameter 'expectations'/,
      { 'services' => { 'id' => 'a' } } => /parameter 'expectations'/
    }.each do |value, message|
      context "with expectations #{value}" do
        let(:hiera_config) { hiera('ct0::verify::expectations' => value) }

        it { is_expected.to compile.and_raise_error(message) }
      end
    end

    { 'waivers' => [{ 'id' => 'a' }], 'targets' => ["local://' ; reboot"], 'prometheus' => '/srv/x.txt', 'interval' => '5',
      'html' => 'page.html', 'jobs' => 0 }.each do |name, value|
      context "with #{name} #{value.inspect}" do
        let(:hiera_config) { hiera("ct0::verify::#{name}" => value) }

        it { is_expected.to compile.and_raise_error(/parameter '#{name}'/) }
      end
    end
  end
end
