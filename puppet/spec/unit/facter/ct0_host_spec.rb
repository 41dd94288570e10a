# frozen_string_literal: true

require 'spec_helper'
require 'facter'
require 'fileutils'
require 'tmpdir'
require_relative '../../../lib/puppet_x/ct0/host'

# Hosts as folders. The recorded ones are held beside ct0 itself by the project's own tests.
describe 'the fact ct0_host' do
  around do |example|
    Dir.mktmpdir('ct0-host') do |folder|
      @root = folder
      example.run
    end
  end

  def write(path, text = '')
    file = File.join(@root, path)
    FileUtils.mkdir_p(File.dirname(file))
    File.binwrite(file, text)
  end

  def link(path, goal)
    FileUtils.mkdir_p(File.dirname(File.join(@root, path)))
    File.symlink(goal, File.join(@root, path))
  end

  def process(pid, cgroup: "0::/init.scope\n", namespace: 'pid:[4026531836]', status: "Uid:\t0\t0\t0\t0\nNSpid:\t#{pid}\n", comm: 'systemd')
    write("proc/#{pid}/stat", "#{pid} (#{comm}) S 0 1 1 #{'0 ' * 40}")
    write("proc/#{pid}/status", "Name:\t#{comm}\nPid:\t#{pid}\n#{status}")
    write("proc/#{pid}/cgroup", cgroup)
    write("proc/#{pid}/comm", "#{comm}\n")
    write("proc/#{pid}/cmdline", "/sbin/#{comm}\0")
    link("proc/#{pid}/ns/pid", namespace)
  end

  def fact
    PuppetX::Ct0::Host.fact(@root)
  end

  it 'is unknown without /proc' do
    expect(fact).to include('role' => 'unknown', 'engines' => [], 'reason' => 'there are no processes in /proc')
  end

  context 'with processes' do
    before { process(1) }

    it 'is plain without an engine' do
      expect(fact).to eq(
        'role' => 'plain', 'reason' => 'there is no container engine', 'engines' => [], 'containers' => [], 'containers_count' => 0,
        'cgroup' => 'none', 'pidof' => 'none', 'hooks' => { '/lib/lsb/init-functions.d/99-ct0' => false, '/etc/sysconfig/init' => false },
        'diversions' => [], 'shims' => nil, 'virtual' => nil, 'init' => 'systemd', 'version' => nil
      )
    end

    it 'is ct0 with an engine and no container' do
      write('usr/bin/lxc-start')
      expect(fact).to include('role' => 'ct0', 'engines' => ['lxc'], 'reason' => 'lxc can run containers here; there is none yet')
    end

    it 'counts no engine for systemd-nspawn, which is on many hosts' do
      write('usr/bin/systemd-nspawn')
      expect(fact).to include('role' => 'plain')
    end

    it 'has at most 500 containers, and says how many there are' do
      600.times { |number| write(format('var/lib/lxc/c%03d/config', number), "lxc.uts.name = web\n") }
      expect(fact['containers'].length).to eq(500)
      expect(fact).to include('containers_count' => 600, 'role' => 'ct0')
      expect(fact['containers'].first).to eq('engine' => 'lxc', 'id' => 'c000', 'name' => 'web', 'running' => false)
    end

    it 'makes names harmless' do
      write("var/lib/lxc/a\e[31m\n\xff\u202e/config".b, "lxc.uts.name = x\ty\n")
      expect(fact['containers'][0]).to include('id' => 'a?[31m???', 'name' => 'x?y')
    end

    it 'survives garbage in every file' do
      garbage = "\x00\xff{[\n=:".b
      %w[etc/docker/daemon.json var/lib/docker/containers/x/config.v2.json etc/vz/conf/101.conf etc/pve/lxc/7.conf proc/mounts
         run/systemd/machines/m var/lib/containers/storage/overlay-containers/containers.json usr/lib/ct0/ct0-shims
         run/containerd/io.containerd.runtime.v2.task/default/web1/config.json proc/2/status proc/2/cgroup proc/2/stat].each { |path| write(path, garbage) }
      expect(fact).to include('role' => 'ct0', 'engines' => %w[openvz proxmox containerd docker], 'shims' => nil)
    end

    it 'is not held up by a pipe' do
      FileUtils.mkdir_p(File.join(@root, 'var/lib/lxc/web1'))
      File.mkfifo(File.join(@root, 'var/lib/lxc/web1/config'))
      expect(fact).to include('role' => 'plain')
    end

    { 'cgroup' => 'v1', 'cgroup2' => 'v2', 'cgroup cgroup2' => 'hybrid' }.each do |types, version|
      it "knows cgroup #{version}" do
        write('proc/mounts', types.split.map { |type| "x /sys/fs/cgroup/#{type} #{type} rw,memory 0 0\n" }.join)
        expect(fact['cgroup']).to eq(version)
      end
    end

    it "takes a version 1 hierarchy without controllers for systemd's own" do
      write('proc/mounts', "x /sys/fs/cgroup cgroup2 rw 0 0\nx /sys/fs/cgroup/systemd cgroup rw,xattr,name=systemd 0 0\n")
      expect(fact['cgroup']).to eq('v2')
    end

    it 'knows what is laid out' do
      write('usr/lib/ct0/ct0-shims', %(#!/usr/bin/python3 -IS\n"""ct0 0.1.0: killproc, pidof and their family\n))
      write('lib/lsb/init-functions.d/99-ct0')
      write('etc/sysconfig/init', "BOOTUP=color\n")
      write('usr/bin/pidof.distrib.usr-is-merged', "\x7fELF procps-ng".b)
      link('usr/bin/pidof', '/usr/lib/ct0/ct0-shims')
      link('usr/bin/killall', 'killall.real')
      link('bin', 'usr/bin')
      link('opt/ct0/current', '0.1.0')
      expect(fact).to include(
        'shims' => '0.1.0', 'version' => '0.1.0', 'diversions' => ['/usr/bin/pidof'], 'pidof' => 'procps',
        'hooks' => { '/lib/lsb/init-functions.d/99-ct0' => true, '/etc/sysconfig/init' => false }
      )
    end

    it "knows RHEL's hook and sysvinit's pidof, and the version of a package" do
      write('etc/sysconfig/init', "PATH=/usr/lib/ct0/shims:$PATH  # ct0: ...\n")
      link('sbin/pidof', 'killall5')
      write('usr/lib/python3.9/site-packages/ct0-0.2.0.dist-info/METADATA')
      expect(fact).to include('pidof' => 'sysvinit', 'version' => '0.2.0')
      expect(fact['hooks']['/etc/sysconfig/init']).to be(true)
    end

    it "knows the version of ct0's own RPMs" do
      write('usr/lib/ct0/python/ct0-0.3.0.dist-info/METADATA')
      expect(fact).to include('version' => '0.3.0')
    end
  end

  context 'with OpenVZ' do
    def status(env_id)
      "Uid:\t0\t0\t0\t0\nenvID:\t#{env_id}\n"
    end

    it 'is ct0 on the node' do
      process(1, status: status(0), comm: 'init')
      process(50, status: status(101), namespace: 'pid:[1]')
      write('proc/bc/resources')
      write('etc/vz/conf/101.conf', %(HOSTNAME="mail.example.com"\n))
      write('etc/vz/conf/102.conf')
      expect(fact).to include(
        'role' => 'ct0', 'engines' => ['openvz'], 'virtual' => 'openvzhn', 'init' => 'sysvinit',
        'containers' => [{ 'engine' => 'openvz', 'id' => '101', 'name' => 'mail.example.com', 'running' => true },
                         { 'engine' => 'openvz', 'id' => '102', 'name' => '', 'running' => false }]
      )
    end

    it 'is a container where envID is not 0' do
      process(1, status: status('3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1'))
      write('proc/vz/veinfo')
      expect(fact).to include('role' => 'ct', 'virtual' => 'openvzve', 'reason' => 'envID is 3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1')
    end

    it 'is a container where a kernel without envID shows /proc/vz alone' do
      process(1)
      write('proc/vz/veinfo')
      expect(fact).to include('role' => 'ct', 'virtual' => 'openvzve')
    end
  end

  context 'in a container' do
    {
      'lxc' => 'lxc', 'systemd-nspawn' => 'systemd_nspawn', 'oci' => 'podman', 'odd' => 'container_other',
      '3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1' => 'openvzve'
    }.each do |word, virtual|
      it "says #{virtual} where its init has container=#{word}" do
        process(1)
        write('proc/1/environ', "PATH=/bin\0container=#{word}\0")
        expect(fact).to include('role' => 'ct', 'virtual' => virtual, 'reason' => "/proc/1/environ says #{word}")
      end
    end

    it "believes systemd's copy of the word" do
      process(1)
      write('run/systemd/container', "lxc\n")
      expect(fact).to include('role' => 'ct', 'virtual' => 'lxc')
    end

    it 'knows Docker by its file and by its cgroup' do
      process(1)
      write('.dockerenv')
      expect(fact).to include('role' => 'ct', 'virtual' => 'docker')
      write('proc/1/cgroup', "0::/docker/#{'a' * 64}\n")
      expect(fact['reason']).to start_with('PID 1 is in the cgroup /docker/aaa')
    end

    it 'knows it by the PID namespace at last' do
      process(1, namespace: 'pid:[4026532100]')
      expect(fact).to include('role' => 'ct', 'virtual' => 'container_other')
    end

    it 'is CT0 to the containers that it has itself' do
      process(1, cgroup: "0::/lxc.payload.node\n", namespace: 'pid:[4026532100]')
      process(9, cgroup: "0::/lxc.payload.node/lxc.payload.web1\n", namespace: 'pid:[4026532200]', status: "NSpid:\t9\t1\n")
      expect(fact).to include('role' => 'ct0', 'virtual' => 'lxc')
      expect(fact['containers']).to eq([{ 'engine' => 'lxc', 'id' => 'web1', 'name' => 'web1', 'running' => true }])
    end
  end

  describe 'work apart' do
    it 'is given up after a while, and what was told by then is kept' do
      told, ended = PuppetX::Ct0::Apart.run(0.2) do |tell|
        tell.call('a' => 1)
        sleep 60
      end
      expect([told, ended]).to eq([{ 'a' => 1 }, false])
    end

    it 'says what went wrong' do
      told, ended = PuppetX::Ct0::Apart.run(10) { |_| raise 'odd' }
      expect([told, ended]).to eq([{ 'error' => 'RuntimeError: odd' }, true])
    end
  end

  it 'becomes a fact of Facter' do
    Facter.clear
    load File.expand_path('../../../lib/facter/ct0_host.rb', __dir__)
    expect(Facter.fact(:ct0_host)).not_to be_nil
    expect(PuppetX::Ct0::Host.fact.keys).to eq(PuppetX::Ct0::Host::EMPTY.keys)
  end
end
