# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Target' do
  it { is_expected.to allow_values('node1.example.com:9955', '192.0.2.1:9955', '[2001:db8::1]:9955') }
  it { is_expected.not_to allow_values('node1', ':9955', 'node1:0', "a'b:1", 'http://a:1', "a:1\n", '2001:db8::1') }
end
