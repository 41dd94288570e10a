# frozen_string_literal: true

require 'json'
require_relative 'files'
require_relative 'marks'

module PuppetX
  module Ct0
    # The containers that each engine's files on the host name, running or not. No daemon is asked,
    # and nothing below a container's root is opened.
    class Engines
      Named = Struct.new(:engine, :ctid, :name, :running, :leader)

      NAMES = %w[openvz proxmox incus lxc podman containerd docker nspawn libvirt].freeze
      # What says that an engine is installed, though it has no container yet.
      INSTALLED = {
        'openvz' => ['/proc/bc'],
        'proxmox' => ['/usr/sbin/pct', '/usr/bin/pct'],
        'incus' => ['/usr/bin/incusd', '/usr/libexec/incus/incusd', '/usr/sbin/lxd', '/usr/bin/lxd',
                    '/snap/bin/lxd', '/var/lib/incus', '/var/lib/lxd'],
        'lxc' => ['/usr/bin/lxc-start'],
        'podman' => ['/usr/bin/podman'],
        'containerd' => ['/usr/bin/containerd', '/usr/bin/crio', '/usr/local/bin/containerd'],
        'docker' => ['/usr/bin/dockerd', '/usr/sbin/dockerd']
      }.freeze

      INCUS = ['/var/lib/incus/containers', '/var/lib/lxd/containers',
               '/var/snap/lxd/common/lxd/containers'].freeze
      NOT_JSON = [JSON::ParserError, KeyError, TypeError, NoMethodError].freeze

      # `commands`: command lines of root's own processes, in which daemons and monitors are found.
      def initialize(files, commands)
        @files = files
        @commands = commands
      end

      def configured(engine)
        respond_to?(engine, true) ? send(engine) : []
      end

      def installed?(engine)
        INSTALLED.fetch(engine, []).any? { |path| @files.exist?(path) }
      end

      private

      # /etc/vz/conf/CTID.conf but the host's own 0.conf
      def openvz
        @files.entries('/etc/vz/conf').map do |file|
          ctid = file[/\A(.+)\.conf\z/, 1]
          next unless ctid && ctid =~ Marks::CTID && ctid != '0'

          keys = @files.settings("/etc/vz/conf/#{file}") || {}
          Named.new('openvz', ctid, [keys['NAME'], keys['HOSTNAME'], ''].find { |name| !blank?(name) } || '')
        end.compact
      end

      # /etc/pve/lxc/CTID.conf; what follows its first [snapshot] line is the past
      def proxmox
        @files.entries('/etc/pve/lxc').map do |file|
          ctid = file[/\A([0-9]+)\.conf\z/, 1]
          next unless ctid

          now = (@files.read("/etc/pve/lxc/#{file}") || '').split(/^\[/, 2)[0] || ''
          names = now.scan(/^([^#:\n]*):(.*)$/).select { |key, _| key.strip == 'hostname' }
          Named.new('proxmox', ctid, names.empty? ? '' : names[-1][1].strip)
        end.compact
      end

      # A project's container is PROJECT_NAME there; no container's own name has an underscore.
      def incus
        monitored = lxcpaths.select { |path| path.end_with?('/containers') }
        known = INCUS.select { |folder| @files.folder?(folder) }
        (known | monitored).flat_map do |folder|
          @files.entries(folder).map { |name| Named.new('incus', name, name.rpartition('_')[2]) }
        end
      end

      # A `config` below the default lxcpath and below those of running monitors
      def lxc
        ['/var/lib/lxc', *lxcpaths].flat_map do |folder|
          @files.entries(folder).map do |name|
            keys = @files.settings("#{folder}/#{name}/config")
            keys && Named.new('lxc', name, blank?(keys['lxc.uts.name']) ? name : keys['lxc.uts.name'])
          end.compact
        end
      end

      # [lxc monitor] /srv/lxc web1
      def lxcpaths
        @lxcpaths ||= @commands.map do |command|
          words = command.join(' ').split
          next unless words[0, 2] == ['[lxc', 'monitor]'] && words.length >= 4

          words[2].chomp('/') if words[2].start_with?('/')
        end.compact.uniq.sort - ['/var/lib/lxc']
      end

      # The storage library's records, and the monitors of containers it does not know (--rootfs)
      def podman
        storage = '/var/lib/containers/storage'
        names = conmons
        found = @files.entries(storage).grep(/-containers\z/).flat_map do |folder|
          %w[containers.json volatile-containers.json].flat_map do |file|
            json_list("#{storage}/#{folder}/#{file}").map do |record|
              ctid = record.fetch('id').to_s
              names.delete(ctid).then { |name| Named.new('podman', ctid, [*record['names'], name, ''].compact[0].to_s) }
            end
          end
        end
        found + names.map { |ctid, name| Named.new('podman', ctid, name) }
      end

      # conmon ... -c ID ... -n NAME ...
      def conmons
        @commands.each_with_object({}) do |command, found|
          next unless command[0] && File.basename(command[0]) == 'conmon'

          options = command.each_cons(2).to_h
          found[options['-c']] = options['-n'] || '' if options['-c'] =~ Marks::ID
        end
      end

      # containerd's tasks; Docker's (namespace moby) are Docker's
      def containerd
        state = '/run/containerd/io.containerd.runtime.v2.task'
        (@files.entries(state) - ['moby']).flat_map do |namespace|
          @files.entries("#{state}/#{namespace}").map do |ctid|
            bundle = "#{state}/#{namespace}/#{ctid}"
            text = @files.read("#{bundle}/config.json")
            text && Named.new('containerd', ctid, task_name(text) || ctid, false, leader("#{bundle}/init.pid"))
          end.compact
        end
      end

      def task_name(text)
        (JSON.parse(text)['annotations'] || {})['io.kubernetes.cri.container-name']
      rescue *NOT_JSON
        nil
      end

      def docker
        data_roots.flat_map do |data|
          @files.entries("#{data}/containers").map do |ctid|
            text = @files.read("#{data}/containers/#{ctid}/config.v2.json")
            text && docker_record(ctid, text)
          end.compact
        end
      end

      def docker_record(ctid, text)
        record = JSON.parse(text)
        state = record.fetch('State')
        pid = state['Pid'].to_i
        Named.new('docker', ctid, record.fetch('Name').sub(%r{\A/+}, ''), false, pid.zero? ? nil : pid)
      rescue *NOT_JSON
        Named.new('docker', ctid, '') # half written: it exists all the same
      end

      # The default one, that of daemon.json, and those of running dockerds' command lines
      def data_roots
        found = ['/var/lib/docker', configured_data_root]
        @commands.each do |command|
          next unless command[0] && File.basename(command[0]) == 'dockerd'

          command.each_with_index do |word, at|
            key, equals, value = word.partition('=')
            next unless ['--data-root', '-g', '--graph'].include?(key)

            found << (equals.empty? ? command[at + 1] : value)
          end
        end
        found.grep(%r{\A/}).map { |path| path.chomp('/') }.uniq
      end

      def configured_data_root
        text = @files.read('/etc/docker/daemon.json')
        root = text && JSON.parse(text)['data-root']
        root.is_a?(String) ? root : nil
      rescue *NOT_JSON
        nil
      end

      # What machined knows to run, then the images
      def nspawn
        running = @files.entries('/run/systemd/machines').map do |name|
          next if name.start_with?('unit:')

          keys = @files.settings("/run/systemd/machines/#{name}") || {}
          next if keys['CLASS'] != 'container' || keys['SERVICE'] == 'libvirt-lxc'

          Named.new('nspawn', name, name, true, keys['LEADER'].to_i)
        end.compact
        names = @files.entries('/var/lib/machines').map { |image| image.delete_suffix('.raw') }
        names = names.reject { |name| name.start_with?('.') }.uniq - running.map(&:ctid)
        running + names.map { |name| Named.new('nspawn', name, name) }
      end

      def leader(path)
        pid = (@files.read(path) || '').to_i
        pid.zero? ? nil : pid
      end

      def json_list(path)
        text = @files.read(path)
        list = text ? JSON.parse(text) : []
        list.is_a?(Array) ? list.select { |each| each.is_a?(Hash) && each.key?('id') } : []
      rescue *NOT_JSON
        [] # half written: what runs is found by its cgroup all the same
      end

      def blank?(text)
        text.nil? || text.empty?
      end
    end
  end
end
