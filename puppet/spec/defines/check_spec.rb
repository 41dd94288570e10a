# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'

describe 'ct0::check' do
  let(:title) { 'odd' }
  let(:params) { { plugin: 'check_ct_disk' } }
  let(:pre_condition) { "class { 'ct0': features => ['checks'] }" }
  let(:hiera_config) { hiera('ct0::checks::nrpe' => true) }

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_ct0__nrpe_command('odd').with_ensure('present').with_command('/usr/lib/ct0/plugins/check_ct_disk') }
    end
  end

  context 'on Debian 12' do
    let(:facts) { every_os['Debian 12'] }

    {
      { '-w' => 80, '--ct' => 'db1' } => '-w 80 --ct=db1',
      { '-k' => true, '-v' => false } => '-k',
      { '--ct' => %w[a b], '-e' => ['lxc', 'docker'] } => '--ct=a --ct=b -e lxc -e docker',
      { '--include' => 'a b|c*', '-w' => '@1:2' } => "'--include=a b|c*' -w @1:2",
      { '--include' => 'web\\x2e' } => "'--include=web\\x2e'",
      { '-w' => '~:5', '--ct' => '' } => "-w '~:5' --ct=",
      ['-w', '80', '--include', 'a b'] => "-w 80 --include 'a b'",
      ['', '-w'] => "'' -w",
    }.each do |options, words|
      context "with #{options}" do
        let(:params) { super().merge(options: options) }

        it { is_expected.to contain_ct0__nrpe_command('odd').with_command("/usr/lib/ct0/plugins/check_ct_disk #{words}") }
      end
    end

    [{ '--include' => "a'b" }, { '--include' => '$(reboot)' }, { '-w' => "80\ncommand[x]=/bin/sh" }, { '--include' => 'a;b' }, ['`id`'], { 'w' => 1 }].each do |options|
      context "with #{options}" do
        let(:params) { super().merge(options: options) }

        it { is_expected.to compile.and_raise_error(/parameter 'options'/) }
      end
    end

    context 'with a name that is none' do
      let(:title) { "a\nb" }

      it { is_expected.to compile.and_raise_error(/Ct0::Command_name/) }
    end

    context 'without NRPE' do
      let(:params) { super().merge(nrpe: false) }

      it { is_expected.to contain_ct0__nrpe_command('odd').with_ensure('absent') }
    end

    context 'when absent' do
      let(:params) { super().merge(ensure: 'absent') }

      it { is_expected.to contain_file('/etc/nagios/nrpe.d/ct0_odd.cfg').with_ensure('absent') }
    end

    context 'when exported' do
      subject { exported_resources }

      let(:params) { super().merge(export: true) }

      it { is_expected.to have_ct0__nagios_service_resource_count(0) }

      context 'for Nagios' do
        let(:hiera_config) { hiera('ct0::checks::nrpe' => true, 'ct0::checks::export' => ['nagios']) }

        it { is_expected.to contain_ct0__nagios_service('odd on node1').with_command('odd') }
      end
    end

    context 'without the checks' do
      let(:pre_condition) { 'include ct0' }

      it { is_expected.to compile.and_raise_error(/ct0::check odd: needs ct0 with 'checks' among ct0::features/) }
    end
  end
end
