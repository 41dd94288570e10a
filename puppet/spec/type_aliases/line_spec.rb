# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Line' do
  [
    'a',
    ' a b; c ',
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    '',
    ' ',
    "a\nb",
    "a\r",
    1,
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
