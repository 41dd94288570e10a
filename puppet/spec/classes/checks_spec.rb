# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'

# The class is ct0's; its parameters come from Hiera.
describe 'ct0' do
  units = '/etc/systemd/system'
  every = %w[ct0_health ct0_procs ct_state ct_resources ct_pressure ct_disk ct_load ct_network]
  # As checks/nrpe/ct0.cfg has them.
  lines = File.readlines(File.join(__dir__, '../shipped/nrpe.cfg')).grep(/^command/)

  let(:params) { { features: ['checks'] } }

  on_every_os do |os, facts|
    context "on #{os}" do
      let(:facts) { facts }

      debian = facts[:os]['family'] == 'Debian'
      owner = facts[:os]['family'] == 'RedHat' ? 'nrpe' : 'nagios'
      folder = debian ? '/etc/nagios/nrpe.d' : '/etc/nrpe.d'
      service = debian ? 'nagios-nrpe-server' : 'nrpe'
      old = facts[:os]['release']['major'] == { 'RedHat' => '7', 'Suse' => '12' }[facts[:os]['family']]

      it { is_expected.to compile.with_all_deps }

      it 'gives the plugins of this system rights, and leaves NRPE alone' do
        is_expected.to contain_file('/var/lib/ct0/checks').with_ensure('directory').with_owner(owner).with_group(owner).with_mode('0700')
        is_expected.to contain_service('ct0-state.timer').with_ensure('running').with_enable(true)
        is_expected.not_to contain_file('/run/ct0/state.json')
        is_expected.to contain_file("#{units}/ct0-state.service.d/old-systemd.conf").with_ensure(old ? 'file' : 'absent')
        is_expected.to contain_file("#{units}/ct0-state.service.d/group.conf").with_ensure(owner == 'nagios' ? 'absent' : 'file')
        every.each { |name| is_expected.to contain_file("#{folder}/ct0_#{name}.cfg").with_ensure('absent') }
        is_expected.not_to contain_service(service)
        is_expected.not_to contain_package(service)
        is_expected.not_to contain_file(folder)
      end

      context 'with NRPE and the generator' do
        let(:hiera_config) { hiera('ct0::checks::nrpe' => true, 'ct0::checks::monitoring' => true) }

        it { is_expected.to compile.with_all_deps }

        it "has the commands in this system's place" do
          made = every.map { |name| catalogue.resource('file', "#{folder}/ct0_#{name}.cfg")[:content].lines.last }
          expect(made.sort).to eq(lines.sort)
          is_expected.to contain_exec("ct0 reload of #{service}").with_refreshonly(true).with_onlyif("systemctl -q is-active #{service}")
          is_expected.to contain_file("#{units}/ct0-monitoring.service.d/puppet.conf")
            .with_content(%r{^ExecStart=\nExecStart=/usr/bin/ct0 monitoring generate --nrpe --name=node1 --output #{folder}$})
            .with_content(/^ReadWritePaths=#{folder}$/).with_content(/^ConditionPathIsDirectory=#{folder}$/)
          %w[path service].each do |kind|
            is_expected.to contain_file("#{units}/ct0-nrpe-reload.#{kind}.d/puppet.conf").with_ensure(debian ? 'absent' : 'file')
          end
        end

        context 'when absent' do
          let(:params) { super().merge(ensure: 'absent') }

          it { is_expected.to compile.with_all_deps }

          it 'takes all of it away' do
            (every.map { |name| "ct0_#{name}" } + ['ct0-node1']).each do |name|
              is_expected.to contain_file("#{folder}/#{name}.cfg").with_ensure('absent')
            end
          end
        end
      end
    end
  end

  on_each_family do |os, facts|
    context "on #{os}, absent" do
      let(:facts) { facts }
      let(:params) { super().merge(ensure: 'absent') }
      let(:hiera_config) { hiera('ct0::checks::sudoers' => true, 'ct0::checks::checks' => { 'more' => { 'plugin' => 'check_procs' } }) }

      it 'takes all of it away' do
        is_expected.to contain_ct0__check('more').with_ensure('absent')
        ['/etc/sudoers.d/ct0', '/etc/cron.d/ct0-state', '/run/ct0/state.json'].each do |path|
          is_expected.to contain_file(path).with_ensure('absent')
        end
        %w[/var/lib/ct0/checks /var/lib/ct0/monitoring].each do |path|
          is_expected.to contain_file(path).with_ensure('absent').with_force(true)
        end
      end

      %w[ct0-state.timer ct0-monitoring.timer ct0-nrpe-reload.path].each do |name|
        it { is_expected.to contain_service(name).with_ensure('stopped').with_enable(false).that_comes_before("Ct0::Unit[#{name}]") }
      end
    end
  end

  context 'without systemd' do
    let(:facts) { every_os['Debian 12'].merge(ct0_host: ct0_host('lxc').merge('init' => 'sysvinit')) }

    it { is_expected.to compile.with_all_deps }
    it { is_expected.to contain_file('/etc/cron.d/ct0-state').with_ensure('file').with_content(%r{^\* \* \* \* \* root .*/usr/lib/ct0/ct0-read >/run/ct0/\.new && chgrp nagios }) }
    it { is_expected.to have_service_resource_count(0) }

    context 'with NRPE' do
      let(:hiera_config) { hiera('ct0::checks::nrpe' => true) }

      it { is_expected.to contain_exec('ct0 reload of nagios-nrpe-server').with_command('service nagios-nrpe-server reload') }
    end

    context 'with the generator' do
      let(:hiera_config) { hiera('ct0::checks::monitoring' => true) }

      it { is_expected.to compile.and_raise_error(/ct0::checks::monitoring: no systemd runs this host/) }
    end

    context 'when absent' do
      let(:params) { super().merge(ensure: 'absent') }
      let(:hiera_config) { hiera('ct0::checks::monitoring' => true) }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_exec('rmdir /run/ct0').that_requires('File[/run/ct0/state.json]') }
    end
  end

  context 'on Debian 12' do
    let(:facts) { every_os['Debian 12'] }

    context 'with sudo in place of the state file' do
      let(:hiera_config) { hiera('ct0::checks::sudoers' => true, 'ct0::checks::state_timer' => false, 'ct0::checks::user' => 'icinga') }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_file('/etc/sudoers.d/ct0').with_mode('0440').with_validate_cmd('/usr/sbin/visudo -cf %').with_content(/^icinga ALL=\(root\) NOPASSWD: CT0_READ$/) }
      it { is_expected.to contain_service('ct0-state.timer').with_ensure('stopped') }
      it { is_expected.to contain_file('/run/ct0/state.json').with_ensure('absent').that_requires('Service[ct0-state.timer]') }

      it 'has the rule that is shipped' do
        shipped = File.read(File.join(__dir__, '../shipped/sudoers')).lines.reject { |line| line.start_with?('#') }.join
        made = catalogue.resource('file', '/etc/sudoers.d/ct0')[:content].lines.reject { |line| line.start_with?('#') }.join
        expect(made).to eq(shipped.sub('nagios', 'icinga'))
      end
    end

    context 'with NRPE that somebody else runs' do
      let(:hiera_config) { hiera('ct0::checks::nrpe' => true) }

      it { is_expected.to contain_file('/etc/nagios/nrpe.d/ct0_ct_disk.cfg').that_notifies('Exec[ct0 reload of nagios-nrpe-server]') }
    end

    context 'on OpenVZ' do
      let(:facts) { super().merge(ct0_host: ct0_host('openvz')) }

      it { is_expected.to contain_file("#{units}/ct0-state.service.d/openvz.conf").with_content(/CAP_DAC_OVERRIDE/) }
    end

    context 'on Proxmox' do
      let(:facts) { super().merge(ct0_host: ct0_host('lxc').merge('engines' => ['proxmox'])) }

      it { is_expected.to contain_file("#{units}/ct0-state.service.d/proxmox.conf").with_content(/www-data/) }
    end

    context 'with NRPE and its service' do
      let(:hiera_config) { hiera('ct0::checks::nrpe' => true, 'ct0::checks::manage_nrpe_package' => true, 'ct0::checks::manage_nrpe_service' => true) }

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_package('nagios-nrpe-server').with_ensure('installed').that_comes_before("Exec[/etc/nagios/nrpe.d is there for NRPE's commands]").that_comes_before('Class[ct0::checks::rights]') }
      it { is_expected.to contain_service('nagios-nrpe-server').with_ensure('running') }
      it { is_expected.to contain_file('/etc/nagios/nrpe.d/ct0_ct0_health.cfg').that_notifies('Service[nagios-nrpe-server]').that_requires("Exec[/etc/nagios/nrpe.d is there for NRPE's commands]") }
      it { is_expected.not_to contain_exec('ct0 reload of nagios-nrpe-server') }
    end

    context 'with checks of its own' do
      let(:hiera_config) do
        hiera('ct0::checks::nrpe' => true, 'ct0::checks::checks' => {
                'ct_disk' => { 'plugin' => 'check_ct_disk', 'options' => { '-w' => 85 } },
                'ct_load' => { 'plugin' => 'check_ct_load', 'ensure' => 'absent' },
              })
      end

      it { is_expected.to contain_ct0__nrpe_command('ct_disk').with_command('/usr/lib/ct0/plugins/check_ct_disk -w 85').with_ensure('present') }
      it { is_expected.to contain_ct0__nrpe_command('ct_load').with_ensure('absent') }
      it { is_expected.to contain_ct0__check('ct0_procs').with_nrpe(true) }
    end

    context 'without the usual checks' do
      let(:hiera_config) { hiera('ct0::checks::defaults' => false) }

      it { is_expected.to have_ct0__check_resource_count(0) }
    end

    context 'with one format, a name, an address and options' do
      let(:hiera_config) do
        hiera(
          'ct0::checks::monitoring' => true, 'ct0::checks::monitoring_formats' => ['icinga2'], 'ct0::checks::export_name' => 'alpha',
          'ct0::checks::export_address' => '192.0.2.1', 'ct0::checks::export_endpoint' => 'alpha.example.com', 'ct0::checks::monitoring_options' => ['--exclude=test-.*']
        )
      end

      it 'generates that alone, and watches nothing of NRPE' do
        words = '--icinga2 --name=alpha --address=192.0.2.1 --endpoint=alpha.example.com --exclude=test-.* --output /var/lib/ct0/monitoring'
        text = "ExecStart=\nExecStart=/usr/bin/ct0 monitoring generate #{words}\nReadWritePaths=\n"
        is_expected.to contain_file("#{units}/ct0-monitoring.service.d/puppet.conf").with_content(/^#{Regexp.escape(text)}\z/)
        is_expected.to contain_service('ct0-nrpe-reload.path').with_ensure('stopped')
      end
    end

    context 'when exported' do
      subject { exported_resources }

      data = { 'ct0::checks::nrpe' => true, 'ct0::checks::export' => %w[nagios icinga2] }
      let(:hiera_config) { hiera(data.merge('ct0::checks::monitoring' => true)) }

      web = [{ 'engine' => 'lxc', 'id' => 'web1', 'name' => 'web1' }, { 'engine' => 'lxc', 'id' => 'web2', 'name' => 'web2' }]

      judged = {
        'ct0 health' => 'ct0_health', 'processes' => 'ct0_procs', 'containers' => 'ct_state',
        'container resources' => 'ct_resources', 'container disks' => 'ct_disk', 'container network' => 'ct_network'
      }

      it { is_expected.to contain_ct0__nagios_host('node1').with_containers(web).with_address('node1.example.com').with_tag('ct0').with_services('ct0 health' => 'ct0_health', 'processes' => 'ct0_procs') }
      it { is_expected.to contain_ct0__icinga2_host('node1').with_containers(web).with_endpoint('node1').with_tag('ct0') }

      context 'without the generator, whose commands Nagios would ask for' do
        let(:hiera_config) { hiera(data) }

        it { is_expected.to contain_ct0__nagios_host('node1').with_containers([]).with_services(judged) }
        it { is_expected.to contain_ct0__icinga2_host('node1').with_containers(web) }
      end

      context 'with containers whose names are not plain, or not their own' do
        let(:facts) do
          names = ['web1', 'WEB1', 'node1', "a\nb", 'a;b', 'x.0123456789abcdef', 'lxc.c1', nil, 'good']
          found = names.each_with_index.map { |name, number| { 'engine' => 'lxc', 'id' => "c#{number}", 'name' => name, 'running' => true } }
          found << { 'engine' => 'docker', 'id' => '-rf', 'name' => 'odd', 'running' => true }
          super().merge(ct0_host: ct0_host('lxc').merge('containers' => found, 'containers_count' => found.length))
        end

        hosts = [{ 'engine' => 'lxc', 'id' => 'c7', 'name' => 'c7' }, { 'engine' => 'lxc', 'id' => 'c8', 'name' => 'good' }]

        it 'leaves them out, and has all containers judged by CT0' do
          is_expected.to contain_ct0__nagios_host('node1').with_containers(hosts).with_services(judged)
          is_expected.to contain_ct0__icinga2_host('node1').with_containers(hosts).with_services(judged)
        end
      end

      context 'with more containers than the fact tells of' do
        let(:facts) { super().merge(ct0_host: ct0_host('lxc').merge('containers_count' => 600)) }

        it { is_expected.to contain_ct0__nagios_host('node1').with_containers(web).with_services(judged) }
      end

      context 'with a check of its own' do
        let(:hiera_config) { hiera(data.merge('ct0::checks::checks' => { 'raid' => { 'plugin' => 'check_procs', 'export' => true } })) }

        it { is_expected.to contain_ct0__nagios_service('raid on node1').with_host('node1').with_command('raid').with_tag('ct0') }
      end
    end

    context 'when exported for Nagios without NRPE' do
      let(:hiera_config) { hiera('ct0::checks::export' => ['nagios']) }

      it { is_expected.to compile.and_raise_error(/ct0::checks::export: nagios asks by NRPE/) }
    end
  end
end

describe 'ct0::checks' do
  let(:facts) { every_os['Debian 12'] }

  it { is_expected.to compile.and_raise_error(/ct0::checks: include ct0, with 'checks' among ct0::features, instead of this class/) }
end
