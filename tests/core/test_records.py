"""Records survive being written as JSON, and nothing else is taken for one."""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

import pytest

from ct0.records import Reader, parse_json, to_json


class Leaf(NamedTuple):
    name: str
    limit: float | None = None
    number: int = 0
    on: bool = False


class Tree(NamedTuple):
    leaves: list[Leaf]
    by_name: dict[str, Leaf] = {}  # noqa: RUF012
    words: tuple[str, ...] = ()
    state: bool | None = None


READER = Reader(Leaf, Tree)
TREE = Tree(
    [Leaf("a", math.inf, 3, True), Leaf("b\udcff", 0.5)], {"a=|'": Leaf("c")}, ("x", "y"), False
)


def test_there_and_back() -> None:
    text = json.dumps(to_json(TREE), allow_nan=False)
    assert READER.record(Tree, parse_json(text)) == TREE


def test_defaults_are_left_out() -> None:
    assert to_json(Tree([Leaf("a")])) == {"leaves": [{"name": "a"}]}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "no Tree"),
        ({}, "Tree without leaves"),
        ({"leaves": {}}, "leaves: no list"),
        ({"leaves": [{}]}, "leaves: Leaf without name"),
        ({"leaves": [{"name": 5}]}, "name: no text"),
        ({"leaves": [{"name": "a", "number": True}]}, "number: no whole number"),
        ({"leaves": [{"name": "a", "number": 1.0}]}, "number: no whole number"),
        ({"leaves": [{"name": "a", "limit": "many"}]}, "limit: no number"),
        ({"leaves": [{"name": "a", "limit": False}]}, "limit: no number"),
        ({"leaves": [{"name": "a", "limit": math.inf}]}, "limit: no number"),
        ({"leaves": [{"name": "a", "limit": 10**400}]}, "limit: no number"),
        ({"leaves": [{"name": "a", "on": 1}]}, "on: neither true nor false"),
        ({"leaves": [], "bark": 1}, "Tree has no 'bark'"),
        ({"leaves": [], "by_name": {"x": None}}, "by_name: 'x': no Leaf"),
        ({"leaves": [], "by_name": []}, "by_name: no object"),
        ({"leaves": [], "words": ["a", 1]}, "words: no text"),
    ],
)
def test_every_type_is_held(value: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        READER.record(Tree, value)


@pytest.mark.parametrize(
    "text",
    ["", "{", "NaN", "[Infinity]", "[" * 100_000, '{"a":' * 100_000, "\0", "[1]x", "9" * 9999],
)
def test_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        READER.record(Leaf, parse_json(text))


def test_a_type_nobody_can_read_is_a_bug_that_shows_at_once() -> None:
    class Odd(NamedTuple):
        each: set[int]

    with pytest.raises(TypeError, match="no way to read"):
        Reader(Odd).record(Odd, {})
