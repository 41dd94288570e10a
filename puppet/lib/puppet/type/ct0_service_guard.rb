# frozen_string_literal: true

require_relative '../../puppet_x/ct0/service_lookup'

Puppet::Type.newtype(:ct0_service_guard) do
  @doc = <<-DOC
    @summary Says which services of the catalog Puppet would look for among containers' processes too.

    A service with `hasstatus => false` and no `status`, or without anything to stop it by, is found
    by its `pattern` in `ps -ef`: a container's daemon of that name makes it "running", and is what
    gets killed. Each such service gets a warning with the place of its declaration, before anything
    is applied and with `--noop` too. With `mode => enforce` it is, for this run, looked for among
    the host's own processes instead, whichever provider it has.

    What other resources generate during the run is not seen.

    @example
      ct0_service_guard { 'services':
        mode => 'enforce',
      }
  DOC

  newparam(:name, namevar: true) do
    desc 'Any name; one in a catalog is enough.'
  end

  newparam(:mode) do
    desc 'To warn only, or to look safely too.'
    newvalues(:warn, :enforce)
    defaultto :warn
  end

  # Puppet calls it for each resource of the catalog before it applies the first.
  def pre_run_check
    catalog.resources.each do |service|
      next unless service.is_a?(Puppet::Type.type(:service)) && service.provider
      next if service.provider.is_a?(PuppetX::Ct0::ServiceLookup)

      guard(service) if PuppetX::Ct0::ServiceLookup.needed_by?(service.provider)
    end
  end

  def guard(service)
    looked = "looked for in the process table (#{service[:pattern]})"
    if self[:mode] == :enforce
      service.provider.extend(PuppetX::Ct0::ServiceLookup)
      say(service, :info, "is #{looked}: among the host's own processes only, in this run")
    else
      say(service, :warning, "is #{looked}, where a container's daemon is taken for it, and may be stopped in its " \
                             'place: set a status and a stop command or provider => ct0, or enforce it')
    end
  end

  def say(service, level, message)
    where = Puppet::Util::Errors.error_location(service.file, service.line)
    message = "#{message} #{where}" unless where.empty?
    Puppet::Util::Log.create(level: level, source: service.path, message: message, file: service.file, line: service.line)
  end
end
