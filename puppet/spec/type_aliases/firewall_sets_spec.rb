# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Firewall_sets' do
  [
    { 'inet filter trusted' => ['10.0.0.0/8', '2001:db8::1'] },
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    { 'trusted' => ['10.0.0.1'] },
    { 'inet filter trusted' => [] },
    { 'inet filter trusted' => ['10.0.0.1 } flush ruleset'] },
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
