"""testinfra's hosts as targets: ours know who they are, of others it is found out by looking."""

from __future__ import annotations

import shlex
from typing import Any

from ct0.text import plain
from ct0_suites.backends import ContainerBackend
from ct0_suites.nodes import look
from ct0_suites.records import Unreachable
from ct0_suites.target import Target
from ct0_suites.transport import TIMEOUT, Output

TARGETS: dict[Any, Target] = {}  # backend -> target, for a session


def target_of(host: Any) -> Target:
    """Of testinfra's fixture `host`. Raises Unreachable, Unavailable."""
    backend = host.backend
    if isinstance(backend, ContainerBackend):
        return backend.target
    if backend not in TARGETS:
        name = backend.get_hostname()
        TARGETS[backend] = look(Testinfra(backend), name or "localhost").machine
    return TARGETS[backend]


class Testinfra:
    """Any backend of testinfra's as a transport. It has no time limit of its own for a command, and
    no standard input: what is small enough is put into the command."""

    def __init__(self, backend: Any) -> None:
        self.backend = backend

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        text = command
        if stdin:
            octal = "".join(f"\\0{byte:03o}" for byte in stdin)
            text = f"printf '%b' {shlex.quote(octal)} | (\n{command}\n)"
        try:
            said = self.backend.run(text)
        except Exception as error:
            # RuntimeError of ssh, whatever paramiko, salt and ansible raise.
            raise Unreachable(f"{self.backend.get_hostname()}: {told(error)}") from error
        return Output(said.rc, said.stdout_bytes, said.stderr_bytes)


def told(error: Exception) -> str:
    """What a backend said: testinfra's ssh gives a whole result as its error."""
    result = error.args[0] if error.args else None
    stderr = getattr(result, "stderr", "")
    return plain(stderr.strip() if stderr else str(error), 300)
