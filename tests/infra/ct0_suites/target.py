"""One machine or container that is judged: who it is, the way there, and what was read of it."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

from ct0.container import RUNNING
from ct0_suites.records import Subject
from ct0_suites.transport import TIMEOUT, Output, Transport

T = TypeVar("T")


class Target:
    """`state` is a CT's as its CT0 sees it; a machine's is "running". Used by one thread."""

    def __init__(
        self,
        subject: Subject,
        transport: Transport,
        state: str = RUNNING,
        machine: Target | None = None,
        init_pid: int = 0,
    ) -> None:
        self.subject = subject
        self.transport = transport
        self.state = state
        self.machine = machine  # a CT's CT0, where that is known
        self.init_pid = init_pid  # of a CT's init, as its CT0 saw it; 0: not known
        self.containers: list[Target] = []  # a CT0's, judged or not, where they are known
        self._read: dict[str, Any] = {}

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        """Run a shell's text there. Raises Unreachable."""
        return self.transport.run(command, stdin, timeout)

    def once(self, name: str, read: Callable[[], T]) -> T:
        """What `read` gives, read only once for all expectations; `name` is its module's."""
        if name not in self._read:
            self._read[name] = read()
        found: T = self._read[name]
        return found

    def forget(self) -> None:
        """Read all anew: an expectation that may become true within some time is judged again."""
        self._read.clear()
