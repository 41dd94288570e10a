"""A target that answers commands from a script, as real ones were recorded to answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Union

from ct0_suites.records import CT0, Subject, Unreachable
from ct0_suites.target import Target
from ct0_suites.transport import TIMEOUT, Output

Answer = Union[str, bytes, Output, Unreachable]


class Scripted:
    """Answers by what is found in the command, a regular expression; the first that fits is it.

    A text is what the command prints, ending with status 0. A command that nothing fits is an
    assertion. `asked` has the commands, `given` their standard input.
    """

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = dict(answers)
        self.asked: list[str] = []
        self.given: list[bytes] = []

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        self.asked.append(command)
        self.given.append(stdin)
        for pattern, answer in self.answers.items():
            if re.search(pattern, command, re.DOTALL):
                if isinstance(answer, Unreachable):
                    raise answer
                if isinstance(answer, Output):
                    return answer
                text = (
                    answer.encode("utf-8", "surrogateescape") if isinstance(answer, str) else answer
                )
                return Output(0, text, b"")
        raise AssertionError(f"nobody expected: {command}")


def scripted(answers: Mapping[str, Answer], kind: str = CT0, engine: str = "lxc") -> Target:
    """A machine of that kind; the transport is its `transport`."""
    return Target(Subject("node1", kind, engine), Scripted(answers))
