# frozen_string_literal: true

require_relative '../puppet_x/ct0/host'

# What this machine is to ct0: CT0 (the host of containers), a container or neither; its engines and
# containers, and what of ct0 is laid out here.
Facter.add(:ct0_host) do
  confine kernel: 'Linux'

  setcode do
    host = PuppetX::Ct0::Host.fact
    host['virtual'] ||= Facter.value('virtual')
    host
  end
end
