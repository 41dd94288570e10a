# frozen_string_literal: true

require 'spec_helper'
require 'hiera_data'
require 'yaml'

# The class is ct0's; its parameters come from Hiera.
describe 'ct0' do
  loader = '/usr/lib/ct0/ct0-firewall'
  expected = '/etc/ct0/expectations.d/puppet-firewall.yaml'
  nft = {
    'ct0::firewall::policy' => { 'inet filter input' => 'drop' },
    'ct0::firewall::rules' => ['inet filter input iif lo accept', 'inet filter input ip saddr @trusted accept', 'ip nat postrouting masquerade',
                               'inet filter more counter  accept'],
    'ct0::firewall::sets' => { 'inet filter trusted' => ['10.0.0.0/8', '192.0.2.1'], 'inet filter ports' => %w[22 80] },
    'ct0::firewall::chains' => ['inet filter forward']
  }
  iptables = {
    'ct0::firewall::framework' => 'iptables', 'ct0::firewall::family' => %w[ipv4 ipv6],
    'ct0::firewall::policy' => { 'INPUT' => 'DROP', 'nat OUTPUT' => 'ACCEPT' },
    'ct0::firewall::rules' => ['-A INPUT -i lo -j ACCEPT', '-A INPUT -m comment --comment "a b" -j MINE', '-A MINE -j RETURN',
                               '-t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080']
  }

  def rules(path)
    catalogue.resource('file', path)[:content]
  end

  def expectation
    YAML.safe_load(rules('/etc/ct0/expectations.d/puppet-firewall.yaml'))['firewall'].first
  end

  on_every_os do |os, facts|
    family = facts[:os]['family']
    boot = {
      'Debian' => ['/etc/nftables.conf nftables', '/etc/iptables/rules.v4 netfilter-persistent', '/etc/iptables/rules.v6 netfilter-persistent'],
      'RedHat' => ['/etc/sysconfig/nftables.conf nftables', '/etc/sysconfig/iptables iptables', '/etc/sysconfig/ip6tables ip6tables'],
      'Suse' => ['/etc/nftables.conf ct0-firewall', '/etc/iptables/rules.v4 ct0-firewall', '/etc/iptables/rules.v6 ct0-firewall']
    }.fetch(family)

    context "on #{os}" do
      let(:facts) { facts }
      let(:params) { { features: %w[firewall] } }

      context 'with nft' do
        let(:hiera_config) { hiera(nft) }

        it 'has all of it' do
          is_expected.to compile.with_all_deps
          is_expected.to contain_file(loader).with_mode('0755').that_requires('Package[nftables]')
          is_expected.to contain_file('/etc/ct0/firewall/nft').with_validate_cmd("#{loader} test nft %")
          is_expected.to contain_exec('ct0 firewall apply nft').with_command("#{loader} apply nft #{boot[0]}").with_unless("test -x #{loader} && #{loader} check nft #{boot[0].split[0]}")
          is_expected.to contain_service(boot[0].split[1]).with_enable(true).without_ensure.that_requires('Exec[ct0 firewall apply nft]')
          is_expected.to contain_exec('ct0 firewall remove ipv4').with_command("#{loader} remove ipv4 #{boot[1]}").that_comes_before('Exec[ct0 firewall apply nft]')
          is_expected.to contain_file(expected).that_requires('Exec[ct0 firewall apply nft]').without_validate_cmd
          is_expected.to contain_ct0__unit('ct0-firewall.service').with_content(%r{^ExecStart=/usr/sbin/nft -f /etc/nftables\.conf$}) if family == 'Suse'
          is_expected.not_to contain_ct0__unit('ct0-firewall.service') unless family == 'Suse'
        end
      end

      context 'with iptables of both families' do
        let(:hiera_config) { hiera(iptables) }

        it 'has all of it' do
          is_expected.to compile.with_all_deps
          is_expected.to contain_exec('ct0 firewall apply ipv4').with_command("#{loader} apply ipv4 #{boot[1]}")
          is_expected.to contain_exec('ct0 firewall apply ipv6').with_command("#{loader} apply ipv6 #{boot[2]}")
          is_expected.to contain_service(boot[1].split[1]).with_enable(true)
          is_expected.to contain_service(boot[2].split[1]).with_enable(true)
          is_expected.to contain_exec('ct0 firewall remove nft')
        end
      end
    end
  end

  # That it compiles on every system, ct0_spec.rb sees. The features make it a catalogue that no other spec has: one that
  # rspec-puppet keeps has the providers of the system before.
  on_each_family do |os, facts|
    family = facts[:os]['family']
    boot = {
      'Debian' => ['/etc/nftables.conf nftables', '/etc/iptables/rules.v4 netfilter-persistent', '/etc/iptables/rules.v6 netfilter-persistent'],
      'RedHat' => ['/etc/sysconfig/nftables.conf nftables', '/etc/sysconfig/iptables iptables', '/etc/sysconfig/ip6tables ip6tables'],
      'Suse' => ['/etc/nftables.conf ct0-firewall', '/etc/iptables/rules.v4 ct0-firewall', '/etc/iptables/rules.v6 ct0-firewall']
    }.fetch(family)

    context "absent on #{os}" do
      let(:facts) { facts }
      let(:params) { { ensure: 'absent', features: %w[firewall] } }

      it { is_expected.to compile.with_all_deps }

      %w[nft ipv4 ipv6].each_with_index do |kind, at|
        it {
          is_expected.to contain_exec("ct0 firewall remove #{kind}").with_command("#{loader} remove #{kind} #{boot[at]}")
            .with_onlyif("test -x #{loader} && test -d /var/lib/ct0/firewall/#{kind}").that_comes_before("File[#{loader}]")
        }
      end

      it 'has all of it' do
        is_expected.to contain_file('/etc/ct0/firewall').with_ensure('absent')
        is_expected.to contain_file(expected).with_ensure('absent')
        is_expected.to contain_ct0__unit('ct0-firewall.service').with_ensure('absent') if family == 'Suse'
      end
    end
  end

  every_os.slice('Debian 12').each_value do |facts|
    let(:facts) { facts }
    let(:params) { { features: %w[firewall] } }

    context 'with nft' do
      let(:hiera_config) { hiera(nft) }

      it 'writes tables that replace themselves, and no others' do
        expect(rules('/etc/ct0/firewall/nft')).to eq(<<~NFT)
          #!/usr/sbin/nft -f
          # Managed by Puppet, class ct0::firewall. Loading it replaces these tables and no others.

          table inet filter
          delete table inet filter

          table inet filter {
          \tset trusted {
          \t\ttype ipv4_addr
          \t\tflags interval
          \t\telements = { 10.0.0.0/8, 192.0.2.1 }
          \t}
          \tset ports {
          \t\ttype inet_service
          \t\telements = { 22, 80 }
          \t}
          \tchain input {
          \t\ttype filter hook input priority 0; policy drop;
          \t\tiif lo accept
          \t\tip saddr @trusted accept
          \t}
          \tchain forward {
          \t\ttype filter hook forward priority 0; policy accept;
          \t}
          \tchain more {
          \t\tcounter  accept
          \t}
          }

          table ip nat
          delete table ip nat

          table ip nat {
          \tchain postrouting {
          \t\ttype nat hook postrouting priority 100; policy accept;
          \t\tmasquerade
          \t}
          }
        NFT
      end

      it 'expects the same' do
        expect(expectation).to eq(
          'id' => 'puppet-firewall', 'for' => { 'kind' => %w[ct0 host], 'node' => %w[node1 node1.example.com] },
          'why' => 'ct0::firewall of Puppet loads these', 'framework' => 'nft', 'mode' => 'exact', 'saved' => true,
          'policy' => nft['ct0::firewall::policy'], 'rules' => nft['ct0::firewall::rules'], 'sets' => nft['ct0::firewall::sets'],
          'chains' => ['inet filter *', 'ip nat *']
        )
      end
    end

    context 'with hooks, a probe and more' do
      let(:params) { { features: %w[firewall verify] } }
      let(:hiera_config) do
        hiera(
          nft.merge(
            'ct0::firewall::hooks' => { 'inet filter input' => { 'hook' => 'input', 'priority' => 'filter - 5' },
                                        'netdev edge in' => { 'hook' => 'ingress', 'device' => 'eth0', 'priority' => -500 } },
            'ct0::firewall::probe' => "ping -c 1 192.0.2.1 | grep -q '1 received'", 'ct0::firewall::conntrack' => true,
            'ct0::firewall::foreign' => ['inet mine', 'MY-*'], 'ct0::firewall::expectation' => { 'severity' => 'warning', 'saved' => false },
            'ct0::firewall::manage_packages' => false
          )
        )
      end

      it { is_expected.to compile.with_all_deps }
      it { is_expected.to contain_file('/etc/ct0/firewall/nft').with_content(/type filter hook input priority filter - 5; policy drop;/) }
      it { is_expected.to contain_file('/etc/ct0/firewall/nft').with_content(/type filter hook ingress device "eth0" priority -500; policy accept;/) }
      it { is_expected.to contain_file('/etc/ct0/firewall/probe').with_content("ping -c 1 192.0.2.1 | grep -q '1 received'\n").that_comes_before('Exec[ct0 firewall apply nft]') }
      it { is_expected.to contain_file('/etc/ct0/firewall/foreign').with_content("inet mine\nMY-*\n") }
      it { expect(expectation).to include('conntrack' => true, 'severity' => 'warning', 'saved' => false, 'foreign' => ['inet mine', 'MY-*']) }
      it { is_expected.to contain_file(expected).with_validate_cmd('/usr/bin/ct0 verify check %') }
      it { is_expected.not_to contain_package('nftables') }
    end

    context 'with iptables' do
      let(:hiera_config) { hiera(iptables) }

      it 'names the chains, and no policy that was not given' do
        expect(rules('/etc/ct0/firewall/ipv6')).to eq(<<~IPTABLES)
          # Managed by Puppet, class ct0::firewall.
          *filter
          :INPUT DROP [0:0]
          :MINE - [0:0]
          -A INPUT -i lo -j ACCEPT
          -A INPUT -m comment --comment "a b" -j MINE
          -A MINE -j RETURN
          COMMIT
          *nat
          :OUTPUT ACCEPT [0:0]
          -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080
          COMMIT
        IPTABLES
      end

      it 'expects the same' do
        expect(expectation).to include('framework' => 'iptables', 'family' => %w[ipv4 ipv6], 'rules' => iptables['ct0::firewall::rules'])
      end
    end

    context 'with none' do
      let(:hiera_config) { hiera('ct0::firewall::framework' => 'none') }

      it { is_expected.to compile.with_all_deps }
      it { %w[nft ipv4 ipv6].each { |kind| is_expected.to contain_exec("ct0 firewall remove #{kind}") } }
    end

    {
      'neither a policy nor a rule' => {},
      'these are the other\'s: -A INPUT' => { 'ct0::firewall::rules' => ['-A INPUT -j DROP'] },
      'these are the other\'s: inet filter input' => iptables.merge('ct0::firewall::policy' => { 'inet filter input' => 'drop' }),
      'has a policy and no hook' => { 'ct0::firewall::policy' => { 'inet filter mine' => 'drop' } },
      "parameter 'policy'" => { 'ct0::firewall::policy' => { 'INPUT' => 'REJECT' } },
      "parameter 'rules'" => { 'ct0::firewall::rules' => ["inet filter input accept\n}\ntable inet x {"] },
      "parameter 'sets'" => { 'ct0::firewall::sets' => { 'trusted' => ['10.0.0.1'] } },
      "parameter 'probe'" => nft.merge('ct0::firewall::probe' => "true\nfalse")
    }.each do |message, data|
      context "with #{data}" do
        let(:hiera_config) { hiera(data) }

        it { is_expected.to compile.and_raise_error(/#{message}/) }
      end
    end
  end
end
