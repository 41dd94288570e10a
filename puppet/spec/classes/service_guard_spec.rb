# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'

# The class is ct0's; its parameters come from Hiera.
describe 'ct0' do
  let(:params) { { features: %w[service_guard] } }

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_ct0_service_guard('services').with_mode('warn') }
    end
  end

  context 'enforced' do
    let(:facts) { every_os['Debian 12'] }
    let(:hiera_config) { hiera('ct0::service_guard::mode' => 'enforce') }

    it { is_expected.to contain_ct0_service_guard('services').with_mode('enforce') }

    context 'and absent' do
      let(:hiera_config) { hiera('ct0::service_guard::ensure' => 'absent') }

      it { is_expected.to have_ct0_service_guard_resource_count(0) }
    end
  end

  { 'empty' => 1, 'unknown' => 1, 'ct' => 0, 'plain' => 0 }.each do |host, count|
    context "on a host that is #{host}" do
      let(:facts) { every_os['Debian 12'].merge(ct0_host: ct0_host(host)) }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to have_ct0_service_guard_resource_count(count) }
    end
  end

  context 'without the fact' do
    let(:facts) { every_os['Debian 12'].reject { |name, _| name == :ct0_host } }

    it { is_expected.to have_ct0_service_guard_resource_count(1) }
  end
end

describe 'ct0::service_guard' do
  let(:facts) { every_os['Debian 12'] }

  it { is_expected.to compile.and_raise_error(/include ct0, with 'service_guard' among ct0::features, instead of this class/) }
end
