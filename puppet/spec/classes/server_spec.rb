# frozen_string_literal: true

require 'spec_helper'

describe 'ct0::server' do
  let(:facts) { every_os['Debian 12'] }

  it { is_expected.to compile.with_all_deps }
  it { is_expected.to have_file_resource_count(0) }

  on_every_os do |os, facts|
    context "with everything on #{os}" do
      let(:facts) { facts }
      let(:params) do
        {
          prometheus: true, scrape_config: '/etc/prometheus/ct0-scrape.yml', nagios: true, icinga2: true, jobs: %w[ct0 vz], ca_file: '/etc/prometheus/ca.crt', username: 'prometheus',
          password_file: '/etc/prometheus/ct0.password', nagios_reload: 'nagios4 -v /n && systemctl reload nagios4', icinga2_reload: 'systemctl reload icinga2'
        }
      end

      it { is_expected.to compile.with_all_deps }

      %w[/etc/prometheus/ct0 /etc/nagios4/conf.d/ct0 /etc/icinga2/zones.d/master/ct0].each do |folder|
        it { is_expected.to contain_file(folder).with_ensure('directory').with_purge(true).with_recurse(true) }
      end

      it 'has a job for each, over TLS and with a password' do
        text = catalogue.resource('file', '/etc/prometheus/ct0-scrape.yml')[:content]
        jobs = YAML.safe_load(text)['scrape_configs']
        expect(jobs.map { |job| job['job_name'] }).to eq(%w[ct0 vz])
        expect(jobs.last).to include(
          'scheme' => 'https', 'tls_config' => { 'ca_file' => '/etc/prometheus/ca.crt' },
          'basic_auth' => { 'username' => 'prometheus', 'password_file' => '/etc/prometheus/ct0.password' },
          'file_sd_configs' => [{ 'files' => ['/etc/prometheus/ct0/vz-*.yml'] }]
        )
      end

      it { is_expected.to contain_file('/etc/nagios4/conf.d/ct0/ct0.cfg').that_notifies('Exec[ct0 reload of Nagios]') }
      it { is_expected.to contain_file('/etc/icinga2/zones.d/global-templates/ct0.conf').that_notifies('Exec[ct0 reload of Icinga 2]') }
      it { is_expected.to contain_exec('ct0 reload of Nagios').with_refreshonly(true) }
    end
  end

  context 'with a user and no password' do
    let(:params) { { prometheus: true, username: 'prometheus' } }

    it { is_expected.to compile.and_raise_error(/ct0::server: username without password_file/) }
  end

  context 'without a scrape configuration' do
    let(:params) { { prometheus: true } }

    it { is_expected.to have_file_resource_count(1) }
  end
end
