# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'

# The class is ct0's; its parameters come from Hiera.
describe 'ct0' do
  waivers = '/etc/ct0/audit-waivers'
  program = '/usr/lib/ct0/ct0-audit-run'

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }
      let(:params) { { features: %w[checks audit] } }

      it 'has all of it' do
        is_expected.to compile.with_all_deps
        is_expected.to contain_file(waivers).with_ensure('absent')
        is_expected.to contain_file('/var/lib/ct0/audit').with_ensure('directory')
        is_expected.to contain_file(program).with_mode('0755')
          .with_content(%r{^    '/usr/bin/ct0' audit --quiet --format "\$report" '--fail-on=kill' >})
          .with_content(%r{'/usr/lib/ct0/plugins/check_ct0_audit' '--critical-on=kill' '--warning-on=miscount' '--timeout=300'\)})
        is_expected.to contain_ct0__unit('ct0-audit.service')
          .with_content(%r{^ExecStart=/usr/lib/ct0/ct0-audit-run$})
          .with_content(/^SuccessExitStatus=1 3$/).with_content(/^ProtectSystem=strict$/)
        is_expected.to contain_ct0__unit('ct0-audit.timer').with_content(/^OnUnitActiveSec=6h$/)
        is_expected.to contain_service('ct0-audit.timer').with_ensure('running').with_enable(true)
        is_expected.to contain_ct0__nrpe_command('ct0_audit').with_ensure('absent')
      end
    end
  end

  # That it compiles on every system, ct0_spec.rb sees. The features make it a catalogue that no other spec has: one that
  # rspec-puppet keeps has the providers of the system before.
  on_each_family do |os, facts|
    context "absent on #{os}" do
      let(:facts) { facts }
      let(:params) { { ensure: 'absent', features: %w[audit] } }

      it 'has all of it' do
        is_expected.to compile.with_all_deps
        is_expected.to contain_service('ct0-audit.timer').with_ensure('stopped').with_enable(false)
        is_expected.to contain_exec('systemctl stop ct0-audit.service').that_requires('Service[ct0-audit.timer]')
        is_expected.to contain_file('/var/lib/ct0/audit').with_ensure('absent').with_force(true)
        is_expected.to contain_file(program).with_ensure('absent')
        is_expected.to contain_file(waivers).with_ensure('absent')
        is_expected.to contain_file('/usr/lib/ct0/ct0-last-run').with_ensure('absent')
        is_expected.to contain_exec('ct0 audit forget').with_onlyif('test -d /var/cache/ct0/audit')
        is_expected.to contain_ct0__nrpe_command('ct0_audit').with_ensure('absent')
      end
    end
  end

  every_os.slice('Debian 12').each_value do |facts|
    let(:facts) { facts }
    let(:params) { { features: %w[audit] } }

    context 'with waivers, kinds and NRPE' do
      let(:params) { { features: %w[audit checks] } }
      let(:hiera_config) do
        hiera(
          'ct0::audit::waivers' => [
            { 'rule' => 'CT005', 'path' => '/etc/logrotate.d/*', 'until' => '2027-03-31', 'reason' => 'only a reload; 4711' },
            { 'rule' => '*', 'path' => '/usr/lib/ocf/*', 'until' => '2026-12-31', 'reason' => 'no pacemaker here' },
          ],
          'ct0::audit::only' => ['init', 'rpm scriptlet'], 'ct0::audit::all' => true, 'ct0::audit::interval' => '30min',
          'ct0::audit::fail_on' => 'block', 'ct0::checks::nrpe' => true
        )
      end

      it { is_expected.to compile.with_all_deps }

      it 'has each of them on a line of its own' do
        is_expected.to contain_file(waivers).with_content(
          "# Managed by Puppet, class ct0::audit.\n# rule path until reason\n" \
          "CT005 /etc/logrotate.d/* 2027-03-31 only a reload; 4711\n* /usr/lib/ocf/* 2026-12-31 no pacemaker here\n"
        )
      end

      it { is_expected.to contain_file(program).with_content(/ '--only=init' '--only=rpm scriptlet' '--fail-on=block' '--all' >/) }

      it {
        is_expected.to contain_ct0__nrpe_command('ct0_audit').with_ensure('present')
          .with_command('/usr/lib/ct0/ct0-last-run /var/lib/ct0/audit/last-run 4500')
      }
    end

    context 'without systemd' do
      let(:facts) { facts.merge(ct0_host: ct0_host('lxc').merge('init' => 'sysvinit')) }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_file('/etc/cron.d/ct0-audit').with_content(%r{^\d+ \*/6 \* \* \* root #{program} >/dev/null 2>&1$}) }
      it { is_expected.not_to contain_service('ct0-audit.timer') }

      { '20min' => %r{^\*/20 \* \* \* \* root}, '1d' => /^\d+ \d+ \* \* \* root/ }.each do |interval, line|
        context "every #{interval}" do
          let(:hiera_config) { hiera('ct0::audit::interval' => interval) }

          it { is_expected.to contain_file('/etc/cron.d/ct0-audit').with_content(line) }
        end
      end

      context 'absent' do
        let(:params) { { ensure: 'absent' } }

        it { is_expected.to contain_file('/etc/cron.d/ct0-audit').with_ensure('absent') }
        it { is_expected.not_to contain_service('ct0-audit.timer') }
      end
    end

    {
      'waivers' => [
        [{ 'rule' => 'CT999', 'path' => '/x', 'until' => '2027-03-31', 'reason' => 'x' }],
        [{ 'rule' => 'CT001', 'path' => '/x y', 'until' => '2027-03-31', 'reason' => 'x' }],
        [{ 'rule' => 'CT001', 'path' => '/x', 'until' => '31.3.2027', 'reason' => 'x' }],
        [{ 'rule' => 'CT001', 'path' => '/x', 'until' => '2027-03-31', 'reason' => "x\n* /* 2099-01-01 all" }],
        [{ 'rule' => 'CT001', 'path' => '/x', 'until' => '2027-03-31' }],
      ],
      'only' => [["init' || reboot '"]], 'interval' => %w[90min 1w], 'fail_on' => ['never']
    }.each do |name, values|
      values.each do |value|
        context "with #{name} #{value.inspect}" do
          let(:hiera_config) { hiera("ct0::audit::#{name}" => value) }

          it { is_expected.to compile.and_raise_error(/parameter '#{name}'/) }
        end
      end
    end

    context 'by itself' do
      let(:pre_condition) { 'include ct0::audit' }

      it { is_expected.to compile.and_raise_error(/include ct0, with 'audit' among ct0::features/) }
    end
  end
end
