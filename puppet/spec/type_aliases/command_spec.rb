# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Command' do
  it { is_expected.to allow_values('pidof', 'killall5', 'startproc') }
  it { is_expected.not_to allow_values('ps', '/bin/pidof', 'ct0-pids', nil) }
end
