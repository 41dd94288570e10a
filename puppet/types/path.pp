# @summary An absolute path that a shell reads as one word: no blanks, quotes or wildcards, and no `..` in it.
type Ct0::Path = Pattern[/\A(\/(?!\.\.?(\/|\z))[\w.,:+@%=~-]+)+\z/]
