# service { 'foo': hasstatus => false }
/* service { 'foo': hasstatus => false } */
notify { "service { 'foo': hasstatus => false }": }
$help = @(END)
  service { 'foo': hasstatus => false }
  | END
