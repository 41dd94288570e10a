# @summary TLS for the exporter: each file by its path on the node, or by its text, which is then laid out in /etc/ct0.
type Ct0::Web_tls = Struct[{
  Optional['cert_file']           => Ct0::Path,
  Optional['cert']                => Variant[Ct0::Pem, Sensitive[Ct0::Pem]],
  Optional['key_file']            => Ct0::Path,
  Optional['key']                 => Variant[Ct0::Pem, Sensitive[Ct0::Pem]],
  Optional['client_ca_file']      => Ct0::Path,
  Optional['client_ca']           => Variant[Ct0::Pem, Sensitive[Ct0::Pem]],
  Optional['client_auth_type']    => Enum[
    'NoClientCert', 'RequestClientCert', 'RequireAnyClientCert', 'VerifyClientCertIfGiven', 'RequireAndVerifyClientCert'
  ],
  Optional['client_allowed_sans'] => Array[Pattern[/\A[\w.:@\/*-]+\z/], 1],
  Optional['min_version']         => Enum['TLS10', 'TLS11', 'TLS12', 'TLS13'],
  Optional['max_version']         => Enum['TLS10', 'TLS11', 'TLS12', 'TLS13'],
}]
