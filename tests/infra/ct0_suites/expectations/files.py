"""YAML files that people wrote, read so that what is wrong is said by file and place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

import jsonschema
import yaml

from ct0.errors import Error, reason

SIZES = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Wrong(Error):
    """A file or an option of the caller's is wrong: the text says which, where and what."""


class Loader(yaml.SafeLoader):
    """A key that is given twice is an error: YAML would silently take the last."""


def mapping(loader: Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    loader.flatten_mapping(node)
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        try:
            twice = key in found
        except TypeError:
            twice = False
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"{key!r} is given twice", key_node.start_mark
            )
        found[key] = loader.construct_object(value_node, deep=True)
    return found


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


def read_yaml(path: str, schema: Mapping[str, Any]) -> Any:
    """A checked document. Raises Wrong."""
    return parse_yaml(read_text(path), path, schema)


def read_text(path: str) -> str:
    """Raises Wrong."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise Wrong(reason(error)) from error
    except UnicodeDecodeError as error:
        raise Wrong(f"{path}: not UTF-8 ({error.reason} at byte {error.start})") from error


def parse_yaml(text: str, path: str, schema: Mapping[str, Any]) -> Any:
    try:
        document = yaml.load(text, Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else path
        raise Wrong(f"{where}: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Wrong(f"{path}: no YAML: {str(error).splitlines()[0]}") from error
    check(document, path, schema, text)
    return document


def check(document: Any, path: str, schema: Mapping[str, Any], text: str = "") -> None:
    """Raises Wrong with the most telling of what the schema finds; `text` is what was read, for
    the line of it."""
    validator = jsonschema.Draft7Validator(schema)
    error = jsonschema.exceptions.best_match(validator.iter_errors(document))
    if error is not None:
        number = line(text, error.absolute_path) if text else 0
        raise Wrong(f"{path}{f':{number}' if number else ''}: {place(error)}{told(error)}")


def line(text: str, parts: Iterable[str | int]) -> int:
    """The line of a part of a document that was loaded; 0 for the whole."""
    node, number = yaml.compose(text, Loader), 0
    for part in parts:
        found = None
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            found = node.value[part]
        elif isinstance(node, yaml.MappingNode):
            found = next((value for key, value in node.value if key.value == str(part)), None)
        if found is None:
            break  # a key that was merged from elsewhere (<<)
        node, number = found, found.start_mark.line + 1
    return number


def place(error: jsonschema.ValidationError) -> str:
    """firewall[2].rules: , with an expectation's id where it has one."""
    text = ""
    for part in error.absolute_path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return f"{text}: " if text else ""


def told(error: jsonschema.ValidationError) -> str:
    message = error.message
    if error.validator == "enum":
        allowed = ", ".join(map(str, cast(list[object], error.validator_value)))
        message = f"{json.dumps(error.instance, default=str)} is none of {allowed}"
    return message if len(message) < 300 else message[:297] + "..."


def seconds(value: float | str) -> float:
    """90, "90", "30s", "2h" -> seconds. The schema has checked the form."""
    if isinstance(value, (int, float)):
        return float(value)
    unit = value[-1] if value[-1] in SIZES else "s"
    return float(value.rstrip("smhd")) * SIZES[unit]
