# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Expectations' do
  [
    {},
    { 'state' => [{ 'id' => 'a', 'for' => { 'ct' => %w[a b] }, 'is' => 'running' }] },
    { 'mounts' => [] },
  ].each do |value|
    it { is_expected.to allow_value(value) }
  end

  [
    { 'mount' => [] },
    { 'state' => { 'id' => 'a' } },
    { 'state' => [{}] },
    { 'state' => [{ 'Id' => 'a' }] },
    [],
  ].each do |value|
    it { is_expected.not_to allow_value(value) }
  end
end
