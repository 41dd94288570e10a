# frozen_string_literal: true

module PuppetX
  module Ct0
    # The files of one host below a root: "/" is the running machine, anything else a recorded one.
    # What is not there or may not be read is nil, or empty: a fact that fails helps nobody.
    class Files
      LIMIT = 1 << 20 # bytes; no file that is read here is larger
      FLAGS = File::RDONLY | File::NONBLOCK | File::NOCTTY # a pipe left there must not hold us up
      GONE = [Errno::ENOENT, Errno::ENOTDIR, Errno::EACCES, Errno::EPERM, Errno::ESRCH, Errno::ELOOP,
              Errno::EIO, Errno::ENXIO, Errno::EINVAL, Errno::EISDIR, Errno::ENOTCONN, Errno::ESTALE,
              Errno::ENAMETOOLONG, Errno::ENODEV, Errno::EAGAIN].freeze

      attr_reader :root

      def initialize(root = '/')
        @root = root.chomp('/')
      end

      def live?
        @root.empty?
      end

      # Where an absolute path of the host is found; never outside the root.
      def path(path)
        return path if live?

        @root + (path.include?('/..') ? File.expand_path(path) : path)
      end

      # A regular file's bytes.
      def read(path, limit = LIMIT)
        File.open(path(path), FLAGS) do |file|
          file.binmode
          file.stat.file? ? (file.read(limit) || ''.b) : nil
        end
      rescue *GONE
        nil
      end

      def link(path)
        File.readlink(path(path)).b
      rescue *GONE
        nil
      end

      # The names in a folder, sorted.
      def entries(path)
        Dir.children(path(path)).map(&:b).sort
      rescue *GONE
        []
      end

      def folder?(path)
        File.directory?(path(path))
      end

      def exist?(path)
        File.exist?(path(path))
      end

      # `KEY = value` and `KEY="value"` lines; the last of a key wins.
      def settings(path)
        text = read(path)
        text && self.class.settings(text)
      end

      def self.settings(text)
        text.split("\n").each_with_object({}) do |line, found|
          key, equals, value = line.partition('=').map(&:strip)
          next if equals.empty? || key.start_with?('#')

          quoted = value.length > 1 && value[0] == value[-1] && ["'", '"'].include?(value[0])
          found[key] = quoted ? value[1..-2] : value
        end
      end

      # `text` as UTF-8 and safe for a terminal or a log: what is not printable becomes "?".
      def self.plain(text, limit = 200)
        utf8 = text.dup.force_encoding(Encoding::UTF_8)
        utf8 = utf8.scrub { |bytes| '?' * bytes.bytesize }
        utf8[0, limit].gsub(/[\p{C}\p{Z}&&[^ ]]/, '?')
      end
    end
  end
end
