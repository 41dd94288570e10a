"""Names and scopes of what was observed: the same state gives the same ones, whoever named it.

node1 web1 services {"name": "sshd"}    node1-web1-services-sshd    {node: node1, ct: web1}
"""

from __future__ import annotations

import glob
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ct0_suites.expectations.matching import in_scope
from ct0_suites.records import CT, Subject

LONGEST = 100  # characters of an id, as expectations' schema says
UNFIT = re.compile(r"[^A-Za-z0-9_.]+")


def ids(entries: Iterable[tuple[Subject, str, str]]) -> list[str]:
    """An id for each (subject, suite, label), in their order; no two are alike."""
    entries = list(entries)
    names = subject_names([subject for subject, _, _ in entries])
    used: set[str] = set()
    found = []
    for subject, suite, label in entries:
        wanted = shortened("-".join(filter(None, (names[subject], suite, slug(label)))))
        name, number = wanted, 1
        while name in used:
            number += 1
            ending = f"-{number}"
            name = wanted[: LONGEST - len(ending)] + ending
        used.add(name)
        found.append(name)
    return found


def subject_names(subjects: Iterable[Subject]) -> dict[Subject, str]:
    """node1-web1. A name that lost characters, or is another's as well, has a sum of the whole."""
    plain = {
        subject: "-".join(filter(None, (slug(subject.node), slug(subject.name or subject.ctid))))
        for subject in subjects
    }
    same = Counter(plain.values())
    return {
        subject: name
        if same[name] == 1 and kept(subject)
        else f"{name}-{summed(*subject)}".lstrip("-")
        for subject, name in plain.items()
    }


def kept(subject: Subject) -> bool:
    return all(slug(text) == text for text in (subject.node, subject.name or subject.ctid))


def slug(text: str) -> str:
    return UNFIT.sub("-", text).strip("-._")


def shortened(name: str) -> str:
    """Of such a length that a number can still be put behind it."""
    return name if len(name) <= LONGEST - 10 else f"{name[: LONGEST - 20]}-{summed(name)}"


def summed(*texts: str) -> str:
    joined = "\0".join(texts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(joined).hexdigest()[:8]


def label(want: Mapping[str, Any], required: Sequence[str]) -> str:
    """What a person would call it: the first of what it must say that is one word."""
    for key in (*required, "name"):
        value = want.get(key)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and len(str(value)) <= 40:
            return str(value)
    return ""


def scopes(subjects: Iterable[Subject]) -> dict[Subject, dict[str, str]]:
    """`for:` of each, that means it and nobody else of them. Who cannot be told from another by
    any is not among them."""
    by_node: dict[str, list[Subject]] = {}
    for subject in subjects:
        by_node.setdefault(subject.node, []).append(subject)
    found = {}
    for node, its in by_node.items():
        for subject in its:
            for given in candidates(subject):
                scope = {"node": glob.escape(node), **given}
                patterns = {key: (pattern,) for key, pattern in scope.items()}
                if [each for each in its if in_scope(patterns, each)] == [subject]:
                    found[subject] = scope
                    break
    return found


def candidates(subject: Subject) -> Iterator[dict[str, str]]:
    """By name, which outlives a container that is made anew; else by what is its alone."""
    if subject.kind != CT:
        yield {"kind": subject.kind}
        return
    for text in filter(None, (subject.name, subject.ctid)):
        yield {"ct": glob.escape(text)}
    for text in filter(None, (subject.name, subject.ctid)):
        yield {"ct": glob.escape(text), "engine": glob.escape(subject.engine)}
