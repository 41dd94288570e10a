# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Audit_rule' do
  [
    'CT001',
    'CT113',
    'UNREAD',
    '*',
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    'CT000',
    'ct001',
    '',
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
