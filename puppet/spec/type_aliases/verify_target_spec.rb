# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Verify_target' do
  [
    'ct://',
    'local://',
    'ct+ssh://root@node1?container=web*',
    'ssh://[2001:db8::1]:22',
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    'node1',
    "local://'",
    'local:// x',
    'ct://\\x',
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
