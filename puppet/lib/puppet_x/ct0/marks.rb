# frozen_string_literal: true

module PuppetX
  module Ct0
    # The mark that each engine leaves in the cgroup paths of its containers' processes.
    #
    # A mark is the depth of the container's outer cgroup and its ID. A weak one convicts only a
    # process in another PID namespace: the same path holds helpers of the host's own.
    module Marks
      Mark = Struct.new(:engine, :depth, :ctid, :weak)

      ID = /\A[0-9a-f]{64}\z/.freeze
      CTID = /\A(?:[0-9]+|\h{8}-\h{4}-\h{4}-\h{4}-\h{12})\z/.freeze # OpenVZ's, Virtuozzo's
      OPENVZ_HIERARCHIES = %w[ve beancounter name=container name=beancounter name=fairsched].freeze
      CONTAINERD_NAMESPACES = %w[default k8s.io moby buildkit].freeze
      CONTAINERD_PREFIXES = %w[cri-containerd- nerdctl- crio- containerd-].freeze

      module_function

      # The outermost mark in `parts` that is no prefix of the caller's own path `own`.
      def outermost(controllers, parts, own)
        return nil if parts == own

        start = 0
        while start < parts.length
          found = ENGINES.map { |engine| send(engine, controllers, parts[start..-1]) }.compact
          return nil if found.empty?

          best = found.min_by.with_index { |mark, order| [mark.depth, order] }
          depth = start + best.depth
          if parts[0, depth] != own[0, depth]
            return Mark.new(best.engine, depth, best.ctid, found.all?(&:weak))
          end

          start = depth # a container that the caller is in itself: look for one nested in it
        end
        nil
      end

      # 1:freezer,devices,name=container:/101, 14:ve:/UUID, 6:memory:/machine.slice/UUID[.scope]
      def openvz(controllers, parts)
        unless (OPENVZ_HIERARCHIES & controllers.split(',')).empty? || parts.empty?
          return parts[0] =~ CTID && parts[0] != '0' ? Mark.new('openvz', 1, parts[0], false) : nil
        end

        depth = parts.index('machine.slice')
        name = depth && parts[depth + 1]
        return nil unless name

        name = name.delete_suffix('.scope')
        name =~ CTID ? Mark.new('openvz', depth + 2, name, false) : nil
      end

      # /lxc/101/ns
      def proxmox(_controllers, parts)
        depth = parts.each_index.find do |at|
          parts[at] == 'lxc' && parts[at + 2] == 'ns' && parts[at + 1] =~ /\A[0-9]+\z/
        end
        depth && Mark.new('proxmox', depth + 2, parts[depth + 1], false)
      end

      # /lxc.payload.web1, /lxc.payload/web1, /lxc/web1 (LXD's and Incus' too)
      def lxc(_controllers, parts)
        parts.each_with_index do |part, at|
          inner = parts[at + 1]
          if part.start_with?('lxc.payload.') && part.length > 12
            return Mark.new('lxc', at + 1, part[12..-1], false)
          end
          return Mark.new('lxc', at + 2, inner, false) if part == 'lxc.payload' && inner
          return Mark.new('lxc', at + 2, inner, parts[at + 2] != 'ns') if part == 'lxc' && inner
        end
        nil
      end

      # /machine.slice/libpod-ID.scope, /libpod_parent/libpod-ID, .../libpod-payload-ID
      def podman(_controllers, parts)
        scope('podman', parts, %w[libpod-payload- libpod-])
      end

      # cri-containerd-ID.scope, crio-ID.scope, /kubepods/.../ID, /default/web1 (ctr run)
      def containerd(_controllers, parts)
        parts.each_with_index do |part, at|
          # Only above every container's mark: below it the names are the container's to choose.
          monitor = id_in(part, 'crio-conmon-') && !CONTAINERD_NAMESPACES.include?(parts[0])
          return nil if monitor
          break if part =~ ID

          found = CONTAINERD_PREFIXES.map { |prefix| id_in(part, prefix) }.compact.first
          return Mark.new('containerd', at + 1, found, false) if found
        end
        if parts.length >= 2 && CONTAINERD_NAMESPACES.include?(parts[0])
          return Mark.new('containerd', 2, parts[1], false)
        end

        pods = parts.index { |part| part.start_with?('kubepods') }
        return nil unless pods

        depth = parts.index { |part| part =~ ID }
        return Mark.new('containerd', depth + 1, parts[depth], false) if depth

        parts.length > pods + 1 ? Mark.new('containerd', parts.length, parts[-1], false) : nil
      end

      # docker-ID.scope, /docker/ID, /any/parent/ID
      def docker(_controllers, parts)
        parts.each_with_index do |part, at|
          found = id_in(part, 'docker-') || (part =~ ID ? part : nil)
          return Mark.new('docker', at + 1, found, false) if found
        end
        nil
      end

      # machine-web1.scope/payload, systemd-nspawn@web1.service/payload, web.service/payload
      def nspawn(_controllers, parts)
        parts.each_with_index do |part, at|
          inner = parts[at + 1]
          if part.start_with?('machine-') && part.end_with?('.scope')
            name = unescape(part[8..-7])
            return nil if name.start_with?('qemu-', 'lxc-') || inner == 'supervisor'

            return Mark.new('nspawn', at + 1, name.empty? ? part : name, inner != 'payload')
          end
          if part.start_with?('systemd-nspawn@') && part.end_with?('.service')
            return nil if inner == 'supervisor'

            name = unescape(part[15..-9])
            return Mark.new('nspawn', at + 1, name.empty? ? part : name, inner != 'payload')
          end
          if inner == 'payload' && part.end_with?('.service', '.scope')
            name = unescape(part.rpartition('.')[0])
            return Mark.new('nspawn', at + 1, name.empty? ? part : name, true)
          end
        end
        nil
      end

      # /machine.slice/machine-lxc\x2d1234\x2dweb1.scope, which holds libvirt_lxc as well
      def libvirt(_controllers, parts)
        depth = parts.index { |part| part.start_with?('machine-lxc') && part.end_with?('.scope') }
        return nil unless depth

        name = unescape(parts[depth][8..-7]).split('-', 3)[-1]
        Mark.new('libvirt', depth + 1, name.nil? || name.empty? ? parts[depth] : name, true)
      end

      # Where two marks end at the same component, the first of these has it.
      ENGINES = %i[openvz proxmox lxc podman containerd docker nspawn libvirt].freeze

      def scope(engine, parts, prefixes)
        parts.each_with_index do |part, at|
          found = prefixes.map { |prefix| id_in(part, prefix) }.compact.first
          return Mark.new(engine, at + 1, found, false) if found
        end
        nil
      end

      # The ID in PREFIX<64 hex>[.scope].
      def id_in(part, prefix)
        return nil unless part.start_with?(prefix)

        name = part[prefix.length..-1].delete_suffix('.scope')
        name =~ ID ? name : nil
      end

      # Undo systemd's escaping: web\x2d1 -> web-1.
      def unescape(name)
        name.gsub(/\\x(\h\h)/) { Regexp.last_match(1).hex.chr }
      end
    end
  end
end
