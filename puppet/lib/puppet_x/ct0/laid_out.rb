# frozen_string_literal: true

require_relative 'files'

module PuppetX
  module Ct0
    # What of ct0, and of the commands it stands in for, is on a host.
    class LaidOut
      ONE_FILE = '/usr/lib/ct0/ct0-shims'
      FOLDERS = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'].freeze
      COMMANDS = %w[pidof pgrep pkill killall killall5 killproc checkproc pidofproc startproc].freeze
      ASIDE = ['.ct0-real', '.distrib.usr-is-merged', '.distrib'].freeze # where a real one is kept

      HOOKS = {
        '/lib/lsb/init-functions.d/99-ct0' => //,
        '/etc/sysconfig/init' => %r{^\s*PATH=/usr/lib/ct0/shims:}
      }.freeze

      INSTALLED = /\Act0-(.+)\.(?:dist|egg)-info\z/.freeze

      def initialize(files)
        @files = files
      end

      def hooks
        HOOKS.to_h { |path, line| [path, @files.read(path)&.match?(line) || false] }
      end

      # Paths of the incumbents that lead to the shims; one of /bin/pidof and /usr/bin/pidof where
      # these are the same.
      def diversions
        folders.flat_map { |folder| COMMANDS.map { |name| "#{folder}/#{name}" } }.select do |path|
          @files.link(path) == ONE_FILE
        end.sort
      end

      # The version of the one file, from its second line: """ct0 0.1.0: killproc, pidof and ...
      def shims
        (@files.read(ONE_FILE, 400) || '')[/^"""ct0 ([^\s:]+):/, 1]&.then { |version| Files.plain(version) }
      end

      # The installed ct0: that of the switch, else of Python's packages.
      def version
        switch = @files.link('/opt/ct0/current')
        return Files.plain(File.basename(switch)) if switch

        found = libraries.flat_map { |folder| @files.entries(folder).map { |name| name[INSTALLED, 1] } }.compact
        found.empty? ? nil : Files.plain(found.first)
      end

      # Which pidof the distribution has: sysvinit, procps, busybox, other, none.
      def pidof
        path = folders.map { |folder| "#{folder}/pidof" }.find { |each| @files.link(each) || @files.exist?(each) }
        path ? kind(path) : 'none'
      end

      private

      # Where Python's packages lie: Debian's, pip's, and what ct0's RPMs have of their own.
      def libraries
        pythons = ['/usr/lib', '/usr/local/lib'].flat_map do |lib|
          @files.entries(lib).grep(/\Apython3/).map { |python| "#{lib}/#{python}" }
        end
        pythons.flat_map { |python| ["#{python}/dist-packages", "#{python}/site-packages"] } + ['/usr/lib/ct0/python']
      end

      def kind(path)
        goal = @files.link(path)
        if goal == ONE_FILE
          aside = folders.product(ASIDE).map { |folder, ending| "#{folder}/pidof#{ending}" }
          path = aside.find { |each| @files.link(each) || @files.exist?(each) }
          return 'none' unless path

          goal = @files.link(path)
        end
        # Debian's alternatives and merged /usr may take a few steps.
        name = File.basename(goal || path)
        return 'sysvinit' if name == 'killall5'
        return 'busybox' if name == 'busybox'
        return kind(File.expand_path(goal, File.dirname(path))) if goal && @files.link(File.expand_path(goal, File.dirname(path)))

        (@files.read(path) || '').include?('procps') ? 'procps' : 'other'
      end

      # Without those that are links to others, as on a merged /usr.
      def folders
        @folders ||= FOLDERS.reject { |folder| @files.link(folder) }
      end
    end
  end
end
