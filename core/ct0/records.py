"""Records (named tuples) as JSON and back, each value held to the type its record declares.

What is left out has its default; no limit, math.inf, is the text "unlimited":

    {"ct": {"engine": "lxc", "ctid": "web1"}, "memory": {"usage": 4096, "limit": "unlimited"}}

A type is one of str, int, float, bool, a record, and of these `X | None`, `list[X]`,
`tuple[X, ...]` and `dict[str, X]`.
"""

from __future__ import annotations

import json
import math
from typing import Any, Callable

UNLIMITED = "unlimited"

Read = Callable[[Any], Any]  # JSON's value -> the record's; raises ValueError


def to_json(value: Any) -> Any:
    """A record as what json.dumps takes."""
    defaults = getattr(value, "_field_defaults", None)
    if defaults is not None:
        return {
            name: to_json(each)
            for name, each in value._asdict().items()
            if name not in defaults or each != defaults[name]
        }
    if isinstance(value, dict):
        return {key: to_json(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(each) for each in value]
    return UNLIMITED if value == math.inf else value


def parse_json(text: str) -> Any:
    """json.loads for a text that somebody else wrote. Raises ValueError for all that is wrong."""
    try:
        return json.loads(text, parse_constant=refused)
    except RecursionError:
        raise ValueError("lists or objects too deep in one another") from None


def refused(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class Reader:
    """Makes records of these classes. Raises ValueError that says where in words."""

    def __init__(self, *records: type) -> None:
        self._classes = {record.__name__: record for record in records}
        self._reads: dict[str, Read] = {
            "str": text,
            "int": whole,
            "float": number,
            "bool": flag,
            "None": nothing,
        }
        for record in records:
            self._reads[record.__name__] = self._record(record)

    def record(self, record: type, value: Any) -> Any:
        return self._reads[record.__name__](value)

    def _record(self, record: Any) -> Read:
        fields: dict[str, Read] = {}

        def read(value: Any) -> Any:
            # Made when first needed: a record may have fields of one that comes after it.
            if not fields:
                fields.update({name: self._read(kind) for name, kind in fields_of(record).items()})
            if type(value) is not dict:
                raise ValueError(f"no {record.__name__}: {value!r:.80}")
            found = {}
            for name, each in value.items():
                if name not in fields:
                    raise ValueError(f"{record.__name__} has no {name!r:.80}")
                try:
                    found[name] = fields[name](each)
                except ValueError as error:
                    raise ValueError(f"{name}: {error}") from None
            try:
                return record(**found)
            except TypeError:
                missing = record._fields - found.keys() - record._field_defaults.keys()
                raise ValueError(f"{record.__name__} without {min(missing)}") from None

        return read

    def _read(self, kind: str) -> Read:
        """Of a type as its record spells it."""
        if kind not in self._reads:
            self._reads[kind] = self._compound(kind)
        return self._reads[kind]

    def _compound(self, kind: str) -> Read:
        if kind.endswith(" | None"):
            inner = self._read(kind[: -len(" | None")])
            return lambda value: None if value is None else inner(value)
        outer, _, inside = kind[:-1].partition("[")
        if outer == "dict" and inside.startswith("str, "):
            inner = self._read(inside[len("str, ") :])
            return lambda value: mapping(value, inner)
        if outer == "list":
            inner = self._read(inside)
            return lambda value: sequence(value, inner)
        if outer == "tuple" and inside.endswith(", ..."):
            inner = self._read(inside[: -len(", ...")])
            return lambda value: tuple(sequence(value, inner))
        raise TypeError(f"no way to read {kind}")  # a bug: a field of a type unknown here


def fields_of(record: Any) -> dict[str, str]:
    """Field -> its type as the source spells it; every module of ct0 has annotations as texts."""
    return {
        name: getattr(kind, "__forward_arg__", kind)
        for name, kind in record.__annotations__.items()
    }


def text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError(f"no text: {value!r:.80}")
    return value


def whole(value: Any) -> int:
    if type(value) is not int:  # True is an int to isinstance
        raise ValueError(f"no whole number: {value!r:.80}")
    return value


def number(value: Any) -> float:
    if value == UNLIMITED:
        return math.inf
    if type(value) not in (int, float) or not -1e308 < value < 1e308:  # 1e999 parses, as infinite
        raise ValueError(f"no number: {value!r:.80}")
    return value  # type: ignore[no-any-return]


def flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError(f"neither true nor false: {value!r:.80}")
    return value


def nothing(value: Any) -> None:
    if value is not None:
        raise ValueError(f"not null: {value!r:.80}")


def mapping(value: Any, read: Read) -> dict[str, Any]:
    if type(value) is not dict:
        raise ValueError(f"no object: {value!r:.80}")
    found = {}
    for key, each in value.items():
        try:
            found[key] = read(each)
        except ValueError as error:
            raise ValueError(f"{key!r:.80}: {error}") from None
    return found


def sequence(value: Any, read: Read) -> list[Any]:
    if type(value) is not list:
        raise ValueError(f"no list: {value!r:.80}")
    return [read(each) for each in value]
