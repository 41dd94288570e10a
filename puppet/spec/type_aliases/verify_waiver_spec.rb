# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Verify_waiver' do
  [
    { 'id' => 'ssh-*', 'owner' => 'ops@example.com', 'reason' => 'ticket 4711', 'expires' => '2026-12-31' },
    { 'id' => 'a', 'owner' => 'b', 'reason' => 'c', 'expires' => '2026-12-31', 'for' => { 'node' => %w[db1 db2] } },
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    { 'id' => 'a', 'owner' => 'b', 'reason' => 'c' },
    { 'id' => 'a', 'owner' => 'b', 'reason' => 'c', 'expires' => 'never' },
    { 'id' => 'a', 'owner' => '', 'reason' => 'c', 'expires' => '2026-12-31' },
    { 'id' => 'a', 'owner' => 'b', 'reason' => 'c', 'expires' => '2026-12-31', 'for' => { 'host' => 'a' } },
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
