# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'

describe 'ct0::nrpe_command' do
  let(:title) { 'raid' }
  let(:params) { { command: '/usr/local/bin/check_raid --all' } }
  let(:pre_condition) { "class { 'ct0': features => ['checks'] }" }
  let(:hiera_config) { hiera('ct0::checks::nrpe' => true) }

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      folder = facts[:os]['family'] == 'Debian' ? '/etc/nagios/nrpe.d' : '/etc/nrpe.d'

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_file("#{folder}/ct0_raid.cfg").with_mode('0644').with_content(%r{^command\[raid\]=/usr/local/bin/check_raid --all\n\z}) }
    end
  end

  context 'on Debian 12' do
    let(:facts) { every_os['Debian 12'] }

    ["check_raid", "/bin/true\ncommand[x]=/bin/sh"].each do |command|
      context "with #{command.inspect}" do
        let(:params) { { command: command } }

        it { is_expected.to compile.and_raise_error(/parameter 'command'/) }
      end
    end

    ['a]b', '../x', 'a b'].each do |name|
      context "called #{name}" do
        let(:title) { name }

        it { is_expected.to compile.and_raise_error(/Ct0::Command_name/) }
      end
    end

    context 'when absent' do
      let(:params) { super().merge(ensure: 'absent') }

      it { is_expected.to contain_file('/etc/nagios/nrpe.d/ct0_raid.cfg').with_ensure('absent') }
    end

    context 'without the checks' do
      let(:pre_condition) { 'include ct0' }

      it { is_expected.to compile.and_raise_error(/ct0::nrpe_command raid: needs ct0 with 'checks' among ct0::features/) }
    end
  end
end
