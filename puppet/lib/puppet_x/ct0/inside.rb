# frozen_string_literal: true

require_relative 'marks'

module PuppetX
  module Ct0
    # Whether this machine is a container itself: [what Facter's `virtual` should say, why], or nil.
    module Inside
      FIRST_PID_NAMESPACE = 'pid:[4026531836]' # PROC_PID_INIT_INO, since Linux 3.8

      # container= of PID 1's environment, see systemd's "Container Interface"
      VIRTUAL = {
        'lxc' => 'lxc', 'lxc-libvirt' => 'lxc', 'docker' => 'docker', 'podman' => 'podman', 'oci' => 'podman',
        'systemd-nspawn' => 'systemd_nspawn', 'crio' => 'crio', 'rkt' => 'rkt'
      }.freeze
      ENGINES = { 'nspawn' => 'systemd_nspawn', 'openvz' => 'openvzve', 'proxmox' => 'lxc', 'libvirt' => 'lxc' }.freeze
      FILES = {
        '/.dockerenv' => 'docker', '/run/.containerenv' => 'podman', '/dev/lxd/sock' => 'lxc', '/dev/incus/sock' => 'lxc'
      }.freeze

      module_function

      def look(files, ownership)
        openvz(files, ownership) || by_cgroup(files) || by_environment(files) || by_files(files) ||
          by_namespace(ownership)
      end

      # Facter 4 says container_other in a Virtuozzo 7 container: its init has container=CTID.
      def openvz(files, ownership)
        env_id = ownership.env_id
        return ['openvzve', "envID is #{Files.plain(env_id)}"] if env_id && env_id != '0'
        return nil if env_id || !files.folder?('/proc/vz') || files.exist?('/proc/bc')

        ['openvzve', '/proc/vz is there and /proc/bc is not']
      end

      # Seen where the container has no cgroup namespace.
      def by_cgroup(files)
        text = files.read('/proc/1/cgroup') || ''
        text.split("\n").each do |line|
          _, controllers, path = line.split(':', 3)
          next unless path&.start_with?('/')

          mark = Marks.outermost(controllers, path.split('/').reject(&:empty?), nil || [])
          next if mark.nil? || mark.weak

          return [ENGINES.fetch(mark.engine, mark.engine), "PID 1 is in the cgroup #{Files.plain(path)}"]
        end
        nil
      end

      # /proc/1/environ is root's; systemd keeps a copy of the word for everybody.
      def by_environment(files)
        word = (files.read('/proc/1/environ') || '')[/(?:\A|\0)container=([^\0]+)/n, 1]
        where = '/proc/1/environ'
        if word.nil?
          where = '/run/systemd/container'
          word = (files.read(where) || '').strip
        end
        return nil if word.empty?

        virtual = word =~ Marks::CTID ? 'openvzve' : VIRTUAL.fetch(word, 'container_other')
        [virtual, "#{where} says #{Files.plain(word, 40)}"]
      end

      def by_files(files)
        path, virtual = FILES.find { |each, _| files.exist?(each) }
        path && [virtual, "there is #{path}"]
      end

      def by_namespace(ownership)
        namespace = ownership.pid_namespace
        return nil if namespace.nil? || namespace == FIRST_PID_NAMESPACE

        ['container_other', 'its PID namespace is not the first one']
      end
    end
  end
end
