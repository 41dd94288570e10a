# frozen_string_literal: true

require 'json'

module PuppetX
  module Ct0
    # Work in a process of its own with an end in sight: a file system that hangs (FUSE, NFS) hangs
    # that process, not Puppet. What it told by then is kept.
    module Apart
      module_function

      # Calls `block` with a proc that tells a hash; the hashes are merged. [told, in time?]
      def run(seconds, &block)
        return [told_here(&block), true] unless Process.respond_to?(:fork) && RUBY_ENGINE == 'ruby'

        reader, writer = IO.pipe(binmode: true)
        pid = fork { child(reader, writer, &block) }
        writer.close
        ended = false
        text, ended = read(reader, seconds)
        [merge(text), ended]
      ensure
        reader&.close
        ended ? Process.wait(pid) : give_up(pid) if pid
      end

      def told_here
        told = {}
        yield ->(part) { told.merge!(part) }
        told
      end

      # Nothing of Puppet's may run at its end, and no pipe of Puppet's caller may stay open in it.
      def child(reader, writer)
        reader.close
        [$stdin, $stdout, $stderr].each { |stream| stream.reopen(File::NULL) }
        yield ->(part) { writer.syswrite("#{JSON.generate(part)}\n") }
      rescue StandardError => e
        writer.syswrite("#{JSON.generate('error' => "#{e.class}: #{e.message}"[0, 200].scrub('?'))}\n")
      ensure
        Process.exit!(0)
      end

      # All that comes until the end of file, and whether that was in time.
      def read(reader, seconds)
        text = ''.b
        deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
        loop do
          left = deadline - Process.clock_gettime(Process::CLOCK_MONOTONIC)
          return [text, false] if left <= 0 || !IO.select([reader], nil, nil, left)

          part = reader.read_nonblock(65_536, exception: false)
          return [text, true] if part.nil?

          text << part unless part == :wait_readable
        end
      end

      # It may be in a call that nothing interrupts: it is killed, and nobody waits for that.
      def give_up(pid)
        Process.kill(:KILL, pid)
        Process.detach(pid)
      end

      def merge(text)
        whole = text.force_encoding(Encoding::UTF_8).split("\n", -1)[0..-2]
        whole.map { |line| JSON.parse(line) }.reduce({}, :merge)
      end
    end
  end
end
