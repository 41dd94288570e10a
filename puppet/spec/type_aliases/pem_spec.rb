# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Pem' do
  it { is_expected.to allow_values("-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", "# mine\n-----BEGIN EC PRIVATE KEY-----\n") }
  it { is_expected.not_to allow_values('/etc/ssl/x.crt', '-----BEGIN-----', '') }
end
