# @summary A SHA-256 checksum as `sha256sum` writes it.
type Ct0::Sha256 = Pattern[/\A[0-9a-f]{64}\z/]
