# frozen_string_literal: true

require 'spec_helper'

describe 'ct0::divert' do
  let(:title) { 'pidof' }
  let(:pre_condition) { 'include ct0' }

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }

      it 'diverts what is not' do
        is_expected.to contain_exec('ct0 divert pidof')
          .with_command('/usr/lib/ct0/ct0-shims divert pidof')
          .with_unless('test -x /usr/lib/ct0/ct0-shims && /usr/lib/ct0/ct0-shims divert --check pidof')
          .with_provider('shell').that_requires('Exec[ct0 shims install]')
      end

    end
  end

  on_each_family do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      context 'absent' do
        let(:params) { { ensure: 'absent' } }

        it { is_expected.to compile.with_all_deps }

        it 'gives back what is diverted' do
          is_expected.to contain_exec('ct0 undivert pidof')
            .with_command('/usr/lib/ct0/ct0-shims undivert pidof').with_onlyif('test -x /usr/lib/ct0/ct0-shims && ! /usr/lib/ct0/ct0-shims undivert --check pidof')
        end
      end
    end
  end

  every_os.slice('Debian 12').each_value do |facts|
    let(:facts) { facts }

    context 'with a path' do
      let(:title) { 'a path' }
      let(:params) { { incumbent: '/usr/sbin/killall5' } }

      it { is_expected.to contain_exec('ct0 divert /usr/sbin/killall5') }
    end

    ['ps', '/bin/ps', '/opt/bin/pidof', 'pidof;rm', '/bin/../sbin/pidof'].each do |incumbent|
      context "with #{incumbent}" do
        let(:title) { incumbent }

        it { is_expected.to compile.and_raise_error(/parameter 'incumbent'/) }
      end
    end

    context 'without ct0' do
      let(:pre_condition) { '' }

      it { is_expected.to compile.and_raise_error(/ct0::divert pidof: needs ct0 with 'shims' among ct0::features/) }
    end

    context 'where the shims are not laid out' do
      let(:facts) { facts.merge(ct0_host: ct0_host('ct')) }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.not_to contain_exec('ct0 divert pidof') }
    end
  end
end
