# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Exporter_option' do
  it { is_expected.to allow_values('--collector.top', '--ct.exclude=test-.*', '--collector.timeout=2.5', '--ct.include=(a|b)[0-9]+') }
  it { is_expected.not_to allow_values('-x', 'collector.top', '--a b', '--a=b c', '--a=$x', '--a="x"', "--a='x'", '--a=`id`', '--a=b\\d', "--a=b\n", "--a\nB=1", '--A', '--a=', '') }
end
