# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Suite' do
  [
    'firewall',
    'sysctls',
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    'firewalls',
    '',
    nil,
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
