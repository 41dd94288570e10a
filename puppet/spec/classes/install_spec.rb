# frozen_string_literal: true

require 'spec_helper'

# What ct0 installs, by each of its methods; the classes are private.
describe 'ct0' do
  folders = ['/usr/lib/ct0', '/usr/lib/ct0/plugins', '/etc/ct0', '/var/lib/ct0']
  plugins = %w[check_procs check_ct_state check_ct_resources check_ct_pressure check_ct_disk check_ct_load
               check_ct_network check_ct0_health]

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_package('ct0').with_ensure('present').that_comes_before('Package[ct0-shims]') }
      it { is_expected.to have_package_resource_count(2) }
    end
  end

  on_each_family do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }
      let(:debian) { facts[:os]['family'] == 'Debian' }

      describe 'from packages' do
        let(:params) { { features: %w[shims checks audit] } }

        folders.each { |folder| it { is_expected.to contain_file(folder).with_ensure('directory').with_mode('0755') } }

        it { is_expected.to have_package_resource_count(4) }
        it { is_expected.to contain_package('ct0-checks').that_comes_before('Package[ct0-audit]') }
        it { is_expected.to contain_exec('ct0 shims install').with_command(%r{\A/usr/bin/ct0 shims install --python /}) }
        it { is_expected.to contain_class('ct0::install::unlinked').that_requires('Class[ct0::install::package]') }
        it { is_expected.not_to contain_class('ct0::install::pip') }

        context 'of one version' do
          let(:params) { super().merge(version: '0.2.0-1') }

          it { is_expected.to contain_package('ct0-shims').with_ensure('0.2.0-1') }

          it 'has apt prefer it' do
            if debian
              is_expected.to contain_file('/etc/apt/preferences.d/ct0.pref')
                .with_ensure('file').with_content(/^Pin: version 0\.2\.0-1$/).with_content(/^Package: ct0 ct0-shims /)
                .that_comes_before('Package[ct0]')
            else
              is_expected.not_to contain_file('/etc/apt/preferences.d/ct0.pref')
            end
          end
        end

        context 'the latest' do
          let(:params) { super().merge(version: 'latest') }

          it { is_expected.to contain_package('ct0-audit').with_ensure('latest') }
          it { is_expected.to contain_file('/etc/apt/preferences.d/ct0.pref').with_ensure('absent') if debian }
        end

        context 'named otherwise' do
          let(:params) { { packages: { 'core' => %w[our-ct0 our-python], 'shims' => ['our-ct0'] } } }

          it { is_expected.to contain_package('our-ct0').that_comes_before('Package[our-python]') }
          it { is_expected.to have_package_resource_count(2) }
        end

        context 'absent' do
          let(:params) { { ensure: 'absent' } }
          let(:removed) { debian ? 'purged' : 'absent' }

          %w[ct0 ct0-shims ct0-checks ct0-exporter ct0-audit ct0-suites].each do |package|
            it { is_expected.to contain_package(package).with_ensure(removed) }
          end

          it { is_expected.to contain_package('ct0-shims').that_comes_before('Package[ct0]') }
          it { is_expected.to contain_exec('ct0 shims remove').that_comes_before('Package[ct0-shims]') }
          it { is_expected.to contain_exec('ct0 rmdir /usr/lib/ct0/plugins').that_requires('Package[ct0]') }
          it { is_expected.to contain_exec('ct0 rmdir /usr/lib/ct0/plugins').that_comes_before('Exec[ct0 rmdir /usr/lib/ct0]') }
          it { is_expected.to contain_file('/etc/apt/preferences.d/ct0.pref').with_ensure('absent') if debian }

          folders.each { |folder| it { is_expected.not_to contain_file(folder) } }
        end
      end
    end
  end

  every_os.slice('Debian 12', 'Rocky 8').each do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }
      let(:python) { os == 'Rocky 8' ? '/usr/bin/python3.11' : '/usr/bin/python3' }

      describe 'by pip' do
        let(:params) { { install_method: 'pip', version: '0.1.0', features: %w[shims checks audit], wheelhouse: '/srv/wheels' } }

        it { is_expected.to compile.with_all_deps }
        it { is_expected.to have_package_resource_count(0) }

        it 'makes an environment with the given Python, unless it is whole' do
          is_expected.to contain_exec('ct0 0.1.0 environment')
            .with_command("#{python} -m venv --clear /opt/ct0/0.1.0")
            .with_unless("grep -qxF 'venv #{python}' /opt/ct0/0.1.0/.complete && /opt/ct0/0.1.0/bin/ct0 --version")
            .with_umask('022')
            .that_requires('File[/opt/ct0]')
        end

        it 'asks no index' do
          is_expected.to contain_exec('ct0 0.1.0 programs')
            .with_command(%r{ install --compile --no-index --find-links /srv/wheels 'ct0\[audit,checks\]==0\.1\.0'\z})
            .with_environment(['PIP_CONFIG_FILE=/dev/null', 'PIP_NO_INDEX=1'])
            .that_requires('Exec[ct0 0.1.0 environment]')
            .that_comes_before('File[/opt/ct0/0.1.0/.complete]')
        end

        it 'says what is in it when it is whole, and switches then' do
          is_expected.to contain_file('/opt/ct0/0.1.0/.complete')
            .with_content("venv #{python}\nct0[audit,checks]==0.1.0\n")
            .that_comes_before('Exec[ct0 0.1.0 is current]')
        end

        it 'switches by renaming' do
          is_expected.to contain_exec('ct0 0.1.0 is current')
            .with_command('ln -sfn 0.1.0 /opt/ct0/.current && mv -Tf /opt/ct0/.current /opt/ct0/current')
            .with_unless('test "$(readlink /opt/ct0/current)" = 0.1.0')
            .that_comes_before('Exec[ct0 removes old releases]')
        end

        it { is_expected.to contain_file('/usr/local/bin/ct0').with_ensure('link').with_target('/opt/ct0/current/bin/ct0') }
        it { is_expected.not_to contain_file('/usr/local/bin/ct0-exporter') }

        (plugins + ['check_ct0_audit']).each do |plugin|
          it { is_expected.to contain_file("/usr/lib/ct0/plugins/#{plugin}").with_target("/opt/ct0/current/bin/#{plugin}") }
        end

        it 'has a reader that sees nothing of its environment' do
          is_expected.to contain_file('/usr/lib/ct0/ct0-read')
            .with_mode('0755').with_content(%r{\A#!/opt/ct0/current/bin/python3 -I\n})
        end

        it { is_expected.to contain_exec('ct0 removes old releases').with_command(/ \| tail -n \+2\) \| xargs rm -rf\z/) }
        it { is_expected.to contain_exec('ct0 shims install').with_command(%r{\A/opt/ct0/current/bin/ct0 shims install --python #{python}\z}) }

        context 'without audit and checks' do
          let(:params) { super().merge(features: %w[shims]) }

          it { is_expected.to contain_exec('ct0 0.1.0 programs').with_command(/ 'ct0==0\.1\.0'\z/) }
          it { is_expected.not_to contain_file('/usr/lib/ct0/ct0-read') }
          it { is_expected.not_to contain_file('/usr/lib/ct0/plugins/check_procs') }
        end

        context 'with the exporter and verify' do
          let(:params) { super().merge(features: %w[verify exporter]) }

          it { is_expected.to contain_exec('ct0 0.1.0 programs').with_command(/ 'ct0\[exporter,suites\]==0\.1\.0'\z/) }
          it { is_expected.to contain_file('/usr/local/bin/ct0-exporter').with_target('/opt/ct0/current/bin/ct0-exporter') }
        end

        context 'from an index' do
          let(:params) do
            { install_method: 'pip', version: '0.1.0', index_url: 'https://ann:word@pypi.example.com/simple', keep: 5, prefix: '/srv/ct0' }
          end

          it 'tells nobody the password' do
            is_expected.to contain_exec('ct0 0.1.0 programs')
              .with_environment(['PIP_INDEX_URL=https://ann:word@pypi.example.com/simple'])
            is_expected.not_to contain_exec('ct0 0.1.0 programs').with_command(/word/)
          end

          it { is_expected.to contain_exec('ct0 removes old releases').with_command(%r{\A\(find /srv/ct0 .* tail -n \+5\) }) }
          it { is_expected.to contain_file('/usr/local/bin/ct0').with_target('/srv/ct0/current/bin/ct0') }
        end

        context "as pip's own configuration says" do
          let(:params) { { install_method: 'pip', version: '0.1.0' } }

          it { is_expected.to contain_exec('ct0 0.1.0 programs').with_environment([]) }
          it { is_expected.not_to contain_exec('ct0 0.1.0 programs').with_command(/--no-index|--find-links/) }
        end

        context 'from both' do
          let(:params) { super().merge(index_url: 'https://pypi.example.com/simple') }

          it { is_expected.to compile.and_raise_error(/wheelhouse and index_url exclude each other/) }
        end

        ['present', 'latest', '0.1.0-1', '../..', '0.1;rm'].each do |version|
          context "of version #{version}" do
            let(:params) { super().merge(version: version) }

            it { is_expected.to compile.and_raise_error(/install_method pip needs an exact version such as 0\.1\.0/) }
          end
        end

        context 'absent' do
          let(:params) { super().merge(ensure: 'absent') }

          it { is_expected.to compile.with_all_deps }
          it { is_expected.to have_package_resource_count(0) }
          it { is_expected.to contain_exec('ct0 removes its links').with_onlyif(%r{-lname '/opt/ct0/current/bin/\*' \| grep -q \.\z}) }
          it { is_expected.to contain_exec('ct0 removes its reader').that_comes_before('Exec[ct0 removes the link current]') }
          it { is_expected.to contain_exec('ct0 removes its releases').that_comes_before('Exec[ct0 rmdir /opt/ct0]') }
          it { is_expected.to contain_exec('ct0 rmdir /opt/ct0').that_comes_before('Exec[ct0 rmdir /usr/lib/ct0]') }
        end
      end

      describe 'by zipapp' do
        let(:params) do
          { install_method: 'zipapp', version: '0.1.0', features: %w[shims checks],
            zipapp_source: 'puppet:///modules/site/ct0.pyz', zipapp_checksum: 'ab' * 32 }
        end

        it { is_expected.to compile.with_all_deps }
        it { is_expected.to contain_exec('ct0 0.1.0 is no environment').that_comes_before('File[/opt/ct0/0.1.0]') }

        it 'holds the file to its checksum' do
          is_expected.to contain_file('/opt/ct0/0.1.0/ct0.pyz')
            .with_source('puppet:///modules/site/ct0.pyz').with_checksum('sha256').with_checksum_value('ab' * 32)
            .that_comes_before('Exec[ct0 0.1.0 is current]')
        end

        (plugins + %w[ct0 ct0-read]).each do |command|
          it "has #{command}, run by the right Python" do
            if os == 'Rocky 8'
              is_expected.to contain_file("/opt/ct0/0.1.0/bin/#{command}")
                .with_mode('0755').with_content(%r{^exec /usr/bin/python3\.11 -I /opt/ct0/0\.1\.0/ct0\.pyz #{command} "\$@"$})
            else
              is_expected.to contain_file("/opt/ct0/0.1.0/bin/#{command}").with_ensure('link').with_target('../ct0.pyz')
            end
          end

          it { is_expected.to contain_file("/opt/ct0/0.1.0/bin/#{command}").that_comes_before('Exec[ct0 0.1.0 is current]') }
        end

        it { is_expected.to contain_file('/usr/lib/ct0/ct0-read').with_ensure('link').with_target('/opt/ct0/current/bin/ct0-read') }

        context 'without checks and checksum' do
          let(:params) { super().reject { |name, _| name == :zipapp_checksum }.merge(features: %w[shims]) }

          it { is_expected.to contain_file('/opt/ct0/0.1.0/ct0.pyz').without_checksum_value }
          it { is_expected.not_to contain_file('/opt/ct0/0.1.0/bin/ct0-read') }
        end

        context 'with what it does not hold' do
          let(:params) { super().merge(features: %w[shims exporter verify]) }

          it { is_expected.to compile.and_raise_error(/a zipapp does not hold exporter, verify: use install_method package or pip/) }
        end

        context 'from nowhere' do
          let(:params) { super().reject { |name, _| name == :zipapp_source } }

          it { is_expected.to compile.and_raise_error(/install_method zipapp needs zipapp_source/) }
        end

        context 'of no version' do
          let(:params) { super().merge(version: 'latest') }

          it { is_expected.to compile.and_raise_error(/install_method zipapp needs an exact version/) }
        end

        context 'absent' do
          let(:params) { super().merge(ensure: 'absent') }

          it { is_expected.to compile.with_all_deps }
          it { is_expected.to contain_exec('ct0 removes its releases').with_onlyif(/ct0\.pyz/) }
          it { is_expected.not_to contain_file('/opt/ct0/0.1.0/ct0.pyz') }
        end
      end

      describe 'by somebody else' do
        let(:params) { { install_method: 'none', features: %w[shims checks exporter] } }

        it { is_expected.to compile.with_all_deps }
        it { is_expected.to have_package_resource_count(0) }

        ['/usr/bin/ct0', '/usr/bin/ct0-exporter', '/usr/lib/ct0/plugins/check_ct0_health'].each do |program|
          it "complains of a missing #{program}" do
            is_expected.to contain_exec("#{program} is there")
              .with_unless("test -x #{program}").with_command(/ is not there, and ct0::install_method is none/)
              .that_comes_before('Class[ct0::shims]')
          end
        end

        context 'absent' do
          let(:params) { super().merge(ensure: 'absent') }

          it { is_expected.to compile.with_all_deps }
          it { is_expected.to contain_exec('ct0 rmdir /etc/ct0') }
          it { is_expected.not_to contain_exec('ct0 removes its links') }
        end
      end
    end
  end
end
