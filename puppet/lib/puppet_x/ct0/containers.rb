# frozen_string_literal: true

require_relative 'engines'
require_relative 'ownership'

module PuppetX
  module Ct0
    # Every container of a host, running and stopped: the process table (who runs), joined with the
    # engines' files (who exists, under which name).
    class Containers
      Container = Struct.new(:engine, :ctid, :name, :running)

      # LXC's cgroups serve three engines; which one, only their files tell.
      FAMILY = { 'proxmox' => 'lxc', 'incus' => 'lxc' }.freeze

      attr_reader :ownership

      def initialize(files)
        @files = files
        @ownership = Ownership.new(files)
        @running = {}
        @commands = []
        scan
      end

      # What the process table alone says.
      def running
        @running.map { |(_, ctid), engine| Container.new(engine, ctid, ctid, true) }
      end

      # Containers by engine and ID. Yields an engine's name before its files are looked at.
      def all
        groups = @running.dup
        found = {}
        Engines::NAMES.each do |engine|
          yield engine if block_given?
          engines.configured(engine).each do |named|
            key = [FAMILY.fetch(engine, engine), named.ctid]
            # Proxmox's have an LXC configuration too: the first engine has them.
            found[key] ||= Container.new(engine, named.ctid, named.name, !groups.delete(key).nil? || leads?(named))
          end
        end
        groups.each { |(family, ctid), engine| add_unnamed(found, family, ctid, engine) }
        found.values.sort_by { |each| [each.engine, number(each.ctid), each.ctid] }
      end

      def engines
        @engines ||= Engines.new(@files, @commands)
      end

      private

      def scan
        names = Dir.children(@files.path('/proc')).grep(/\A[0-9]+\z/)
        names.map(&:to_i).sort.each do |pid|
          owner = @ownership.owner(pid)
          case owner&.kind
          when :own then @commands << words(pid) if believed?(pid)
          when :container
            key = [FAMILY.fetch(owner.engine, owner.engine), owner.ctid]
            @running[key] = owner.engine unless @running.key?(key) || dead?(pid)
          end
        end
      end

      # Command lines point at files, and a process writes its own: root's are believed.
      def believed?(pid)
        return @ownership.uid_and_inner(pid)[0] == '0' unless @files.live?

        [0, Process.euid].include?(File.stat("/proc/#{pid}").uid)
      rescue SystemCallError
        false # gone meanwhile
      end

      def words(pid)
        (@files.read("/proc/#{pid}/cmdline") || '').chomp("\0").split("\0", -1)
      end

      # Dead, and waiting for somebody to look: nothing runs there.
      def dead?(pid)
        (@files.read("/proc/#{pid}/stat") || '')[/.*\)\s+(\S)/mn, 1].to_s =~ /\A[ZX]?\z/
      end

      # None of its processes carries a mark (nspawn --keep-unit): the PID that its engine wrote down
      # is the first one of a PID namespace of its own.
      def leads?(named)
        return false unless named.leader && named.leader > 1

        @ownership.owner(named.leader)&.kind == :sandbox && [nil, '1'].include?(@ownership.uid_and_inner(named.leader)[1])
      end

      def add_unnamed(found, family, ctid, engine)
        # LXC calls a cgroup web1-1 when a dead web1's was left behind.
        base, _, number = ctid.rpartition('-')
        known = found[[family, base]] if family == 'lxc' && number =~ /\A[0-9]+\z/
        if known && !known.running
          known.running = true
        else
          found[[family, ctid]] = Container.new(engine, ctid, ctid, true)
        end
      end

      def number(ctid)
        ctid =~ /\A[0-9]{1,18}\z/ ? ctid.to_i : 1 << 62
      end
    end
  end
end
