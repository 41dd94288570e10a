# @summary How ct0's programs come onto a host.
type Ct0::Install_method = Enum['package', 'pip', 'zipapp', 'none']
