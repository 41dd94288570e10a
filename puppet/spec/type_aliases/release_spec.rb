# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Release' do
  it { is_expected.to allow_values('0.1.0', '1', '1.2.0rc1', '1.0.post1', '1.0.dev3', '1.0+local.1') }
  it { is_expected.not_to allow_values('present', '0.1.0-1', 'v1', '../1', '1;2', "1\n", '') }
end
