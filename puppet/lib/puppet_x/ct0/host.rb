# frozen_string_literal: true

require_relative 'apart'
require_relative 'containers'
require_relative 'inside'
require_relative 'laid_out'

module PuppetX
  module Ct0
    # The fact ct0_host: what this machine is to ct0. It reads files, in a process of its own that
    # is given up after a while, runs no command, and raises nothing.
    module Host
      SECONDS = 5
      MOST = 500 # containers in the fact; a fact is sent to the server at each run

      EMPTY = {
        'role' => 'unknown', 'reason' => '', 'engines' => [], 'containers' => [], 'containers_count' => 0,
        'cgroup' => 'none', 'pidof' => 'none', 'hooks' => LaidOut::HOOKS.transform_values { false },
        'diversions' => [], 'shims' => nil, 'virtual' => nil, 'init' => 'unknown', 'version' => nil
      }.freeze

      module_function

      def fact(root = '/', seconds: SECONDS)
        told, ended = Apart.run(seconds) { |tell| describe(Files.new(root), tell) }
        at = told.delete('at')
        error = told.delete('error')
        fact = EMPTY.merge(told)
        unless ended && error.nil?
          reason = error || "reading the files of #{at || '/proc'} did not end within #{seconds} s"
          fact['reason'] = fact['role'] == 'ct0' ? "#{fact['reason']}; #{reason}" : reason
          fact['role'] = 'unknown' unless fact['role'] == 'ct0'
        end
        fact
      rescue StandardError => e
        EMPTY.merge('reason' => Files.plain("#{e.class}: #{e.message}"))
      end

      # Tells step by step, what cannot hang first: /proc, then files, last the engines' folders.
      def describe(files, tell)
        tell.call(around(files))
        containers = Containers.new(files)
        inside = Inside.look(files, containers.ownership)
        tell.call('virtual' => inside[0]) if inside
        tell.call(summary(containers.running, containers, inside, []))
        laid_out = LaidOut.new(files)
        tell.call(
          'hooks' => laid_out.hooks, 'diversions' => laid_out.diversions, 'shims' => laid_out.shims,
          'version' => laid_out.version, 'pidof' => laid_out.pidof
        )
        all = containers.all { |engine| tell.call('at' => engine) }
        installed = Engines::NAMES.select { |engine| containers.engines.installed?(engine) }
        tell.call(summary(all, containers, inside, installed))
      rescue ForeignProc, Errno::ENOENT => e
        tell.call('role' => 'unknown', 'reason' => Files.plain(e.message))
      end

      def around(files)
        { 'cgroup' => cgroup(files), 'init' => init(files) }
      end

      def summary(found, containers, inside, installed)
        engines = found.map(&:engine) | installed
        engines |= ['openvz'] if containers.ownership.env_id == '0'
        engines = Engines::NAMES & engines
        role, reason = role(found, engines, inside)
        openvz = engines.include?('openvz') && inside.nil?
        {
          'role' => role, 'reason' => reason, 'engines' => engines, 'containers_count' => found.length,
          'containers' => found.first(MOST).map { |each| record(each) }
        }.merge(openvz ? { 'virtual' => 'openvzhn' } : {})
      end

      # Who has containers is CT0, in a container or not: it can reach theirs.
      def role(found, engines, inside)
        if found.any?
          counts = found.group_by(&:engine).map { |engine, all| "#{all.length} of #{engine}" }
          return ['ct0', "there are containers: #{counts.join(', ')}"]
        end
        return ['ct', inside[1]] if inside
        return ['ct0', "#{engines.join(', ')} can run containers here; there is none yet"] if engines.any?

        ['plain', 'there is no container engine']
      end

      def record(container)
        {
          'engine' => container.engine, 'id' => Files.plain(container.ctid),
          'name' => Files.plain(container.name), 'running' => container.running
        }
      end

      # v1 has controllers of its own, v2 none but cgroup2's; hybrid has both mounted.
      def cgroup(files)
        mounts = (files.read('/proc/self/mounts') || files.read('/proc/mounts') || '').split("\n").map(&:split)
        v1 = mounts.select { |words| words[2] == 'cgroup' }
        v2 = mounts.any? { |words| words[2] == 'cgroup2' }
        v1 = v1.reject { |words| (words[3] || '').split(',').any? { |option| option.start_with?('name=') } } if v2
        return v2 ? 'hybrid' : 'v1' if v1.any?

        v2 ? 'v2' : 'none'
      end

      def init(files)
        return 'systemd' if files.folder?('/run/systemd/system')
        return 'openrc' if files.folder?('/run/openrc')

        comm = (files.read('/proc/1/comm') || '').strip
        return comm.empty? ? 'unknown' : Files.plain(comm) unless comm == 'init'

        files.exist?('/sbin/initctl') && files.folder?('/etc/init') ? 'upstart' : 'sysvinit'
      end
    end
  end
end
