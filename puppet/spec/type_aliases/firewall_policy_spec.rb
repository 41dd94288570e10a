# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Firewall_policy' do
  [
    { 'INPUT' => 'DROP', 'inet filter input' => 'drop' },
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    { 'INPUT' => 'REJECT' },
    { '' => 'DROP' },
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
