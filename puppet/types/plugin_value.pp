# @summary The value of a plugin's option: nothing that a shell or NRPE reads as its own when it stands in single quotes.
type Ct0::Plugin_value = Variant[Numeric, Pattern[/\A[\w .,:@%+=~\/()\[\]{}^|*?\\-]*\z/]]
