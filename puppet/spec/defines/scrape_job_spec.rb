# frozen_string_literal: true

require 'spec_helper'

describe 'ct0::scrape_job' do
  let(:title) { "ct0 exporter of node1/../x" }
  let(:pre_condition) { 'class { "ct0::server": prometheus => true }' }
  let(:params) { { targets: ['node1:9955', '[2001:db8::1]:9955'], labels: { 'rack' => 'a: #1' } } }

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }

      it 'is what file_sd reads' do
        text = catalogue.resource('file', '/etc/prometheus/ct0/ct0-ct0_exporter_of_node1_.._x.yml')[:content]
        expect(YAML.safe_load(text)).to eq([{ 'targets' => ['node1:9955', '[2001:db8::1]:9955'], 'labels' => { 'rack' => 'a: #1' } }])
      end
    end
  end

  context 'when absent, elsewhere' do
    let(:facts) { every_os['Debian 12'] }
    let(:params) { { targets: ['node1:9955'], ensure: 'absent', directory: '/srv/targets', job_name: 'vz' } }

    it { is_expected.to contain_file('/srv/targets/vz-ct0_exporter_of_node1_.._x.yml').with_ensure('absent') }
  end

  context 'with a target that is none' do
    let(:facts) { every_os['Debian 12'] }
    let(:params) { { targets: ["a'b:1"] } }

    it { is_expected.to compile.and_raise_error(/parameter 'targets'/) }
  end
end
