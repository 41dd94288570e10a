# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Audit_waiver' do
  [
    { 'rule' => '*', 'path' => '/usr/lib/ocf/*', 'until' => '2027-01-31', 'reason' => 'no pacemaker here' },
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    { 'rule' => 'CT001', 'path' => 'etc/x', 'until' => '2027-01-31', 'reason' => 'x' },
    { 'rule' => 'CT001', 'path' => '/a b', 'until' => '2027-01-31', 'reason' => 'x' },
    { 'rule' => 'CT001', 'path' => '/a', 'until' => '2027-01-31', 'reason' => "x\ny" },
    { 'rule' => 'CT001', 'path' => '/a', 'until' => '2027-01-31', 'reason' => ' ' },
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
