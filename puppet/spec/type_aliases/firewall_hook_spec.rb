# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Firewall_hook' do
  [
    { 'hook' => 'input', 'priority' => 0 },
    { 'type' => 'nat', 'hook' => 'prerouting', 'priority' => 'dstnat - 5' },
    { 'hook' => 'ingress', 'device' => 'eth0', 'priority' => -500 },
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    { 'hook' => 'input' },
    { 'hook' => 'in', 'priority' => 0 },
    { 'hook' => 'input', 'priority' => '0; policy drop' },
    { 'hook' => 'ingress', 'priority' => 0, 'device' => 'a" b' },
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
