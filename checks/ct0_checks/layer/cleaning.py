"""Texts that somebody else wrote, made safe for a plugin's output.

A container's owner may choose its name and its interfaces'. On the line of a plugin `|` begins the
performance data, a newline ends the text, `=` and `'` end a label, `<` reaches a web page, `$` and
backslashes are read again by Nagios (macros, \\n in passive results).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

from ct0.container import CT

NAME = 60  # characters of a name that are shown
UNSAFE = str.maketrans(dict.fromkeys("|<>`$\\;", "?"))
LABEL = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def clean(text: str, limit: int = 200) -> str:
    """`text` in one line without anything a scheduler, shell or page would read as its own."""
    if len(text) > limit:
        text = text[: limit - 3] + "..."
    # What is not printable (control, direction marks, lone surrogates) is "?" as well.
    return "".join([c if c.isprintable() else "?" for c in text]).translate(UNSAFE)


def shown(ct: CT) -> str:
    """How a CT is called on a line: `web1 (lxc web1)`, `shop (docker 0123456789ab)`."""
    return f"{clean(ct.name or ct.ctid, NAME)} ({clean(ct.engine)} {clean(short(ct.ctid), NAME)})"


def short(ctid: str) -> str:
    """Docker's 64 hex digits as docker ps shows them."""
    return ctid[:12] if re.fullmatch("[0-9a-f]{64}", ctid) else ctid


def labels(cts: Iterable[CT]) -> dict[tuple[str, str], str]:
    """(engine, CTID) -> the CT's part of its labels in the performance data, each of its own.

    Its name if that is safe and no other CT's, else engine and CTID; where neither is safe a
    digest of both makes the difference. Give all CTs of the host, or the labels of one may change
    with the others that are judged.
    """
    everyone = list(cts)
    names = Counter(ct.name or ct.ctid for ct in everyone)
    names += Counter(longer(ct) for ct in everyone if (ct.name or ct.ctid) != longer(ct))
    found = {}
    for ct in everyone:
        name = ct.name or ct.ctid
        if LABEL.fullmatch(name) and names[name] == 1:
            found[ct.engine, ct.ctid] = name
        elif LABEL.fullmatch(longer(ct)) and names[longer(ct)] == 1:
            found[ct.engine, ct.ctid] = longer(ct)
        else:
            whole = f"{ct.engine}\0{ct.ctid}".encode("utf-8", "surrogatepass")
            digest = hashlib.sha256(whole).hexdigest()[:8]
            # A colon is in nobody's name that is a label as it is.
            found[ct.engine, ct.ctid] = f"{label(name)[:24]}:{digest}"
    return found


def longer(ct: CT) -> str:
    return f"{ct.engine}.{short(ct.ctid)}"


def label(text: str) -> str:
    """Any text as a part of a label: letters, digits and `_.-` stay."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", text)[:40] or "_"
