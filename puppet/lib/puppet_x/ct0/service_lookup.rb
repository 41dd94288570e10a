# frozen_string_literal: true

require_relative 'own_processes'

module PuppetX
  module Ct0
    # Puppet's base service provider looks for `pattern` in the lines of `ps -ef`, in which a host
    # sees its containers' processes too, and kills the first that matches. This, included in a
    # provider or extending one, has the same lines of the host's own processes only.
    #
    # When it cannot be told whose the processes are, the resource fails: what Puppet itself does
    # is not done instead.
    module ServiceLookup
      LINES = 1000 # PIDs in one call of ps

      # Whether the provider would look into the process table, for its status or to stop it.
      def self.needed_by?(provider)
        return false unless provider.is_a?(Puppet::Type.type(:service).provider(:base))

        resource = provider.resource
        (resource[:status].nil? && !command?(provider, :statuscmd)) ||
          (resource[:stop].nil? && !command?(provider, :stopcmd))
      end

      # An init script that is not there yet comes with the package; then hasstatus decides.
      def self.command?(provider, name)
        provider.public_send(name) ? true : false
      rescue Puppet::Error
        name == :stopcmd || provider.resource[:hasstatus] == :true
      end

      # The signal: Puppet calls this with what `getpid` returned.
      def kill(pid)
        processes, found = @ct0_found
        unless found && found.pid == pid.to_i && processes.still?(found)
          raise Puppet::ExecutionFailure, "PID #{pid} is not the process any more that was found"
        end

        Process.kill(:TERM, found.pid)
        ''
      rescue SystemCallError => e
        raise Puppet::ExecutionFailure, e.message
      end

      private

      def getpid
        @ct0_found = nil
        @resource.fail 'Either stop/status commands or a pattern must be specified' unless @resource[:pattern]
        regex = Regexp.new(@resource[:pattern])
        processes = OwnProcesses.new
        processes.found.values.each_slice(LINES) do |slice|
          lines(slice.map(&:pid)).each_line do |line|
            next unless regex.match?(line)

            found = processes.found[line.split[1].to_i]
            next unless found && processes.still?(found)

            debug "Process matched: #{line}"
            @ct0_found = [processes, found]
            return found.pid.to_s
          end
        end
        nil
      rescue ForeignProc => e
        @resource.fail Puppet::Error, "#{e.message}: whose the processes are cannot be told, and none is looked for", e
      end

      def lines(pids)
        argv = ['ps', '-ww', '-f', '-p', pids.join(',')]
        done = Puppet::Util::Execution.execute(argv, failonfail: false, combine: false, override_locale: true)
        # 1: none of them lives any more
        unless [0, 1].include?(done.exitstatus)
          @resource.fail Puppet::Error, "ps -ww -f -p: exit status #{done.exitstatus}: procps' ps is needed to look for #{@resource[:pattern]}"
        end

        done.to_s.dup.force_encoding(Encoding::UTF_8).scrub('?')
      end
    end
  end
end
