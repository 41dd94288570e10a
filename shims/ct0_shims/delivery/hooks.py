"""Where a distribution's init scripts can be led to the shims without changing any of them.

* RHEL: /etc/rc.d/init.d/functions sets PATH and then reads /etc/sysconfig/init. One more line there
  puts the shims before /sbin, and every `pidof` of RHEL's functions is ours.
* Debian: /lib/lsb/init-functions reads the files of /lib/lsb/init-functions.d after it has defined
  its own functions; the last of them is ours and defines them anew.
"""

from __future__ import annotations

RHEL_FILE = "/etc/sysconfig/init"
RHEL_LINE = "PATH=/usr/lib/ct0/shims:$PATH  # ct0: pidof and the like see CT0's own processes only"

DEBIAN_LIBRARY = "/lib/lsb/init-functions"
DEBIAN_HOOK = "/lib/lsb/init-functions.d/99-ct0"
