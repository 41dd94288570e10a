# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Command_line' do
  it { is_expected.to allow_values('/usr/bin/true', "/usr/bin/x -w 'a b' | cat") }
  it { is_expected.not_to allow_values('true', "/usr/bin/true\ncommand[x]=/bin/sh", "/bin/x\t", '/bin/ü', '/', "/#{'x' * 1901}") }
end
