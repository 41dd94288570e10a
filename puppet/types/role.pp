# @summary What a machine is: the host (`ct0`), a container (`ct`), neither (`plain`), or what the fact says (`auto`).
type Ct0::Role = Enum['auto', 'ct0', 'ct', 'plain']
