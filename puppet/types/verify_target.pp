# @summary What `ct0 verify` judges: a URL, such as `ct://` (this machine and its containers) or `ct+ssh://root@node1`.
type Ct0::Verify_target = Pattern[/\A[a-z][a-z+-]*:\/\/[^\s'"\\]*\z/]
