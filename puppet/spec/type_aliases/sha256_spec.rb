# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Sha256' do
  it { is_expected.to allow_values('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') }
  it { is_expected.not_to allow_values('abc', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', '', nil) }
end
