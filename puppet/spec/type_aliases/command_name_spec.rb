# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Command_name' do
  it { is_expected.to allow_values('ct0_health', 'ct_disk_web1.example.com', 'a-b') }
  it { is_expected.not_to allow_values('', 'a b', 'a/b', 'a]=x', "a\n", 'a$b', 'a' * 101) }
end
