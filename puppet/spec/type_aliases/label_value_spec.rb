# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Label_value' do
  it { is_expected.to allow_values('', 'a: #1', 'Köln') }
  it { is_expected.not_to allow_values("a'b", 'a"b', 'a\\b', "a\nb", "a\u007f") }
end
