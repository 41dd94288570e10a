# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Firewall_rule' do
  [
    '-A INPUT -i lo -j ACCEPT',
    '-t nat -A POSTROUTING -j MASQUERADE',
    '-A INPUT',
    'inet filter input tcp dport { 22, 80 } accept',
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    '-I INPUT -j DROP',
    '-D INPUT 1',
    '-F',
    "-A INPUT -j DROP\nCOMMIT",
    'inet filter accept',
    'flush ruleset',
    "inet filter input accept\n}",
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
