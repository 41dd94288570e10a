"""What is printed when a plugin could not do its work: one line, in the format that was asked for.

Needs nothing but the standard library: it is also what says that nagiosplugin is not there.
"""

from __future__ import annotations

import json
import socket

from ct0_checks.layer.cleaning import clean

STATES = ("ok", "warning", "critical", "unknown")  # in the order of their exit statuses
FORMATS = ("nagios", "checkmk", "json", "nsca")


def failure(name: str, state: str, text: str, form: str, service: str = "", host: str = "") -> str:
    """`name` is the plugin's (ct_state), `state` one of ok, warning, critical, unknown."""
    text = clean(text, 500)
    code = STATES.index(state)
    service = service or service_name(name)
    if form == "checkmk":
        shown = clean(service, 80).replace('"', "?")
        return f'<<<local:sep(0)>>>\n{code} "{shown}" - {text}\n'
    if form == "nsca":
        where = clean(host or socket.gethostname(), 80)
        return f"{where}\t{clean(service, 80)}\t{code}\t{text}\n"
    if form == "json":
        found = {"version": 1, "check": name, "state": state.upper(), "status": code, "text": text}
        return json.dumps(found) + "\n"
    return f"{name.upper()} {state.upper()} - {text}\n"


def status(code: int, form: str) -> int:
    """The exit status. Whoever asks in these formats reads the state in the text, and takes a
    status for a failure of the plugin: Checkmk's agent then keeps its old answer."""
    return 0 if form in ("checkmk", "nsca") else code


def service_name(name: str) -> str:
    """ct_resources -> CT resources."""
    first, _, rest = name.partition("_")
    return f"{first.upper()} {rest.replace('_', ' ')}".strip()
