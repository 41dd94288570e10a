# frozen_string_literal: true

require_relative 'files'
require_relative 'marks'

module PuppetX
  module Ct0
    # /proc is another PID namespace's, or not there: nothing read from it is to be believed.
    class ForeignProc < StandardError; end

    # Whose is a process: this host's own, a container's, a sandbox's? As ct0 itself decides it:
    #
    # 1. envID: in status (OpenVZ): another one than mine is a container's;
    # 2. an engine's mark in its cgroup path that mine does not carry;
    # 3. the PID namespace: mine is own, another without a mark a sandbox's (a browser's, bwrap's);
    # 4. neither may be read: unknown, and nobody signals it.
    #
    # "Own" is relative to the caller: in a container it means that container.
    class Ownership
      Owner = Struct.new(:kind, :engine, :ctid)

      OWN = Owner.new(:own).freeze
      SANDBOX = Owner.new(:sandbox).freeze
      UNKNOWN = Owner.new(:unknown).freeze
      STATUS = 4096

      attr_reader :env_id, :pid_namespace, :cgroup

      def initialize(files = Files.new)
        @files = files
        me = files.live? ? 'self' : '1'
        @env_id, columns = status(me)
        raise ForeignProc, 'there are no processes in /proc' unless files.exist?("/proc/#{me}/stat")

        if files.live? && (files.link('/proc/self') != Process.pid.to_s || (columns || 1) > 1)
          raise ForeignProc, '/proc is of another PID namespace than this process'
        end

        @pid_namespace = files.link("/proc/#{me}/ns/pid")
        @cgroup = files.read("/proc/#{me}/cgroup") || ''
        @own = memberships(@cgroup).to_h
        @marks = {}
      end

      # nil: the process is gone, or hidden from the caller.
      def owner(pid)
        namespace = @pid_namespace && @files.link("/proc/#{pid}/ns/pid")
        env_id, columns = status(pid) if @env_id || namespace.nil?
        return Owner.new(:container, 'openvz', env_id) if env_id && @env_id && env_id != @env_id

        cgroup = cgroup_of(pid)
        return cgroup if cgroup.nil? || cgroup.is_a?(Owner)

        same = namespace ? namespace == @pid_namespace : columns && columns == 1
        mark = marked(cgroup)
        return Owner.new(:container, mark.engine, mark.ctid) if mark && !(mark.weak && same)
        return same ? OWN : SANDBOX unless same.nil?
        return OWN if (env_id && env_id == @env_id) || own_ve?(cgroup)

        UNKNOWN
      end

      # envID and how many columns NSpid: has: one is the namespace of this /proc.
      def status(pid)
        text = @files.read("/proc/#{pid}/status", STATUS)
        return [nil, nil] unless text

        # A name's newlines are escaped, so no name can add a line of its own.
        [text[/^envID:\s*(\S+)/, 1], text[/^NSpid:\s*(.*)$/, 1]&.split&.length]
      end

      # Effective user and PID in the innermost namespace.
      def uid_and_inner(pid)
        text = @files.read("/proc/#{pid}/status", STATUS) || ''
        [text[/^Uid:\s*\d+\s+(\d+)/, 1], text[/^NSpid:.*\s(\d+)$/, 1] || text[/^VPid:\s*(\d+)/, 1]]
      end

      # The outermost mark of a /proc/PID/cgroup that is not my own.
      def marked(text)
        @marks.fetch(text) { @marks[text] = find_mark(text) }
      end

      private

      # Its text; UNKNOWN when it is too deep to be read, nil when the process is gone.
      def cgroup_of(pid)
        path = @files.path("/proc/#{pid}/cgroup")
        File.open(path, Files::FLAGS) { |file| file.binmode.read(Files::LIMIT) || ''.b }
      rescue Errno::ENAMETOOLONG
        UNKNOWN
      rescue Errno::EACCES, Errno::EPERM
        ''.b
      rescue SystemCallError
        @files.exist?("/proc/#{pid}/stat") ? ''.b : nil # a kernel without cgroups
      end

      # Many processes share a cgroup: each text is looked at once.
      def find_mark(text)
        found = memberships(text).map do |controllers, parts|
          Marks.outermost(controllers, parts, @own[controllers] || [])
        end.compact
        found.find { |mark| !mark.weak } || found.first
      end

      # Number:controllers:path; a line that is none is passed over, a path may hold a newline.
      def memberships(text)
        text.split("\n").map do |line|
          number, controllers, path = line.split(':', 3)
          next unless path&.start_with?('/') && number =~ /\A[0-9]+\z/

          [controllers, path.delete_suffix(' (deleted)').split('/').reject(&:empty?)]
        end.compact
      end

      def own_ve?(text)
        lines = memberships(text).reject do |controllers, _|
          (Marks::OPENVZ_HIERARCHIES & controllers.split(',')).empty?
        end
        lines.any? && lines.all? { |controllers, parts| parts == @own[controllers] }
      end
    end
  end
end
