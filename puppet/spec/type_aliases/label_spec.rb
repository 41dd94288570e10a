# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Label' do
  it { is_expected.to allow_values('rack', '_rack', 'Rack_1') }
  it { is_expected.not_to allow_values('__address__', '1rack', 'a-b', 'a b', "a\n", '') }
end
