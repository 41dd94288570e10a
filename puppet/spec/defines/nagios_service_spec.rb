# frozen_string_literal: true

require 'spec_helper'

describe 'ct0::nagios_service' do
  let(:title) { 'raid on alpha' }
  let(:pre_condition) { 'class { "ct0::server": nagios => true }' }
  let(:params) { { host: 'alpha', command: 'raid' } }

  file = '/etc/nagios4/conf.d/ct0/ct0-alpha-raid.cfg'

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_file(file).with_content(/^  host_name alpha\n  service_description raid\n  check_command ct0_nrpe!raid$/) }
    end
  end

  context 'when absent' do
    let(:facts) { every_os['Debian 12'] }
    let(:params) { super().merge(ensure: 'absent') }

    it { is_expected.to contain_file(file).with_ensure('absent') }
  end
end
