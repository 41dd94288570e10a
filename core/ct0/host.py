"""A container host as a folder: "/" for the running machine, anything else for a recorded one.

Every reader of ct0 takes its paths from here, so that a test, an audit of a mounted disk and the
live machine go the same way. Nothing is ever signalled on a host that is not live.
"""

from __future__ import annotations

import posix  # os costs a shim 1 ms


class Host:
    """The files of one host below `root`."""

    __slots__ = ("live", "proc", "root")

    def __init__(self, root: str = "/") -> None:
        self.root = root.rstrip("/") or "/"
        self.live = self.root == "/"
        self.proc = "/proc" if self.live else self.root + "/proc"

    def path(self, path: str) -> str:
        """Where an absolute path of the host is found: /etc/vz -> ROOT/etc/vz.

        Never outside ROOT: a recorded host's own files name paths, and somebody else wrote them.
        """
        if self.live:
            return path
        if "/.." in path:
            from posixpath import normpath

            path = normpath(path)
        return self.root + path

    def pids(self) -> list[int]:
        """All PIDs in /proc, ascending; containers' processes are among them.

        Raises OSError when /proc cannot be listed at all.
        """
        return sorted(map(int, filter(str.isdigit, posix.listdir(self.proc))))
