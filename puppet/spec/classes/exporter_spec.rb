# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'

# The class is ct0's; its parameters come from Hiera.
describe 'ct0' do
  hash = '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG'
  pem = "-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n"
  key = "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\n"
  units = '/etc/systemd/system'

  let(:params) { { features: ['exporter'] } }

  # The text of a file, secret or not.
  def content(path)
    text = catalogue.resource('file', path)[:content]
    text.respond_to?(:unwrap) ? text.unwrap : text
  end

  # What differs between systems; what does not is asked of one of each family below.
  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      family = facts[:os]['family']
      options = family == 'Debian' ? '/etc/default/ct0-exporter' : '/etc/sysconfig/ct0-exporter'
      old = facts[:os]['release']['major'] == { 'RedHat' => '7', 'Suse' => '12' }[family]
      openvz = facts[:os]['name'] == 'VirtuozzoLinux'

      it { is_expected.to compile.with_all_deps }

      it 'has the drop-ins that this system needs' do
        is_expected.to contain_file(options).with_content(/^CT0_EXPORTER_OPTIONS=""$/)
        dropin = "#{units}/ct0-exporter.service.d/puppet.conf"
        is_expected.to contain_file(dropin).with_ensure(family == 'Debian' ? 'absent' : 'file')
        expect(content(dropin)).to match(%r{^ExecStart=\nExecStart=/usr/bin/ct0-exporter \$CT0_EXPORTER_OPTIONS$}) unless family == 'Debian'
        expect(content(dropin).to_s.include?('SystemCallFilter=')).to be(old)
        is_expected.to contain_file("#{units}/ct0-exporter.service.d/openvz.conf").with_ensure(openvz ? 'file' : 'absent')
      end

      context 'when absent' do
        let(:params) { super().merge(ensure: 'absent') }

        it { is_expected.to compile.with_all_deps }
        it { is_expected.to contain_file(options).with_ensure('absent') }
      end
    end
  end

  on_each_family do |os, facts|
    context "with nothing said on #{os}" do
      let(:facts) { facts }

      it { is_expected.to contain_file(catalogue.resource('class', 'ct0::exporter')[:options_file]).that_notifies('Service[ct0-exporter]') }
      it { is_expected.to contain_service('ct0-exporter').with_ensure('running').with_enable(true) }
      it { is_expected.to contain_service('ct0-exporter.socket').with_ensure('stopped').with_enable(false).that_comes_before('Service[ct0-exporter]') }
      it { is_expected.to contain_class('ct0::exporter::service').that_requires('Class[ct0::exporter::web]') }
      it { is_expected.to contain_file('/etc/ct0/web.yml').with_ensure('absent') }

      it 'has the unit as it is shipped' do
        shipped = File.read(File.join(__dir__, '../../files/exporter/ct0-exporter.service'))
        expect(content("#{units}/ct0-exporter.service")).to eq(shipped)
      end

      context 'when absent' do
        let(:params) { super().merge(ensure: 'absent') }

        it { is_expected.to contain_service('ct0-exporter.socket').with_ensure('stopped').with_enable(false).that_comes_before('Service[ct0-exporter]') }
        it { is_expected.to contain_service('ct0-exporter').with_ensure('stopped').with_enable(false).that_comes_before('Ct0::Unit[ct0-exporter.service]') }
        it { is_expected.to contain_ct0__unit('ct0-exporter.service').with_ensure('absent') }
        it { is_expected.to contain_ct0__unit('ct0-textfile.timer').with_ensure('absent').that_requires('Service[ct0-textfile.timer]') }

        it 'takes its files away' do
          ['/etc/ct0/web.yml', '/etc/ct0/exporter.crt', '/etc/ct0/exporter.key', '/etc/ct0/exporter-clients.crt',
           '/etc/cron.d/ct0-textfile', '/var/lib/prometheus/node-exporter/ct0.prom'].each do |path|
            is_expected.to contain_file(path).with_ensure('absent')
          end
        end
      end
    end
  end

  context 'without systemd' do
    let(:facts) { every_os['Debian 12'].merge(ct0_host: ct0_host('lxc').merge('init' => 'sysvinit')) }

    it { is_expected.to compile.and_raise_error(/ct0::exporter: no systemd runs this host.*ct0::exporter::textfile: true/) }

    context 'when absent' do
      let(:params) { super().merge(ensure: 'absent') }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to have_service_resource_count(0) }
    end

    context 'with a file' do
      let(:hiera_config) do
        hiera('ct0::exporter::textfile' => true, 'ct0::exporter::textfile_interval' => 5, 'ct0::exporter::options' => ['--ct.exclude=a|b'])
      end

      it { is_expected.to compile.with_all_deps }

      it 'has cron write it' do
        command = "/usr/bin/ct0-exporter '--ct.exclude=a|b' textfile /var/lib/prometheus/node-exporter/ct0.prom"
        is_expected.to contain_file('/etc/cron.d/ct0-textfile').with_content(%r{^\*/5 \* \* \* \* root umask 022; #{Regexp.escape(command)} >/dev/null 2>&1$})
      end

      it { is_expected.to have_ct0__unit_resource_count(0) }
    end
  end

  context 'without the fact' do
    let(:facts) { every_os['Debian 12'].merge(ct0_host: nil) }

    it { is_expected.to compile.with_all_deps }
  end

  on_each_family do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      context 'with addresses, collectors and options' do
        let(:hiera_config) do
          hiera(
            'ct0::exporter::listen' => [':9955', '[fd00::1]:9956'], 'ct0::exporter::collectors' => { 'top' => true, 'cpu' => false },
            'ct0::exporter::options' => ['--web.max-requests=5']
          )
        end

        it { is_expected.to compile.with_all_deps }

        it 'gives them to the service' do
          path = catalogue.resource('class', 'ct0::exporter')[:options_file]
          words = '--web.listen-address=:9955 --web.listen-address=[fd00::1]:9956 --collector.top --no-collector.cpu --web.max-requests=5'
          is_expected.to contain_file(path).with_content(/^CT0_EXPORTER_OPTIONS="#{Regexp.escape(words)}"$/)
        end
      end

      context 'with systemd listening' do
        let(:hiera_config) { hiera('ct0::exporter::socket_activation' => true, 'ct0::exporter::listen' => [':9955', '127.0.0.1:9956', 'unix:/run/x.sock']) }

        it { is_expected.to compile.with_all_deps }
        it { is_expected.to contain_service('ct0-exporter.socket').with_ensure('running').with_enable(true).that_subscribes_to('Ct0::Unit[ct0-exporter.socket]') }
        it { is_expected.to contain_service('ct0-exporter').with_ensure(nil).with_enable(false) }
        it { is_expected.to contain_exec('stop ct0-exporter before its socket starts').that_comes_before('Service[ct0-exporter.socket]') }

        it 'gives the addresses to the socket alone' do
          text = "[Socket]\nListenStream=\nListenStream=9955\nListenStream=127.0.0.1:9956\nListenStream=/run/x.sock\n"
          is_expected.to contain_file("#{units}/ct0-exporter.socket.d/listen.conf").with_content(text)
          expect(content(catalogue.resource('class', 'ct0::exporter')[:options_file])).not_to include('listen-address')
        end

        context 'on a name' do
          let(:hiera_config) { hiera('ct0::exporter::socket_activation' => true, 'ct0::exporter::listen' => ['node1:9955']) }

          it { is_expected.to compile.and_raise_error(/node1:9955: systemd's sockets listen on addresses, not on names/) }
        end
      end

      context 'with TLS and users' do
        let(:hiera_config) do
          hiera(
            'ct0::exporter::tls' => {
              'cert' => pem, 'key' => key, 'client_ca_file' => '/etc/ssl/ca.crt', 'client_auth_type' => 'RequireAndVerifyClientCert',
              'client_allowed_sans' => ['prometheus.example'], 'min_version' => 'TLS13'
            },
            'ct0::exporter::users' => { 'prometheus' => hash }
          )
        end

        it { is_expected.to compile.with_all_deps }

        it 'has them in the web configuration' do
          expect(YAML.safe_load(content('/etc/ct0/web.yml'))).to eq(
            'tls_server_config' => {
              'cert_file' => '/etc/ct0/exporter.crt', 'key_file' => '/etc/ct0/exporter.key', 'client_ca_file' => '/etc/ssl/ca.crt',
              'client_auth_type' => 'RequireAndVerifyClientCert', 'client_allowed_sans' => ['prometheus.example'], 'min_version' => 'TLS13'
            },
            'basic_auth_users' => { 'prometheus' => hash }
          )
          expect(content('/etc/ct0/exporter.key')).to eq(key)
        end

        it 'keeps them secret' do
          %w[web.yml exporter.key].each do |name|
            is_expected.to contain_file("/etc/ct0/#{name}").with_mode('0600').with_owner('root').with_show_diff(false).with_backup(false)
            expect(catalogue.resource('file', "/etc/ct0/#{name}").sensitive_parameters).to include(:content)
          end
          # What Hiera says is marked on its way in, so that no log and no report shows it.
          expect(catalogue.resource('class', 'ct0::exporter').sensitive_parameters).to include(:tls, :users)
        end

        it { is_expected.to contain_file('/etc/ct0/web.yml').with_validate_cmd('/usr/bin/ct0-exporter check-web-config %').that_requires('File[/etc/ct0/exporter.key]') }

        it 'starts the exporter again when TLS comes or goes, and at nothing else of it' do
          path = catalogue.resource('class', 'ct0::exporter')[:options_file]
          is_expected.to contain_file(path).with_content(%r{^# https; listening: the exporter\nCT0_EXPORTER_OPTIONS="--web.config.file=/etc/ct0/web.yml"$})
          is_expected.not_to contain_file('/etc/ct0/web.yml').that_notifies('Service[ct0-exporter]')
        end
      end

      context 'with users alone' do
        let(:hiera_config) { hiera('ct0::exporter::users' => { 'prometheus' => hash }) }

        it { expect(content('/etc/ct0/web.yml')).not_to include('tls_server_config') }
        it { is_expected.to contain_file(catalogue.resource('class', 'ct0::exporter')[:options_file]).with_content(/^# http;/) }
      end

      { 'no key' => { 'cert' => pem }, 'a key twice' => { 'cert' => pem, 'key' => key, 'key_file' => '/a' } }.each do |what, tls|
        context "with #{what}" do
          let(:hiera_config) { hiera('ct0::exporter::tls' => tls) }

          it { is_expected.to compile.and_raise_error(/ct0::exporter::tls: give key_file or key, one of them/) }
        end
      end

      context 'with the CA of clients twice' do
        let(:hiera_config) { hiera('ct0::exporter::tls' => { 'cert' => pem, 'key' => key, 'client_ca' => pem, 'client_ca_file' => '/a' }) }

        it { is_expected.to compile.and_raise_error(/ct0::exporter::tls: give client_ca_file or client_ca, one of them/) }
      end

      context 'with a file for node_exporter' do
        let(:hiera_config) { hiera('ct0::exporter::textfile' => true, 'ct0::exporter::textfile_interval' => 2, 'ct0::exporter::collectors' => { 'top' => true }) }

        it { is_expected.to compile.with_all_deps }
        it { is_expected.to contain_service('ct0-textfile.timer').with_ensure('running').with_enable(true).that_requires('Exec[/var/lib/prometheus/node-exporter is there for node_exporter]') }
        it { is_expected.to contain_service('ct0-exporter').with_ensure('stopped').with_enable(false) }
        it { is_expected.to contain_ct0__unit('ct0-exporter.service').with_ensure('absent') }
        it { is_expected.to contain_file("#{units}/ct0-textfile.timer").with_content(/^OnUnitActiveSec=2min$/) }
        it { is_expected.to contain_file("#{units}/ct0-textfile.service").with_content(%r{^ExecStart=/usr/bin/ct0-exporter --collector.top textfile /var/lib/prometheus/node-exporter/ct0.prom$}) }
      end

      context 'with pip' do
        let(:params) { super().merge(install_method: 'pip', version: '0.1.0') }

        it { is_expected.to compile.with_all_deps }
        it { is_expected.to contain_file("#{units}/ct0-exporter.service.d/puppet.conf").with_content(%r{^ExecStart=/opt/ct0/current/bin/ct0-exporter }) }
      end

      context 'on Proxmox' do
        let(:facts) { super().merge(ct0_host: ct0_host('lxc').merge('engines' => ['proxmox'])) }

        it { is_expected.to contain_file("#{units}/ct0-exporter.service.d/proxmox.conf").with_ensure('file') }
        it { is_expected.to contain_file("#{units}/ct0-exporter.service.d/openvz.conf").with_ensure('absent') }
      end

      context 'when exported' do
        subject { exported_resources }

        let(:hiera_config) { hiera('ct0::exporter::export' => true, 'ct0::exporter::listen' => ['10.0.0.1:9999'], 'ct0::exporter::export_labels' => { 'rack' => '7' }) }

        it { is_expected.to contain_ct0__scrape_job('ct0 exporter of node1.example.com').with_targets(['node1.example.com:9999']).with_labels('rack' => '7').with_tag('ct0') }

        context 'with a file' do
          let(:hiera_config) { hiera('ct0::exporter::export' => true, 'ct0::exporter::textfile' => true) }

          it { is_expected.to have_ct0__scrape_job_resource_count(0) }
        end
      end
    end
  end
end

describe 'ct0::exporter' do
  let(:facts) { every_os['Debian 12'] }

  it { is_expected.to compile.and_raise_error(/ct0::exporter: include ct0, with 'exporter' among ct0::features, instead of this class/) }
end
