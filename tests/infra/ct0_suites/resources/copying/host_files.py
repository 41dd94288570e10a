"""Which files of a host `ct0 audit` reads: what it names in its sources, and where that may lead.

A test holds that every path the audit's sources name is among these.
"""

from __future__ import annotations

# Words of a shell, so that they need no quotes.
# Folders, with all files in them and below. Below /usr/lib also those of /lib.
TREES = """
/etc/NetworkManager/dispatcher.d /etc/acpi /etc/amanda /etc/ansible /etc/apcupsd /etc/apt/apt.conf.d
/etc/automysqlbackup /etc/backup /etc/backup.d /etc/backups /etc/bacula /etc/bareos /etc/borgmatic
/etc/borgmatic.d /etc/burp /etc/chef/cookbooks /etc/chkrootkit /etc/collectd /etc/collectd.d
/etc/compose /etc/conf.d /etc/containers/systemd /etc/cron.d /etc/cron.daily /etc/cron.hourly
/etc/cron.monthly /etc/cron.weekly /etc/cron.yearly /etc/crontabs /etc/csf /etc/dar_hooks
/etc/datadog-agent/conf.d /etc/dhcp /etc/docker /etc/docker-compose /etc/duply /etc/ha.d /etc/icinga
/etc/icinga2 /etc/init.d /etc/keepalived /etc/kubernetes/manifests /etc/local.d /etc/logrotate.d
/etc/monit /etc/monit.d /etc/munin /etc/nagios /etc/nagios3 /etc/nagios4 /etc/needrestart
/etc/network /etc/networkd-dispatcher /etc/nohang /etc/nrpe.d /etc/nut /etc/openvpn /etc/pam.d
/etc/periodic /etc/pm /etc/ppp /etc/puppet/code /etc/puppet/manifests /etc/puppet/modules
/etc/puppetlabs/code /etc/pve/hooks /etc/pve/lxc /etc/rc.d /etc/rc0.d /etc/rc6.d /etc/s6
/etc/s6-overlay /etc/salt /etc/sensu/conf.d /etc/service /etc/shadow-maint /etc/snmp
/etc/supervisor /etc/supervisor.d /etc/supervisord.d /etc/sv /etc/sysconfig/network-scripts
/etc/sysctl.d /etc/systemd/system /etc/systemd/system.control /etc/systemd/user /etc/telegraf
/etc/udev/rules.d /etc/udhcpc /etc/ulatencyd /etc/ups /etc/urbackup /etc/vz/conf /etc/vz/ext.d
/etc/watchdog.d /etc/wireguard /etc/zabbix /opt/ansible /root/.ansible/pull /run/sysctl.d
/run/systemd/generator /run/systemd/system /run/systemd/user /run/udev/rules.d /service
/srv/ansible /srv/formulas /srv/pillar /srv/salt /usr/etc/logrotate.d
/usr/lib/NetworkManager/dispatcher.d /usr/lib/ct0 /usr/lib/dhcpcd /usr/lib/lsb
/usr/lib/networkd-dispatcher /usr/lib/ocf /usr/lib/perl5/vendor_perl/NeedRestart /usr/lib/pm-utils
/usr/lib/rc/sh /usr/lib/sysctl.d /usr/lib/systemd/system /usr/lib/systemd/system-shutdown
/usr/lib/systemd/system-sleep /usr/lib/systemd/user /usr/lib/udev/rules.d /usr/local/etc/ansible
/usr/local/lib/sysctl.d /usr/local/lib/systemd/system /usr/local/lib/systemd/user
/usr/local/nagios/etc /usr/share/acpi-support /usr/share/perl5/NeedRestart
/usr/share/perl5/vendor_perl/NeedRestart /usr/share/puppet/modules /var/cache/salt/minion/files
/var/cfengine/inputs /var/chef/cache/cookbooks /var/cinc/cache/cookbooks /var/lib/ansible
/var/lib/cfengine3/inputs /var/lib/vz/snippets /var/rudder/cfengine-community/inputs /var/spool/at
/var/spool/atjobs /var/spool/cron
"""

# Files alone. bin, sbin and lib are links to /usr's where they are merged.
FILES = """
/bin /etc/X11/xdm/Xreset /etc/anacrontab /etc/bash.bash_logout /etc/chkrootkit.conf
/etc/collectd.conf /etc/crontab /etc/ct0/audit-waivers /etc/debian_version /etc/default/earlyoom
/etc/default/rkhunter /etc/dhcpcd.enter-hook /etc/dhcpcd.exit-hook /etc/inittab /etc/login.defs
/etc/logrotate.conf /etc/monit.conf /etc/monitrc /etc/netdata/apps_groups.conf /etc/nrpe.cfg
/etc/passwd /etc/rc.local /etc/rc.shutdown /etc/rc.status /etc/redhat-release /etc/rkhunter.conf
/etc/rkhunter.conf.local /etc/rsnapshot.conf /etc/supervisord.conf /etc/sysconfig/earlyoom
/etc/sysconfig/init /etc/sysctl.conf /etc/verynice.conf /etc/vzdump.conf /etc/watchdog.conf
/etc/zsh/zlogout /lib /lib64 /sbin /sbin/dhclient-script /usr/bin/openrc-run /sbin/openrc-run
/usr/etc/logrotate.conf /usr/local/etc/zabbix_agent2.conf /usr/local/etc/zabbix_agentd.conf
/usr/local/prm/conf.prm /usr/local/sbin/adduser.local /usr/local/sbin/deluser.local
/usr/sbin/userdel_local /usr/share/snmp/snmpd.conf
"""

# Folder, how many levels of folders down, names. Of many files only these.
CHOSEN = (
    ("/opt /root /srv", 3, "compose.yaml compose.yml docker-compose.yml docker-compose.yaml"),
    ("/run", 4, "*.pid"),
    ("/var/lib/containers/storage/overlay-containers", 3, "config.json"),
    ("/var/lib/docker/containers", 2, "hostconfig.json"),
    ("/var/lib/dpkg/info", 1, "*.preinst *.postinst *.prerm *.postrm *.config"),
    ("/var/lib/lxc", 2, "config"),
)

# Of these folders the shell scripts.
PROGRAMS = "/bin /root/bin /sbin /usr/bin /usr/local/bin /usr/local/sbin /usr/sbin"

# May be large, and are read so: Puppet's catalogs, rpm's database. Of the others 1 MiB is the most.
LARGE = (
    "/opt/puppetlabs/puppet/cache/client_data/catalog /var/lib/puppet/client_data/catalog"
    " /var/cache/puppet/client_data/catalog",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite /var/lib/rpm/rpmdb.sqlite",
)
OLDER = ("Packages", "Packages.db")
PATH = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
COMMANDS = (
    "checkproc", "killall", "killall5", "killproc", "pgrep", "pidof", "pidofproc", "pkill",
    "startproc",
)  # fmt: skip
# Of these it matters that they are there, and whither they lead.
THERE = " ".join(
    (
        *(f"/var/lib/rpm/{name}" for name in OLDER),
        *(f"/usr/lib/sysimage/rpm/{name}" for name in OLDER),
        *(f"{folder}/{name}" for folder in PATH for name in COMMANDS),
    )
)

# Never copied: they are secrets, and no shell.
SECRETS = "*.key *.pem *.p12 *.pfx *.jks *.gpg *.crt *.cer secrets.tdb"
