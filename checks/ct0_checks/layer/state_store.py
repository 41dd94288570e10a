"""What a plugin counted before: one small JSON file a plugin, in a directory of its own.

    /var/lib/ct0/checks/            0700, the user's who runs the plugins
    /var/lib/ct0/checks/ct_resources.json
    /var/lib/ct0/checks/ct_resources.lock

Nobody else may have a say in it: a directory that is a link, another user's or writable for others
is refused, no file in it is followed if it is a link, and a new file takes the old one's place
whole. Several callers at once take turns; who does not get a turn in time reads what is there,
which is whole too, and writes nothing.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
import time
from types import TracebackType
from typing import Any

VERSION = 1
LIMIT = 32 << 20  # bytes; 200 CTs with all their beancounters have about 0.3 MB
TURN = 2.0  # seconds to wait for one's turn
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class StoreError(Exception):
    """Nothing can be kept here: where, what, and what to do."""


class Store:
    """with Store(folder, "ct_resources") as store: store.document["..."] = ...; store.save()

    `document` is what was saved last, {} at the first time and when it could not be read; then
    `lost` says why. Everything raises StoreError.
    """

    def __init__(self, folder: str, name: str, turn: float = TURN) -> None:
        self.folder = folder
        self.name = name
        self.turn = turn
        self.document: dict[str, Any] = {}
        self.lost = ""
        self.mine = False  # whether this is our turn: only then anything is written
        self._folder = -1
        self._lock = -1

    def __enter__(self) -> Store:
        try:
            self._folder = opened(self.folder)
            self._lock = self._open(f"{self.name}.lock", os.O_RDWR | os.O_CREAT)
            self.mine = locked(self._lock, self.turn)
            self.document = self._read()
        except OSError as error:
            self.close()
            raise StoreError(f"{self.folder}/{self.name}.json: {error.strerror}") from error
        except StoreError:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        for file in (self._lock, self._folder):
            if file >= 0:
                os.close(file)
        self._lock = self._folder = -1

    def save(self) -> None:
        """Writes `document`; does nothing when it is another's turn."""
        if not self.mine:
            return
        text = json.dumps({**self.document, "version": VERSION}, separators=(",", ":"))
        temporary = f".{self.name}.tmp"
        flags = FILE | os.O_WRONLY | os.O_CREAT | os.O_EXCL
        try:
            try:
                file = os.open(temporary, flags, 0o600, dir_fd=self._folder)
            except FileExistsError:
                # Whoever wrote that was killed on the way: the turn is ours now.
                os.unlink(temporary, dir_fd=self._folder)
                file = os.open(temporary, flags, 0o600, dir_fd=self._folder)
            with os.fdopen(file, "w", encoding="ascii") as stream:
                stream.write(text)
            os.rename(
                temporary,
                f"{self.name}.json",
                src_dir_fd=self._folder,
                dst_dir_fd=self._folder,
            )
        except OSError as error:
            where = f"{self.folder}/{self.name}.json"
            raise StoreError(f"{where}: {error.strerror}: nothing is kept") from error

    def _open(self, name: str, flags: int) -> int:
        """A file of ours in the folder. Raises StoreError for anything else of that name."""
        where = f"{self.folder}/{name}"
        try:
            file = os.open(name, flags | FILE, 0o600, dir_fd=self._folder)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise StoreError(f"{where} is a link: remove it") from error
            raise
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
            os.close(file)
            raise StoreError(f"{where} is no regular file of this user: remove it")
        return file

    def _read(self) -> dict[str, Any]:
        try:
            file = self._open(f"{self.name}.json", os.O_RDONLY)
        except FileNotFoundError:
            return {}
        with os.fdopen(file, "rb") as stream:
            raw = stream.read(LIMIT + 1)
        try:
            document = json.loads(raw) if len(raw) <= LIMIT else None
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict) or document.get("version") != VERSION:
            self.lost = f"{self.folder}/{self.name}.json does not read as this plugin wrote it"
            return {}
        return document


def opened(folder: str) -> int:
    """A descriptor of a directory that is this user's alone; it is made when absent."""
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        file = os.open(folder, FOLDER)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.EEXIST):
            raise StoreError(
                f"{folder} is no directory, or a link: give another --state-dir"
            ) from error
        me = os.geteuid()
        raise StoreError(
            f"{folder}: {error.strerror}: as root, install -d -m 0700 -o {me} {folder}, "
            "or give another --state-dir"
        ) from error
    status = os.fstat(file)
    trouble = ""
    if status.st_uid != os.geteuid():
        trouble = f"belongs to uid {status.st_uid}, and this is {os.geteuid()}"
    elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        trouble = f"is writable for others (mode {stat.S_IMODE(status.st_mode):04o})"
    if trouble:
        os.close(file)
        raise StoreError(f"{folder} {trouble}: give another --state-dir")
    return file


def locked(file: int, turn: float) -> bool:
    """Whether the lock was got within `turn` seconds."""
    end = time.monotonic() + turn
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(0.01)
