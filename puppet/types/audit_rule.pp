# @summary A rule of `ct0 audit`; `*` is all of them, `UNREAD` a file that cannot be read.
type Ct0::Audit_rule = Enum[
  '*', 'UNREAD',
  'CT001', 'CT002', 'CT003', 'CT004', 'CT005', 'CT006', 'CT007', 'CT008', 'CT009', 'CT010',
  'CT011', 'CT012', 'CT013', 'CT014', 'CT015', 'CT016', 'CT101', 'CT102', 'CT103', 'CT104',
  'CT105', 'CT106', 'CT107', 'CT108', 'CT109', 'CT110', 'CT111', 'CT112', 'CT113',
]
