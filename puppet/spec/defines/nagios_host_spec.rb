# frozen_string_literal: true

require 'spec_helper'

describe 'ct0::nagios_host' do
  let(:title) { 'alpha' }
  let(:pre_condition) { 'class { "ct0::server": nagios => true }' }
  let(:params) { { address: '192.0.2.1' } }

  file = '/etc/nagios4/conf.d/ct0/ct0-alpha.cfg'
  web = { 'engine' => 'lxc', 'id' => 'c1', 'name' => 'web1' }
  shop = { 'engine' => 'openvz', 'id' => '102', 'name' => 'shop' }

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_file(file).with_content(/^  host_name alpha\n  address 192.0.2.1$/).without_content(/hostgroup/) }
    end
  end

  context 'on Debian 12' do
    let(:facts) { every_os['Debian 12'] }

    context 'with containers of two engines' do
      let(:params) { super().merge(containers: [web, shop]) }

      it { is_expected.to contain_file(file).with_content(/^  hostgroups alpha-cts\n.*^  _CT_CHOICE --ct=c1\n  check_command ct0_nrpe!ct_state_web1$/m) }
      it { is_expected.to contain_file(file).with_content(/^  hostgroups alpha-cts,alpha-ct_load$/).with_content(/^  hostgroup_name alpha-ct_load\n  service_description load$/) }
      it { is_expected.to contain_file(file).with_content(/^  check_command ct0_nrpe!ct_disk_\$HOSTNAME\$$/) }
    end

    context "with OpenVZ's alone" do
      let(:params) { super().merge(containers: [shop]) }

      it { is_expected.to contain_file(file).with_content(/^  hostgroup_name alpha-cts\n  service_description load$/).without_content(/alpha-ct_load/) }
    end

    [web.merge('name' => "x\n}"), web.merge('id' => 'a b'), web.merge('name' => 'x;y')].each do |odd|
      context "with #{odd}" do
        let(:params) { super().merge(containers: [odd]) }

        it { is_expected.to compile.and_raise_error(/parameter 'containers'/) }
      end
    end

    context 'with a name that is none' do
      let(:title) { 'a/b' }

      it { is_expected.to compile.and_raise_error(/Ct0::Host_name/) }
    end

    context 'when absent' do
      let(:params) { super().merge(ensure: 'absent', directory: '/srv/nagios') }

      it { is_expected.to contain_file('/srv/nagios/ct0-alpha.cfg').with_ensure('absent') }
    end
  end
end
