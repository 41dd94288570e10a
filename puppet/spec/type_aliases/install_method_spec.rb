# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Install_method' do
  it { is_expected.to allow_values('package', 'pip', 'zipapp', 'none') }
  it { is_expected.not_to allow_values('deb', '', nil) }
end
