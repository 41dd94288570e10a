# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Scope' do
  it { is_expected.to allow_values('host', 'sandbox', 'all') }
  it { is_expected.not_to allow_values('none', 'auto', nil) }
end
