# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Feature' do
  it { is_expected.to allow_values('shims', 'service_guard') }
  it { is_expected.not_to allow_values('shim', '', nil, ['shims']) }
end
