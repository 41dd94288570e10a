# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Firewall_chain' do
  [
    'INPUT',
    'nat OUTPUT',
    'MY-CHAIN_1',
    'inet filter input',
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    'inet filter',
    'nat ',
    'a.b',
    'inet filter in put',
    "INPUT\n",
    '',
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
