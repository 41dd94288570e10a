# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Shims_settings' do
  it { is_expected.to allow_values({}, { 'scope' => 'all', 'hostpid' => true, 'pidof' => 'sysv', 'callers' => { '/usr/sbin/x' => 'host' } }) }
  it { is_expected.not_to allow_values({ 'scope' => 'none' }, { 'hostpid' => 'yes' }, { 'caller' => {} }, { 'callers' => { 'x' => 'all' } }, 'host') }
end
