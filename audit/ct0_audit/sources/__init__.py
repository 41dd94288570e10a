"""Where the audit looks: one module a kind of file.

Each yields, from its `read(host)`, snippets of shell and findings of its own
(`ct0_audit.records`). A file that two sources reach counts as the first one's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ct0.host import Host
from ct0_audit.records import Direct, NotRead, Snippet
from ct0_audit.sources import (
    agents,
    ansible,
    backup,
    cfengine,
    chef,
    collectd,
    cron,
    host_pids,
    init,
    keepalived,
    killers,
    logrotate,
    maintainer,
    monit,
    nagios,
    needrestart,
    network,
    pidfiles,
    power,
    puppet,
    resource_agents,
    rpm,
    salt,
    scanners,
    shutdown,
    snmpd,
    supervision,
    sysctl,
    systemd,
    telegraf,
    users,
    watchdog,
    wrappers,
    zabbix,
)

Source = Callable[[Host], Iterator["Snippet | Direct | NotRead"]]

SOURCES: dict[str, Source] = {
    shutdown.KIND: shutdown.read,
    init.KIND: init.read,
    systemd.KIND: systemd.read,
    logrotate.KIND: logrotate.read,
    cron.KIND: cron.read,
    maintainer.KIND: maintainer.read,
    rpm.KIND: rpm.read,
    monit.KIND: monit.read,
    supervision.KIND: supervision.read,
    keepalived.KIND: keepalived.read,
    nagios.KIND: nagios.read,
    snmpd.KIND: snmpd.read,
    zabbix.KIND: zabbix.read,
    collectd.KIND: collectd.read,
    telegraf.KIND: telegraf.read,
    agents.KIND: agents.read,
    puppet.KIND: puppet.read,
    ansible.KIND: ansible.read,
    salt.KIND: salt.read,
    cfengine.KIND: cfengine.read,
    chef.KIND: chef.read,
    needrestart.KIND: needrestart.read,
    resource_agents.KIND: resource_agents.read,
    network.KIND: network.read,
    power.KIND: power.read,
    users.KIND: users.read,
    watchdog.KIND: watchdog.read,
    killers.KIND: killers.read,
    scanners.KIND: scanners.read,
    backup.KIND: backup.read,
    host_pids.KIND: host_pids.read,
    sysctl.KIND: sysctl.read,
    pidfiles.KIND: pidfiles.read,
    wrappers.KIND: wrappers.read,
}
