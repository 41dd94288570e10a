# @summary Who may scrape: a user's name and the bcrypt hash of the password, as `htpasswd -nBC 10 ''` makes it.
type Ct0::Web_users = Hash[
  Pattern[/\A[\w.@+-]+\z/],
  Variant[Ct0::Bcrypt, Sensitive[Ct0::Bcrypt]],
]
