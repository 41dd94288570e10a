# frozen_string_literal: true

require 'spec_helper'

describe 'Ct0::Web_tls' do
  paths = { 'cert_file' => '/etc/ssl/a.crt', 'key_file' => '/etc/ssl/a.key' }
  pem = "-----BEGIN CERTIFICATE-----\n"

  it { is_expected.to allow_values({}, paths, { 'cert' => pem, 'key' => pem }) }
  it { is_expected.to allow_values(paths.merge('client_ca' => pem, 'client_auth_type' => 'RequireAndVerifyClientCert', 'client_allowed_sans' => ['prometheus.example'])) }
  it { is_expected.not_to allow_values(paths.merge('cert_file' => 'a.crt'), paths.merge('client_auth_type' => 'Maybe'), paths.merge('client_allowed_sans' => ["a'b"]), paths.merge('min_version' => 'SSL3'), paths.merge('no' => 'such')) }
end
