# frozen_string_literal: true

require_relative '../../../puppet_x/ct0/service_lookup'

Puppet::Type.type(:service).provide :ct0, parent: :init do
  desc <<-DESC
    Services that are found in the process table, on a host with containers.

    Like `init`, and like `base` where there is no init script; but `pattern` is looked for among
    the host's own processes only, so that a container's daemon neither makes the host's service
    "running" nor is stopped with it. When it cannot be told whose the processes are, the resource
    fails. The default provider is never this one: it is asked for.

        service { 'exampled':
          ensure    => running,
          provider  => 'ct0',
          hasstatus => false,
          pattern   => '/usr/sbin/exampled',
          start     => '/usr/sbin/exampled --daemon',
        }
  DESC

  include PuppetX::Ct0::ServiceLookup

  # Where no provider is the default one (Debian with sysvinit), the most special of all is taken: not
  # this one.
  def self.specificity
    0
  end

  # There are as many services as patterns one could look for.
  def self.instances
    []
  end

  def initscript?
    @resource[:path].any? do |folder|
      [@resource[:name], "#{@resource[:name]}.sh"].any? { |name| Puppet::FileSystem.exist?(File.join(folder, name)) }
    end
  end

  def statuscmd
    initscript? && super
  end

  def startcmd
    return super if initscript?
    return @resource[:binary] if @resource[:binary]

    raise Puppet::Error, "#{@resource.ref}: has neither an init script nor a start command nor a binary"
  end

  def stopcmd
    initscript? && super
  end

  def restartcmd
    initscript? && super
  end
end
