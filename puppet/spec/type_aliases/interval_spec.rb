# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Interval' do
  [
    '1min',
    '59min',
    '23h',
    '1d',
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    '0min',
    '60min',
    '24h',
    '2d',
    '30',
    '30s',
    30,
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
