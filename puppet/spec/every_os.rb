# frozen_string_literal: true

require 'json'

# Facts of every supported operating system, from spec/facts, and of the hosts ct0 meets.
#
#     describe 'ct0' do
#       on_every_os do |os, facts|              # 'Debian 12', { os: {...}, ct0_host: {...} }
#         context "on #{os}" do
#           let(:facts) { facts }               # CT0 with running containers
#           it { is_expected.to compile.with_all_deps }
#
#           context 'in a container' do
#             let(:facts) { facts.merge(ct0_host: ct0_host('ct')) }
#
# The keys of the first level are symbols, those below strings, as rspec-puppet-facts has them.
# facterdb has no facts of half of these systems, and leaves a system out without a word.
module EveryOS
  FACTS = File.join(__dir__, 'facts')
  METADATA = File.join(__dir__, '..', 'metadata.json')

  # One of each kind: of all that data/ and the init systems tell apart.
  KINDS = ['Debian 12', 'Rocky 8', 'Rocky 9', 'VirtuozzoLinux 7', 'SLES 15'].freeze

  module_function

  # Yield each system's name and facts; fails unless they are those of metadata.json.
  #
  # With EVERY_OS=no it is one of each kind, which takes a fifth of the time;
  # spec/classes/every_os_spec.rb has all of the module on every system all the same.
  def on_every_os(always: false)
    chosen = always || ENV['EVERY_OS'] != 'no' ? every_os : every_os.slice(*KINDS)
    chosen.each { |os, facts| yield os, facts }
  end

  # Yield one system of each family, for what does not differ between its systems.
  def on_each_family(&block)
    every_os.select { |os, _| ['Debian 12', 'Rocky 9', 'SLES 15'].include?(os) }.each(&block)
  end

  def every_os
    @every_os ||= read_every_os
  end

  # The fact ct0_host of a host: 'lxc', 'openvz', 'empty' (CT0 without containers), 'ct', 'plain',
  # 'unknown'. nil is that of a host on which the fact is missing (no pluginsync yet).
  def ct0_host(variant)
    HOSTS.fetch(variant).dup
  end

  def read_every_os
    found = Dir.glob(File.join(FACTS, '*.json')).sort.to_h do |path|
      facts = JSON.parse(File.read(path)).transform_keys(&:to_sym)
      name, major = facts[:os].values_at('name', 'release').then { |os, release| [os, release['major']] }
      host = name == 'VirtuozzoLinux' ? 'openvz' : 'lxc'
      ["#{name} #{major}", facts.merge(legacy(facts)).merge(ct0_host: ct0_host(host))]
    end
    raise "spec/facts: #{found.keys} are not the systems of metadata.json: #{supported}" if found.keys.sort != supported

    found
  end

  # What metadata.json says is supported, e.g. ['AlmaLinux 8', ...].
  def supported
    systems = JSON.parse(File.read(METADATA)).fetch('operatingsystem_support')
    systems.flat_map do |each|
      each['operatingsystemrelease'].map { |release| "#{each['operatingsystem']} #{release}" }
    end.sort
  end

  # Puppet 7's own providers ask for these. The module must not: Puppet 8 has them no longer.
  def legacy(facts)
    return {} if Puppet.version.to_i >= 8

    os = facts[:os]
    {
      operatingsystem: os['name'], osfamily: os['family'],
      operatingsystemrelease: os['release']['full'], operatingsystemmajrelease: os['release']['major']
    }
  end

  PLAIN = {
    'role' => 'plain', 'reason' => 'no container engine was found', 'engines' => [],
    'containers' => [], 'containers_count' => 0, 'cgroup' => 'v2', 'pidof' => 'sysvinit',
    'hooks' => { '/lib/lsb/init-functions.d/99-ct0' => false, '/etc/sysconfig/init' => false },
    'diversions' => [], 'shims' => nil, 'virtual' => 'physical', 'init' => 'systemd', 'version' => nil
  }.freeze

  HOSTS = {
    'plain' => PLAIN,
    'lxc' => PLAIN.merge(
      'role' => 'ct0', 'reason' => 'lxc has containers here', 'engines' => ['lxc'],
      'containers' => [
        { 'engine' => 'lxc', 'id' => 'web1', 'name' => 'web1', 'running' => true },
        { 'engine' => 'lxc', 'id' => 'web2', 'name' => 'web2', 'running' => false },
      ],
      'containers_count' => 2
    ).freeze,
    'openvz' => PLAIN.merge(
      'role' => 'ct0', 'reason' => '/proc/bc is there and own envID is 0', 'engines' => ['openvz'],
      'containers' => [
        { 'engine' => 'openvz', 'id' => '101', 'name' => 'mail', 'running' => true },
        { 'engine' => 'openvz', 'id' => '102', 'name' => 'shop', 'running' => true },
      ],
      'containers_count' => 2, 'cgroup' => 'v1', 'pidof' => 'procps', 'virtual' => 'openvzhn'
    ).freeze,
    'empty' => PLAIN.merge(
      'role' => 'ct0', 'reason' => 'lxc is installed here', 'engines' => ['lxc']
    ).freeze,
    'ct' => PLAIN.merge(
      'role' => 'ct', 'reason' => 'PID 1 was started with container=lxc', 'virtual' => 'lxc'
    ).freeze,
    'unknown' => PLAIN.merge('role' => 'unknown', 'reason' => '/proc is not mounted').freeze
  }.freeze
end
