# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Day' do
  [
    '2026-12-31',
    '2030-01-01',
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    '2026-13-01',
    '2026-1-1',
    '31.12.2026',
    "2026-12-31\n",
    20261231,
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
