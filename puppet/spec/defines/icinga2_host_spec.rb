# frozen_string_literal: true

require 'spec_helper'

describe 'ct0::icinga2_host' do
  let(:title) { 'alpha' }
  let(:pre_condition) { 'class { "ct0::server": icinga2 => true }' }
  let(:params) { { address: '192.0.2.1' } }

  file = '/etc/icinga2/zones.d/master/ct0/ct0-alpha.conf'
  web = { 'engine' => 'lxc', 'id' => 'c1', 'name' => 'web1' }
  shop = { 'engine' => 'openvz', 'id' => '102', 'name' => 'shop' }

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_file(file).with_content(/^object Host "alpha" \{.*  vars.cluster_zone = "alpha"$/m).without_content(/apply/) }
    end
  end

  context 'on Debian 12' do
    let(:facts) { every_os['Debian 12'] }

    context 'with containers' do
      let(:params) { super().merge(containers: [web, shop], endpoint: 'alpha.example.com', services: { 'processes' => 'ct0_procs' }) }

      it { is_expected.to contain_file(file).with_content(/^object Host "web1" \{.*  command_endpoint = "alpha.example.com".*  vars.ct_id = "c1"$/m) }
      it { is_expected.to contain_file(file).with_content(/^apply Service "load" \{.*host.vars.ct_engine == "openvz"$/m) }
      it { is_expected.to contain_file(file).with_content(/^  check_command = "ct0_procs"\n  vars.procs_nokthreads = true$/) }
    end

    context "without one of OpenVZ's" do
      let(:params) { super().merge(containers: [web]) }

      it { is_expected.to contain_file(file).without_content(/"load"/) }
    end

    context 'when absent' do
      let(:params) { super().merge(ensure: 'absent') }

      it { is_expected.to contain_file(file).with_ensure('absent') }
    end
  end
end
