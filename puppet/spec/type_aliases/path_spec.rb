# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Path' do
  it { is_expected.to allow_values('/usr/bin/python3.11', '/opt/ct0', '/a/..b', '/a/.hidden') }
  it { is_expected.not_to allow_values('python3', '/', '/a b', '/a/../b', '/a/..', '/a/./b', '/a//b', '/a/', "/a'b", '/a;b', '/a$b', '/a*', "/a\n", '') }
end
