# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'

# The class is ct0's; its parameters come from Hiera.
describe 'ct0' do
  conf = '/etc/ct0/shims.conf'

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }

      it 'lays the shims out where `check` finds them wanting' do
        python = catalogue.resource('class', 'ct0')[:python]
        is_expected.to contain_exec('ct0 shims install')
          .with_command("/usr/bin/ct0 shims install --python #{python}")
          .with_unless("test -x /usr/bin/ct0 && /usr/bin/ct0 shims check --python #{python}")
          .with_provider('shell').with_umask('022')
      end

      it { is_expected.not_to contain_file(conf) }
      it { is_expected.to have_ct0__divert_resource_count(0) }
    end
  end

  every_os.slice('Debian 12', 'VirtuozzoLinux 8').each do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      %w[ct plain unknown].each do |role|
        context "that is #{role}" do
          let(:facts) { facts.merge(ct0_host: ct0_host(role)) }
          let(:hiera_config) { hiera('ct0::shims::divert' => ['pidof'], 'ct0::shims::settings' => { 'hostpid' => true }) }

          # One example: a catalogue is compiled once, and says it then.
          it 'changes nothing, and says why' do
            said = []
            allow(Puppet::Util::Log).to receive(:newmessage) { |log| said << log.to_s }
            is_expected.to compile.with_all_deps
            is_expected.not_to contain_exec('ct0 shims install')
            expect(said).to include(a_string_ending_with("its role is #{role}, not ct0 (#{ct0_host(role)['reason']})"))
            is_expected.not_to contain_exec('ct0 shims remove')
            is_expected.not_to contain_file(conf)
            is_expected.to have_ct0__divert_resource_count(0)
          end

          context 'and is called ct0' do
            let(:params) { { role: 'ct0' } }

            it { is_expected.to contain_exec('ct0 shims install') }
          end

          context 'and absent' do
            let(:params) { { ensure: 'absent' } }

            it { is_expected.to contain_exec('ct0 shims remove') }
          end
        end
      end
    end
  end

  every_os.slice('Debian 12').each_value do |facts|
    context 'on Debian 12' do
      let(:facts) { facts }

      context 'without the fact' do
        let(:facts) { facts.reject { |name, _| name == :ct0_host } }

        it { is_expected.to compile.with_all_deps }
        it { is_expected.not_to contain_exec('ct0 shims install') }
      end

      context 'when it is called a container' do
        let(:params) { { role: 'ct' } }

        it { is_expected.not_to contain_exec('ct0 shims install') }
      end

      context 'with some commands' do
        let(:hiera_config) { hiera('ct0::shims::commands' => %w[pidof killall pidof], 'ct0::shims::python' => '/usr/bin/python3.12') }

        it { is_expected.to contain_exec('ct0 shims install').with_unless('test -x /usr/bin/ct0 && /usr/bin/ct0 shims check --python /usr/bin/python3.12 --command killall pidof') }
      end

      context 'with diversions' do
        let(:hiera_config) { hiera('ct0::shims::divert' => %w[pidof /usr/bin/killall]) }

        it { is_expected.to contain_ct0__divert('pidof').with_ensure('present') }
        it { is_expected.to contain_exec('ct0 divert /usr/bin/killall').that_requires('Exec[ct0 shims install]') }
      end

      context 'with one diversion taken back' do
        let(:hiera_config) { hiera('ct0::shims::divert' => { 'pidof' => 'present', 'pkill' => 'absent' }) }

        it { is_expected.to contain_ct0__divert('pidof').with_ensure('present') }
        it { is_expected.to contain_ct0__divert('pkill').with_ensure('absent') }
      end

      context 'with settings' do
        let(:hiera_config) do
          hiera('ct0::shims::settings' => { 'scope' => 'sandbox', 'hostpid' => false, 'pidof' => 'sysv',
                                            'callers' => { '/usr/local/sbin/inventory' => 'all', '/usr/sbin/x' => 'host' } })
        end

        it 'writes each as the shims read it' do
          is_expected.to contain_file(conf).with_owner('root').with_mode('0644').that_comes_before('Exec[ct0 shims install]').with_content(<<~TEXT)
            # Managed by Puppet: ct0::shims::settings.
            scope   sandbox
            hostpid no
            pidof   sysv
            caller  /usr/local/sbin/inventory all
            caller  /usr/sbin/x host
          TEXT
        end
      end

      context 'with no settings at all' do
        let(:hiera_config) { hiera('ct0::shims::settings' => {}) }

        it { is_expected.to contain_file(conf).with_content("# Managed by Puppet: ct0::shims::settings.\n") }
      end

      context 'with its feature absent' do
        let(:hiera_config) { hiera('ct0::shims::ensure' => 'absent', 'ct0::shims::divert' => ['pidof']) }

        it { is_expected.to contain_exec('ct0 shims remove').with_command('if test -x /usr/lib/ct0/ct0-shims; then /usr/lib/ct0/ct0-shims remove; else /usr/bin/ct0 shims remove; fi').with_onlyif('test -e /usr/lib/ct0/shims.manifest') }
        it { is_expected.to contain_file(conf).with_ensure('absent').that_requires('Exec[ct0 shims remove]') }
        it { is_expected.to have_ct0__divert_resource_count(0) }
        it { is_expected.to contain_package('ct0-shims').with_ensure('present') }
      end

      { 'commands' => ['ps'], 'divert' => ['/bin/ps'], 'settings' => { 'scope' => 'none' }, 'python' => 'python3' }.each do |name, value|
        context "with #{name} #{value}" do
          let(:hiera_config) { hiera("ct0::shims::#{name}" => value) }

          it { is_expected.to compile.and_raise_error(/Class\[Ct0::Shims\]:\s+parameter '#{name}'/) }
        end
      end

      ['/usr/sbin/x all', "/usr/sbin/x\nscope all", '/usr/sbin/x#'].each do |caller|
        context "with the caller #{caller.inspect}" do
          let(:hiera_config) { hiera('ct0::shims::settings' => { 'callers' => { caller => 'host' } }) }

          it { is_expected.to compile.and_raise_error(/parameter 'settings'/) }
        end
      end
    end
  end
end

describe 'ct0::shims' do
  every_os.slice('Debian 12').each_value do |facts|
    context 'without ct0' do
      let(:facts) { facts }

      it { is_expected.to compile.and_raise_error(/ct0::shims: include ct0, with 'shims' among ct0::features/) }
    end
  end
end
