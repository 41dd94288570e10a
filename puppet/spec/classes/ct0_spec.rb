# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'

ALL_FEATURES = %w[shims exporter verify firewall checks audit service_guard].freeze

describe 'ct0' do
  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_class('ct0::install').that_comes_before('Class[ct0::shims]') }

      it 'has nothing that was not asked for' do
        (ALL_FEATURES - ['shims']).each { |feature| is_expected.not_to contain_class("ct0::#{feature}") }
      end
    end
  end

  on_each_family do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      context 'with every feature' do
        let(:params) { { features: ALL_FEATURES } }
        let(:hiera_config) { hiera('ct0::firewall::policy' => { 'inet filter input' => 'accept' }) }

        it { is_expected.to compile.with_all_deps }

        ALL_FEATURES.each do |feature|
          it { is_expected.to contain_class("ct0::#{feature}").that_requires('Class[ct0::install]') }
        end
      end

      context 'absent' do
        let(:params) { { ensure: 'absent' } }

        it { is_expected.to compile.with_all_deps }

        ALL_FEATURES.each do |feature|
          it { is_expected.to contain_class("ct0::#{feature}").with_ensure('absent').that_comes_before('Class[ct0::install]') }
        end
      end
    end
  end

  every_os.slice('Debian 12').each_value do |facts|
    context 'with a feature of its own, absent, on the list' do
      let(:facts) { facts }
      let(:params) { { features: %w[shims] } }
      let(:pre_condition) { "class { 'ct0::shims': ensure => absent }" }

      # Declared before ct0, it says how to have it instead.
      it { is_expected.to compile.and_raise_error(/ct0::shims: include ct0, with 'shims' among ct0::features/) }
    end

    { features: ['shim'], install_method: 'gem', version: '', python: 'python3', prefix: '/opt/ct0;rm', role: 'node', keep: 0,
      wheelhouse: 'wheels', index_url: 'ftp://example.com', zipapp_source: 'ct0.pyz', zipapp_checksum: 'abc', ensure: 'latest',
      packages: ['ct0'] }.each do |name, value|
      context "with #{name} #{value.inspect}" do
        let(:facts) { facts }
        let(:params) { { name => value } }

        it { is_expected.to compile.and_raise_error(/parameter '#{name}'/) }
      end
    end
  end
end
