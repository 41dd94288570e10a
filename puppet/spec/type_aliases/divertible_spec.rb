# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Divertible' do
  it { is_expected.to allow_values('pidof', '/bin/pidof', '/sbin/killall5', '/usr/bin/pgrep', '/usr/sbin/killproc') }
  it { is_expected.not_to allow_values('ps', '/bin/ps', '/opt/bin/pidof', "/bin/pidof\n", '/bin/../bin/pidof', 'bin/pidof') }
end
