# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Plugin_value' do
  it { is_expected.to allow_values(80, 0.5, '80', '10:', '@1:2', '~:5', '', 'a b', 'web[0-9]+|db.*', 'a\\x2e', '/srv') }
  it { is_expected.not_to allow_values("a'b", 'a"b', '$(id)', '`id`', 'a;b', 'a&b', 'a<b', 'a>b', 'a!b', "a\nb", "a\n", 'ü', true) }
end
