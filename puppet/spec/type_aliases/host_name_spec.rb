# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Host_name' do
  it { is_expected.to allow_values('node1', 'node1.example.com', '192.0.2.1', '2001:db8::1', 'a_b-c') }
  it { is_expected.not_to allow_values('', 'a b', 'a;b', 'a$b', 'a!b', 'a/b', "a'b", "a\nb", 'a' * 254) }
end
