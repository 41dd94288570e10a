"""What no source may do: raise anything but Malformed, or name a place that is not in its file."""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ct0.errors import Malformed
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
    keepalived,
    killers,
    logrotate,
    monit,
    nagios,
    needrestart,
    network,
    power,
    puppet,
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
    zabbix,
)

Parser = Callable[[str, str], Iterable["Snippet | Direct"]]


def parse_unit(text: str, path: str) -> Iterable[Snippet | Direct]:
    return systemd.judge("foo.service", [(text, path)])


# Each with a good text; what it yields for that is the kinds' test.
PARSERS: dict[str, tuple[Parser, str]] = {
    "inittab": (shutdown.parse_inittab, "pf::powerwait:/etc/init.d/powerfail start\n"),
    "logrotate": (logrotate.parse_logrotate, "/x {\n postrotate\n  killall x\n endscript\n}\n"),
    "crontab": (cron.parse_crontab, "PATH=/bin\n* * * * * root killall x %in\n"),
    "user crontab": (cron.parse_user_crontab, "@daily killall x\n"),
    "anacrontab": (cron.parse_anacrontab, "1\t5\tcron.daily\trun-parts /etc/cron.daily\n"),
    "at": (cron.parse_job, "#!/bin/sh\numask 22\nkillall x\n"),
    "unit": (parse_unit, "[Service]\nExecStop=-@/bin/sh sh \\\n -c 'a $$x' ; b\nKillMode=none\n"),
    "monit": (monit.parse_monit, 'check process x matching "x"\n stop program = "killall x"\n'),
    "supervisord": (supervision.parse_supervisord, "[program:x]\ncommand=/bin/x\n"),
    "keepalived": (
        keepalived.parse_keepalived,
        'vrrp_script x {\n script "killall -0 x"\n}\nvrrp_track_process x {\n process x\n}\n',
    ),
    "nagios": (nagios.parse_nagios, "command[x]=/usr/lib/nagios/plugins/check_procs -C cron\n"),
    "icinga2": (nagios.parse_icinga2, 'object Service "x" {\n  vars.procs_command = "x"\n}\n'),
    "snmpd": (snmpd.parse_snmpd, "proc x 1\nprocfix x /bin/x\nsh y pgrep y\n"),
    "zabbix": (zabbix.parse_zabbix, "UserParameter=x[*],pgrep $1\nAlias=x:proc.num[x,y,,z]\n"),
    "collectd": (collectd.parse_collectd, '<Plugin processes>\n Process "x"\n</Plugin>\n'),
    "telegraf": (telegraf.parse_telegraf, '[[inputs.procstat]]\npattern = "x"\n'),
    "munin": (agents.parse_munin, "[multips]\nenv.names x y\n"),
    "datadog": (agents.parse_datadog, "instances:\n- {name: x, search_string: [x]}\n"),
    "sensu": (agents.parse_sensu, '{"checks": {"x": {"command": "check-process.rb -p x"}}}'),
    "netdata": (agents.parse_netdata, "x: a b*\n"),
    "puppet": (
        puppet.parse_manifest,
        "service { ['a', \"b\"]: hasstatus => false; 'c': provider => base }\n"
        "exec { 'x': command => @(END)\n  killall x\n  | END\n}\n",
    ),
    "puppet catalog": (
        puppet.parse_catalog,
        '{"resources": [{"type": "Service", "title": "x", "parameters": {"hasstatus": false}}]}',
    ),
    "ansible": (
        ansible.parse_ansible,
        "- service: {name: x, pattern: x}\n- shell: |\n   killall x\n",
    ),
    "salt": (
        salt.parse_salt,
        "{% if x %}\nx:\n  service.running:\n  - sig: {{ x }}\n{% endif %}\n",
    ),
    "cfengine": (
        cfengine.parse_cfengine,
        'bundle agent x\n{\n processes:\n  x::\n   "x"\n    signals => { "term" };\n}\n',
    ),
    "chef": (chef.parse_recipe, "service 'x' do\n pattern 'x'\nend\nexecute 'killall x'\n"),
    "needrestart": (needrestart.parse_restart, "$nrconf{restart} = 'a';\n"),
    "apt hooks": (needrestart.parse_hooks, 'DPkg::Post-Invoke { "checkrestart"; };\n'),
    "interfaces": (network.parse_interfaces, "iface x\n  up killall \\\n  x\n"),
    "openvpn": (network.parse_openvpn, 'up "/bin/x y"\n'),
    "wireguard": (network.parse_wireguard, "PostUp = killall x\n"),
    "acpi": (power.parse_acpi, "event=x\naction=/bin/x\n"),
    "udev": (power.parse_udev, 'A=="b", RUN+="/bin/x", PROGRAM=="y"\n'),
    "upsmon": (power.parse_upsmon, 'SHUTDOWNCMD "/sbin/shutdown -h +0"\n'),
    "login.defs": (users.parse_login_defs, "USERDEL_CMD /bin/x\n"),
    "pam": (users.parse_pam, "session optional pam_exec.so seteuid quiet /bin/x y\n"),
    "watchdog": (watchdog.parse_watchdog, "pidfile = /run/x.pid\ntest-binary = /bin/x\n"),
    "earlyoom": (killers.parse_earlyoom, 'EARLYOOM_ARGS="-r 3600"\n'),
    "lfd": (killers.parse_lfd, 'PT_USERKILL = "1"\nPT_USERMEM = "9"\n'),
    "nohang": (killers.parse_present, "# nohang\nx = 1\n"),
    "slice": (killers.parse_slice, "[Slice]\nManagedOOMSwap=kill\n"),
    "daily": (scanners.parse_daily, 'RUN_DAILY="true"\n'),
    "unhide": (scanners.parse_cron, "0 5 * * * root unhide proc\n"),
    "sysctl": (sysctl.parse_sysctl, "-kernel/pid_ns_hide_child=1\n"),
    "in force": (sysctl.parse_in_force, "1\n"),
    "bacula": (backup.parse_bacula, ' Client Run Before Job = "/bin/x"\n'),
    "vzdump": (backup.parse_vzdump, "script: /bin/x\n"),
    "rsnapshot": (backup.parse_rsnapshot, "cmd_preexec\t/bin/x\n"),
    "burp": (backup.parse_burp, "backup_script_pre = /bin/x\n"),
    "borgmatic": (backup.parse_borgmatic, "hooks:\n  before_backup:\n  - killall x\n"),
    "unit lines": (host_pids.parse_unit_lines, "ExecStart=docker run \\\n --pid=host x\n"),
    "compose": (host_pids.parse_yaml, "services: {x: {pid: host}}\n"),
    "hostconfig": (host_pids.parse_hostconfig, '{"PidMode": "host"}'),
    "oci": (host_pids.parse_oci, '{"linux": {"namespaces": [{"type": "mount"}]}}'),
    "lxc": (host_pids.parse_lxc, "lxc.namespace.share.pid = 1\nlxc.hook.stop = /bin/x\n"),
}

GOOD = [text for _, text in PARSERS.values()]
# Lines of every format and pieces of syntax: what is put together of these gets far into a parser.
PIECES = sorted({line for text in GOOD for line in text.split("\n")}) + [
    "{", "}", "[", "]", "'", '"', "\\", "\\\n", "\n", ":", "=", ";", "@(", "END", "|", "- ", "&a",
    "*a", "<<", "\t", "$$", "%", "\x0c", "\u2028", "\udcff", "é", "/*", "*/", "//", "#", "<", ">",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(),
    st.lists(st.sampled_from(PIECES), max_size=12).map("\n".join),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
)


def parsed(parse: Parser, text: str) -> list[Snippet | Direct]:
    try:
        return list(parse(text, "/etc/x"))
    except Malformed:
        return []


@pytest.mark.parametrize("name", PARSERS)
def test_a_good_text_says_something(name: str) -> None:
    parse, good = PARSERS[name]
    assert list(parse(good, "/usr/local/prm/conf.prm"))


@pytest.mark.parametrize("name", PARSERS)
def test_an_empty_text_says_nothing_or_is_told(name: str) -> None:
    parse, _ = PARSERS[name]
    found = parsed(parse, "")
    # earlyoom without arguments, and a configuration that is there, say something by being there.
    assert not found or name in ("earlyoom", "nohang")


@pytest.mark.parametrize("name", PARSERS)
def test_a_text_cut_anywhere_is_read_or_told(name: str) -> None:
    parse, good = PARSERS[name]
    for end in range(len(good)):
        holds(parsed(parse, good[:end]), good[:end])


@pytest.mark.parametrize("name", PARSERS)
@given(text=TEXTS)
@example(text="\udcff\udcfe")
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_text_breaks_a_parser(name: str, text: str) -> None:
    parse, _ = PARSERS[name]
    holds(parsed(parse, text), text)


def holds(found: list[Snippet | Direct], text: str) -> None:
    """Every place is one of the file's, and what a snippet begins with stands there."""
    lines = text.split("\n")
    for item in found:
        assert 1 <= item.line <= max(len(lines), 1) + 1
        assert item.column >= 1
        if isinstance(item, Snippet) and item.text.strip() and "$$" not in text:
            line = lines[item.line - 1]
            first = item.text.split("\n")[0].removesuffix("\r")
            assert len(first.rstrip()) <= len(line) - item.column + 1 or "{" in text


def header(**texts: str) -> bytes:
    """An RPM header of a package with these texts, by the names of rpm.TAGS below."""
    tags = {"name": 1000, "post": 1024, "postprog": 1086, "pre": 1023, "preprog": 1085}
    index = data = b""
    for name, text in texts.items():
        index += struct.pack(">IIII", tags[name], 6, len(data), 1)
        data += text.encode() + b"\0"
    return struct.pack(">II", len(texts), len(data)) + index + data


def test_an_rpm_header_tells_its_scriptlets() -> None:
    blob = header(name="foo", post="killall foo\n", postprog="/bin/sh", pre="x", preprog="<lua>")
    (found,) = rpm.parse_header(blob, "/db")
    assert found == Snippet(
        "/db/foo.post", 1, 1, "shell", "killall foo\n", "rpm scriptlet", "%post of foo", "foo"
    )


def test_an_rpm_scriptlet_of_perl_is_told() -> None:
    blob = header(name="foo", post="print 1", postprog="/usr/bin/perl")
    assert list(rpm.parse_header(blob, "/db")) == [
        NotRead("/db/foo.post", "written for perl, not for a shell")
    ]


@given(blob=st.binary(max_size=200))
def test_no_blob_breaks_the_header(blob: bytes) -> None:
    try:
        list(rpm.parse_header(blob, "/db"))
    except Malformed:
        return


@given(st.data())
def test_a_damaged_rpm_header_is_read_or_told(data: st.DataObject) -> None:
    blob = bytearray(header(name="foo", post="killall foo\n", postprog="/bin/sh"))
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    try:
        list(rpm.parse_header(bytes(blob), "/db"))
    except Malformed:
        return


def test_deep_nesting_is_told() -> None:
    depth = 100_000
    for parse, text in (
        (ansible.parse_ansible, "[" * depth),
        (ansible.parse_ansible, "- " * depth),
        (agents.parse_sensu, "[" * depth),
        (host_pids.parse_hostconfig, '{"a":' * depth),
        (puppet.parse_catalog, "[" * depth),
        (telegraf.parse_telegraf, "a = " + "[" * depth),
    ):
        with pytest.raises(Malformed):
            list(parse(text, "/etc/x"))


def test_aliases_within_aliases_are_walked_once() -> None:
    lines = ["a0: &a0 {shell: killall x}"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    assert len(list(ansible.parse_ansible("\n".join(lines), "/etc/x"))) == 1


def test_a_catalog_with_what_is_no_resource_is_told() -> None:
    for text in ("[]", '{"resources": 1}', '{"resources": [1]}', json.dumps({"resources": [None]})):
        with pytest.raises(Malformed):
            list(puppet.parse_catalog(text, "/catalog"))


def test_toml_that_nothing_here_reads_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian 11: Python 3.9, and no package of tomli."""
    monkeypatch.setattr(telegraf, "sys", SimpleNamespace(version_info=(3, 9)))
    monkeypatch.setitem(sys.modules, "tomli", None)
    (tmp_path / "etc/telegraf").mkdir(parents=True)
    (tmp_path / "etc/telegraf/telegraf.conf").write_text('[agent]\ninterval = "10s"\n')
    assert list(telegraf.read(Host(str(tmp_path)))) == [
        NotRead("/etc/telegraf/telegraf.conf", "TOML, which needs tomli before Python 3.11")
    ]
