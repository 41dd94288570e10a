# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Listen' do
  it { is_expected.to allow_values('127.0.0.1:9955', ':9955', '[::1]:9955', '[fd00::1]:9955', 'node1.example.com:80', 'unix:/run/ct0-exporter.sock') }
  it { is_expected.not_to allow_values('9955', '127.0.0.1', '127.0.0.1:', ':0', ':123456', '::1:9955', 'a b:1', ":9955\n", ':9955 --x', 'unix:run/x', 'unix:/run/../x', '$(id):1', '') }
end
