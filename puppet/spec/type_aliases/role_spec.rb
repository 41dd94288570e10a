# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Role' do
  it { is_expected.to allow_values('auto', 'ct0', 'ct', 'plain') }
  it { is_expected.not_to allow_values('unknown', 'host', nil) }
end
