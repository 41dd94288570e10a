# frozen_string_literal: true

require_relative 'ownership'

module PuppetX
  module Ct0
    # The host's own processes, without those of its containers and of this Puppet itself.
    class OwnProcesses
      # One that was found: still the same process as long as it has this start time.
      Found = Struct.new(:pid, :started)

      attr_reader :found

      # Raises ForeignProc.
      def initialize
        @files = Files.new
        @ownership = Ownership.new(@files)
        @found = {}
        Dir.children('/proc').grep(/\A[0-9]+\z/).map(&:to_i).sort.each do |pid|
          # Before whose it is: a number may get to somebody else in between.
          started = start_time(pid)
          next if started.nil? || pid == Process.pid

          @found[pid] = Found.new(pid, started) if @ownership.owner(pid)&.kind == :own
        end
      end

      # Whether it is the process that was found, and the host's own.
      def still?(found)
        start_time(found.pid) == found.started && @ownership.owner(found.pid)&.kind == :own
      end

      private

      # Field 22 of /proc/PID/stat; the name in parentheses may hold anything. nil for the dead.
      def start_time(pid)
        fields = (@files.read("/proc/#{pid}/stat", 4096) || '').rpartition(')')[2].split
        fields[0] =~ /\A[ZX]\z/ ? nil : fields[19]
      end
    end
  end
end
