# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Plugin_option' do
  it { is_expected.to allow_values('-w', '--warning', '--memory-warning') }
  it { is_expected.not_to allow_values('w', '-ww', '--W', '--a=b', '--a b', '--', "-w\n", '') }
end
