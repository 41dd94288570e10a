"""Puppet: manifests and the last catalogs of this host.

    service { 'nginx':
      ensure    => running,
      hasstatus => false,          # then Puppet looks for `pattern`, else the name, in ps
      pattern   => 'nginx: master',
    }
    exec { 'reload': command => 'kill -HUP $(pidof nginx)' }

puppet.com, "Resource type: service": the base provider takes the second column of the first line
of `ps -ef` that matches, and kills that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ct0.errors import Malformed
from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import SHELL, Direct, NotRead, Selector, Snippet
from ct0_audit.sources.lines import Line, direct
from ct0_audit.sources.puppet_language import Attribute, Resource, resources
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "puppet"

MANIFESTS = (
    "/etc/puppetlabs/code",
    "/etc/puppet/code",
    "/etc/puppet/modules",
    "/etc/puppet/manifests",
    "/usr/share/puppet/modules",
)
CATALOGS = (
    "/opt/puppetlabs/puppet/cache/client_data/catalog",
    "/var/lib/puppet/client_data/catalog",
    "/var/cache/puppet/client_data/catalog",
)
CATALOG = 32 << 20  # bytes; of a large host 10 MB
UNUSED = re.compile(r"/(spec|examples|tests)/")
DOLLAR = re.compile(r"\\\$")
SHELL_OF = {
    "exec": ("command", "onlyif", "unless", "refresh"),
    "cron": ("command",),
    "service": ("start", "stop", "restart", "status"),
    "logrotate::rule": ("prerotate", "postrotate", "firstaction", "lastaction"),
}


def read(host: Host) -> Found:
    manifests = paths_in(host, *MANIFESTS, depth=9, ends=(".pp",))
    yield from configured(host, filter(is_used, manifests), parse_manifest)
    for path in paths_in(host, *CATALOGS, ends=(".json",)):
        if isinstance(path, files.Unreadable):
            yield NotRead(path.path, path.reason)
            continue
        try:
            yield from parse_catalog(files.text(host, path, CATALOG), path)
        except files.Unreadable as reason:
            yield NotRead(path, reason.reason)
        except Malformed as reason:
            yield NotRead(path, f"not understood: {reason}")


def is_used(path: str | files.Unreadable) -> bool:
    """Whether it is no module's own test or example."""
    return isinstance(path, files.Unreadable) or not UNUSED.search(path)


def parse_manifest(text: str, path: str) -> Iterator[Snippet | Direct]:
    """Services that are looked up in the process table, and the commands of resources."""
    for resource in resources(text, path):
        attributes = {attribute.name: attribute for attribute in resource.attributes}
        if resource.type == "service":
            yield from _service(resource, attributes, path)
        for name in SHELL_OF.get(resource.type, ()):
            if name in attributes:
                context = f"{name} of {resource.type} {resource.title}"
                for string in attributes[name].strings:
                    yield _shell(string, path, context)
            elif name == "command" and resource.type == "exec" and resource.place:
                yield _shell(resource.place, path, f"exec {resource.title}")


def _service(resource: Resource, attributes: dict[str, Attribute], path: str) -> Iterator[Direct]:
    status = attributes.get("hasstatus")
    provider = attributes.get("provider")
    pattern = attributes.get("pattern")
    decides = None
    if status is not None and status.value == "false" and "status" not in attributes:
        decides = status
    elif provider is not None and provider.value == "base" and "status" not in attributes:
        decides = provider
    if decides is not None:
        looked_for = pattern.value if pattern is not None else resource.title
        detail = f"Puppet looks for {looked_for!r} in the output of ps"
        if not looked_for:
            detail = "Puppet looks for every service by its name in the output of ps"
        selector = Selector("full", (looked_for,)) if looked_for else None
        yield direct(decides.line, "CT105", detail, path, KIND, selector, context=resource.title)


def _shell(string: Line, path: str, context: str) -> Snippet:
    text = DOLLAR.sub(" $", string.text)
    return Snippet(path, string.number, string.column, SHELL, text, KIND, context)


def parse_catalog(text: str, path: str) -> Iterator[Direct]:
    """The services of a catalog, a JSON document. Raises Malformed."""
    try:
        listed = json.loads(text)["resources"]
        services = [item for item in listed if item.get("type") == "Service"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Malformed(path, "no catalog") from error
    for service in services:
        given = service.get("parameters")
        title = str(service.get("title", ""))
        if not isinstance(given, dict) or given.get("status"):
            continue
        if str(given.get("hasstatus")).lower() == "false" or given.get("provider") == "base":
            looked_for = str(given.get("pattern") or title)
            where = f", written at {service.get('file')}:{service.get('line')}"
            detail = f"Puppet looks for {looked_for!r} in the output of ps{where}"
            at = max(text.find(json.dumps(title)), 0)
            line = Line(1, text).part(at, at + len(title) + 2)
            yield direct(line, "CT105", detail, path, KIND, Selector("full", (looked_for,)))
