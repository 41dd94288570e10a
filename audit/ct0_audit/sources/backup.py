"""What backups run before and after: vzdump, Bacula and Bareos, borgmatic, rsnapshot, burp, duply.

script: /usr/local/bin/hook.sh                                /etc/vzdump.conf
Client Run Before Job = "/usr/bin/pkill -STOP mysqld"         /etc/bacula/bacula-dir.conf
cmd_preexec     /usr/local/bin/before.sh                      /etc/rsnapshot.conf
before_backup: ["pkill -STOP mysqld"]                         /etc/borgmatic/config.yaml
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Snippet
from ct0_audit.sources.lines import command, shell, without_comments
from ct0_audit.sources.scripts import Found, configured, folders, paths_in
from ct0_audit.sources.yaml_nodes import documents, place, scalars, walk

KIND = "backup"

FOLDERS = ("/etc/backup.d", "/etc/backup", "/etc/backups", "/etc/urbackup", "/etc/dar_hooks")
NESTED = ("/etc/duply", "/etc/automysqlbackup", "/etc/amanda")
BACULA = re.compile(
    r"\s*(?:Client\s*)?(?:Run\s*(?:Before|After|Script|AfterFailed)[\w\s]*?|Command)\s*=\s*\"",
    re.IGNORECASE,
)
VZDUMP = re.compile(r"\s*script\s*:\s*(?=\S)")
RSNAPSHOT = re.compile(r"(cmd_preexec|cmd_postexec)\t+(?=\S)")
BURP = re.compile(r"\s*(\w+_script(?:_pre|_post)?)\s*=\s*(?=\S)")
BORGMATIC = re.compile(r"(before|after|on)_\w+$|commands$|run$")


def read(host: Host) -> Found:
    yield from folders(host, FOLDERS, KIND, only=_is_script)
    yield from folders(host, NESTED, KIND, depth=2, only=_is_script)
    bacula = paths_in(host, "/etc/bacula", "/etc/bareos", depth=4, ends=(".conf",))
    yield from configured(host, bacula, parse_bacula)
    yield from configured(host, ("/etc/vzdump.conf",), parse_vzdump)
    yield from configured(host, ("/etc/rsnapshot.conf",), parse_rsnapshot)
    yield from configured(host, ("/etc/burp/burp.conf",), parse_burp)
    wanted = paths_in(host, "/etc/borgmatic", "/etc/borgmatic.d", depth=1, ends=(".yaml", ".yml"))
    yield from configured(host, wanted, parse_borgmatic)


def _is_script(name: str) -> bool:
    """Handlers of shell, hooks without an ending; not the settings beside them."""
    return name.endswith(".sh") or ("." not in name and name not in ("conf", "exclude"))


def parse_bacula(text: str, path: str) -> Iterator[Snippet]:
    """The run scripts of jobs, which are split into words."""
    for line in without_comments(text):
        begins = BACULA.match(line.text)
        if begins:
            end = line.text.find('"', begins.end())
            ran = line.part(begins.end(), end if end >= 0 else None)
            yield command(ran, path, KIND, line.text.partition("=")[0].strip())


def parse_vzdump(text: str, path: str) -> Iterator[Snippet]:
    """vzdump's hook script."""
    for line in without_comments(text):
        begins = VZDUMP.match(line.text)
        if begins:
            yield command(line.part(begins.end()), path, KIND, "script of vzdump")


def parse_rsnapshot(text: str, path: str) -> Iterator[Snippet]:
    """rsnapshot's commands, which sh runs."""
    for line in without_comments(text):
        begins = RSNAPSHOT.match(line.text)
        if begins:
            yield shell(line.part(begins.end()), path, KIND, begins[1])


def parse_burp(text: str, path: str) -> Iterator[Snippet]:
    """burp's scripts."""
    for line in without_comments(text):
        begins = BURP.match(line.text)
        if begins:
            yield command(line.part(begins.end()), path, KIND, begins[1])


def parse_borgmatic(text: str, path: str) -> Iterator[Snippet]:
    """borgmatic's hooks, lists of shell commands. Raises Malformed."""
    for key, node, _ in walk(documents(text, path)):
        if BORGMATIC.match(key):
            for item in scalars(node):
                yield shell(place(item, text), path, KIND, f"{key} of borgmatic")
