# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Plugin' do
  it { is_expected.to allow_values('check_ct0_health', 'check_procs') }
  it { is_expected.not_to allow_values('check_', 'ct_disk', '/usr/bin/check_x', 'check_x y', 'check_X', 'check_../x', "check_x\n") }
end
