# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Container' do
  plain = { 'engine' => 'lxc', 'id' => '101', 'name' => 'web1.example.com' }

  it { is_expected.to allow_values(plain) }
  it { is_expected.not_to allow_values(plain.merge('name' => 'a b'), plain.merge('name' => "a\n"), plain.merge('name' => 'a' * 41), plain.merge('id' => '-rf'), plain.merge('id' => 'a;b'), plain.merge('engine' => 'LXC'), plain.reject { |key, _| key == 'id' }) }
end
