"""Opens files of the audited host: inside its root only, regular ones only, of bounded size.

The root may be a mounted disk, and what lies on it may be anybody's. Every link is resolved as if
the root were "/", also `..` and absolute links; a device, a pipe or a socket is never opened; a
container's root, whichever link leads there, is not entered. Paths are the host's own, as
everywhere in the audit: /etc/init.d/ssh, whatever --root is.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, NamedTuple

from ct0.errors import Unavailable
from ct0.host import Host

LIMIT = 1 << 20  # bytes; the largest script of a Debian package has a third of it
SHEBANG = 256  # bytes the kernel looks at (BINPRM_BUF_SIZE)
LINKS = 40  # in one path, the kernel's own limit (path_resolution(7))
MOST_NAMES = 20_000  # in one folder; /var/lib/dpkg/info of a full desktop has 15,000

# Below these are the roots of containers, whose owners write there what they like. "*" is one name.
CONTAINER_ROOTS = tuple(
    tuple(path.strip("/").split("/"))
    for path in (
        "/vz/root",
        "/vz/private",
        "/var/lib/vz/root",
        "/var/lib/vz/private",
        "/var/lib/lxc/*/rootfs",
        "/var/lib/lxc/*/delta0",
        "/var/lib/lxd/storage-pools",
        "/var/lib/lxd/containers",
        "/var/lib/incus/storage-pools",
        "/var/lib/incus/containers",
        "/var/snap/lxd/common/lxd/storage-pools",
        "/var/snap/lxd/common/lxd/containers",
        "/var/lib/machines",
        "/var/lib/docker/overlay2",
        "/var/lib/docker/volumes",
        "/var/lib/docker/vfs",
        "/var/lib/containers/storage/overlay",
        "/var/lib/containers/storage/vfs",
        "/var/lib/containers/storage/volumes",
        "/var/lib/containerd",
        "/run/containerd",
        "/proc/*/root",
    )
)

FILE, LEADS_ON, OTHER = "file", "link or folder", "device, pipe or socket"

FIRST = {root[0] for root in CONTAINER_ROOTS}


class Unreadable(Unavailable):
    """What is there and was not read. `reason` is in words, without the path."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class NoFile(Unreadable):
    """A folder, a device, a pipe or a socket."""


class Absent(Unreadable):
    """Nothing is there, or a link that leads nowhere."""


class Entry(NamedTuple):
    """One file of a folder: the path it was found by, and the one it really has."""

    path: str
    real: str


def text(host: Host, path: str, limit: int = LIMIT) -> str:
    """A regular file as text, UTF-8 with surrogateescape, line ends as they are.

    Raises Absent, or Unreadable: larger than `limit` bytes, binary (a NUL in it), no regular file,
    no rights, links in a circle, a link into a container.
    """
    content = data(host, path, limit)
    if b"\0" in content:
        raise Unreadable(path, "a binary file")
    return content.decode("utf-8", "surrogateescape")


def shebang(host: Host, path: str) -> str:
    """The first line of a file that starts with `#!`, "" of every other one; raises as `text`, but
    for large and binary ones."""
    file, _ = _open(host, path)
    try:
        first = os.read(file, SHEBANG)
    except OSError as error:
        raise Unreadable(path, error.strerror or str(error)) from error
    finally:
        os.close(file)
    if not first.startswith(b"#!"):
        return ""
    return first.partition(b"\n")[0].decode("utf-8", "surrogateescape")


def data(host: Host, path: str, limit: int = LIMIT) -> bytes:
    """A regular file's bytes; raises as `text`, but for binary ones."""
    file, _ = _open(host, path)
    try:
        return _whole(file, path, limit)
    finally:
        os.close(file)


@contextmanager
def opened(host: Host, path: str, limit: int = LIMIT) -> Iterator[IO[bytes]]:
    """A regular file to be read in pieces; raises as `text`, but for binary ones."""
    file, _ = _open(host, path)
    with open(file, "rb", buffering=0) as stream:
        size = os.fstat(file).st_size
        if size > limit:
            raise Unreadable(path, f"{size} bytes, more than {limit}")
        yield stream


def real(host: Host, path: str) -> str:
    """The path with every link in it resolved inside the root. Raises as `text`."""
    file, found = _locate(host, path)
    os.close(file)
    return found


def folder(host: Host, path: str) -> int:
    """A descriptor of a folder, for the calls that take a `dir_fd`. Raises as `names`."""
    listed, _ = _listable(host, path)
    return listed


def exists(host: Host, path: str) -> bool:
    """Whether something is there; what may not be looked at counts as not there."""
    try:
        real(host, path)
    except Unreadable:
        return False
    return True


def link(host: Host, path: str) -> str:
    """What the link at `path` says, "" when it is none. Folders on the way are resolved."""
    folder, _, name = path.rstrip("/").rpartition("/")
    try:
        file, _ = _locate(host, folder or "/")
    except Unreadable:
        return ""
    try:
        return os.readlink(name, dir_fd=file)
    except OSError:
        return ""  # EINVAL: no link; ENOENT: not there
    finally:
        os.close(file)


def names(host: Host, folder: str) -> list[str]:
    """The names in a folder, sorted. Raises Absent, or Unreadable: no folder, no rights."""
    listed, _ = _listable(host, folder)
    try:
        return [name for name, _ in _scan(listed, folder)]
    finally:
        os.close(listed)


def walk(host: Host, folder: str, depth: int = 0) -> Iterator[Entry | Unreadable]:
    """The regular files of a folder in the order of their names, and of folders up to `depth`
    levels below it. Each folder is entered once, so that links in a circle end.

    What is no file and no folder is passed over; what cannot be looked at is told, not raised.
    """
    yield from _walk(host, folder, depth, set())


def _walk(
    host: Host, folder: str, depth: int, seen: set[tuple[int, int]]
) -> Iterator[Entry | Unreadable]:
    try:
        listed, resolved = _listable(host, folder)
    except Absent:
        return
    except Unreadable as reason:
        yield reason
        return
    try:
        status = os.fstat(listed)
        if (status.st_dev, status.st_ino) in seen:
            return
        seen.add((status.st_dev, status.st_ino))
        found = _scan(listed, folder)
    except Unreadable as reason:
        yield reason
        return
    finally:
        os.close(listed)
    for name, kind in found:
        path = f"{folder.rstrip('/')}/{name}"
        if kind == FILE:
            yield Entry(path, f"{resolved.rstrip('/')}/{name}")
        elif kind == LEADS_ON:
            yield from _linked(host, path, depth, seen)


def _linked(
    host: Host, path: str, depth: int, seen: set[tuple[int, int]]
) -> Iterator[Entry | Unreadable]:
    try:
        file, resolved = _locate(host, path)
    except Unreadable as reason:
        yield reason
        return
    mode = os.fstat(file).st_mode
    os.close(file)
    if stat.S_ISREG(mode):
        yield Entry(path, resolved)
    elif stat.S_ISDIR(mode):
        if depth > 0:
            yield from _walk(host, path, depth - 1, seen)
    else:
        yield Absent(path, "a link to no file")  # to /dev/null: switched off


def _listable(host: Host, folder: str) -> tuple[int, str]:
    """A descriptor of the folder to list, and its real path."""
    file, resolved = _locate(host, folder)
    try:
        if not stat.S_ISDIR(os.fstat(file).st_mode):
            raise Unreadable(folder, "not a folder")
        return os.open(f"/proc/self/fd/{file}", os.O_RDONLY | os.O_CLOEXEC), resolved
    except OSError as error:
        raise Unreadable(folder, error.strerror or str(error)) from error
    finally:
        os.close(file)


def _scan(listed: int, folder: str) -> list[tuple[str, str]]:
    """Names and kinds of what is in a folder, by name. Most file systems tell the kind with the
    name; for the others it is asked while the descriptor is open."""
    found = []
    try:
        with os.scandir(listed) as entries:
            for entry in entries:
                found.append((entry.name, _kind(entry)))
                if len(found) > MOST_NAMES:
                    raise Unreadable(folder, f"more than {MOST_NAMES} names in one folder")
    except OSError as error:
        raise Unreadable(folder, error.strerror or str(error)) from error
    return sorted(found)


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_file(follow_symlinks=False):
        return FILE
    if entry.is_symlink() or entry.is_dir(follow_symlinks=False):
        return LEADS_ON
    return OTHER


def _open(host: Host, path: str) -> tuple[int, str]:
    """A descriptor to read the regular file from, and its real path."""
    file, found = _locate(host, path)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise NoFile(path, "not a regular file")
        # O_NONBLOCK: a lease on the file (fcntl(2)) would hold us up.
        again = os.open(f"/proc/self/fd/{file}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unreadable(path, error.strerror or str(error)) from error
    finally:
        os.close(file)
    return again, found


def _whole(file: int, path: str, limit: int) -> bytes:
    try:
        size = os.fstat(file).st_size
        if size > limit:
            raise Unreadable(path, f"{size} bytes, more than {limit}")
        os.lseek(file, 0, os.SEEK_SET)
        content = b""
        while part := os.read(file, limit + 1 - len(content)):
            content += part
            if len(content) > limit:
                raise Unreadable(path, f"more than {limit} bytes")  # it grew, or has no size
    except OSError as error:
        raise Unreadable(path, error.strerror or str(error)) from error
    return content


def _locate(host: Host, path: str) -> tuple[int, str]:
    """An O_PATH descriptor of what `path` leads to inside the root, and its real path.

    The kernel's RESOLVE_IN_ROOT does this in one call since 5.6, but Python has no openat2(2).
    """
    if "\0" in path:
        raise Unreadable(path, "a NUL in its name")
    todo = path.split("/")[::-1]
    done: list[str] = []
    files = [_descend(path, host.root, None)]
    links = 0
    try:
        while todo:
            name = todo.pop()
            if name in ("", "."):
                continue
            if name == "..":
                if done:
                    done.pop()
                    os.close(files.pop())
                continue
            file = _descend(path, name, files[-1])
            files.append(file)
            if not stat.S_ISLNK(os.fstat(file).st_mode):
                done.append(name)
                continue
            links += 1
            if links > LINKS:
                raise Unreadable(path, "too many links, or links in a circle")
            target = os.readlink("", dir_fd=file)
            os.close(files.pop())
            if target.startswith("/"):
                done.clear()
                while len(files) > 1:
                    os.close(files.pop())
            todo += target.split("/")[::-1]
        if _in_a_container(done):
            raise Unreadable(path, "it is in a container's root")
        return files.pop(), "/" + "/".join(done)
    except OSError as error:
        raise Unreadable(path, error.strerror or str(error)) from error
    finally:
        for file in files:
            os.close(file)


def _descend(path: str, name: str, folder: int | None) -> int:
    follow = 0 if folder is None else os.O_NOFOLLOW  # the root itself may be reached by a link
    try:
        return os.open(name, os.O_PATH | os.O_CLOEXEC | follow, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise Absent(path, "not there") from error
        raise Unreadable(path, error.strerror or str(error)) from error


def _in_a_container(parts: list[str]) -> bool:
    return any(
        len(parts) >= len(root) and all(part in ("*", name) for part, name in zip(root, parts))
        for root in (CONTAINER_ROOTS if parts and parts[0] in FIRST else ())
    )
