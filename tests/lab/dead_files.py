"""A file system whose server reads what it is asked and never answers: FUSE, by hand.

Who asks hangs in the kernel beyond any signal, as on an NFS server that is gone. The server knows
four requests: it agrees on a protocol, says that its root is a directory, knows no permissions, and
keeps quiet to all else. At its end the kernel gives everybody who waits an error.

include/uapi/linux/fuse.h: each request begins with length, opcode, unique, nodeid, uid, gid, pid.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import LabError, attempt
from .run import Run

GETATTR, INIT, ACCESS = 3, 26, 34
BUFFER = 1 << 20
HEADER = struct.Struct("=IIQQIIII")
MAJOR, MINOR = 7, 31


@contextmanager
def dead_files(run: Run, name: str = "dead") -> Iterator[Path]:
    """A mount point that nobody gets an answer from."""
    place = run.folder / name
    place.mkdir()
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    server = 0
    try:
        mount(run.prefix, place, device)
        server = os.fork()
        if not server:
            try:
                serve(device)
            finally:
                os._exit(0)
        os.close(device)
        device = -1
        yield place
    finally:
        if server:
            # The descriptor was its alone, and is the connection.
            os.kill(server, signal.SIGKILL)
            os.waitpid(server, 0)
        if device >= 0:
            os.close(device)
        attempt(["umount", "--lazy", str(place)])
        place.rmdir()


def mount(source: str, place: Path, device: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    words = [source.encode(), str(place).encode(), b"fuse", 0, options.encode()]
    if libc.mount(*words) != 0:
        raise LabError(f"{place}: cannot mount fuse: {os.strerror(ctypes.get_errno())}")


def serve(device: int) -> None:
    while True:
        try:
            request = os.read(device, BUFFER)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINTR):
                continue  # whoever asked has given up
            return  # ENODEV: unmounted; EBADF: closed
        _, opcode, unique, *_ = HEADER.unpack_from(request)
        if opcode == INIT:
            body = struct.pack("=IIIIHHII", MAJOR, MINOR, 0, 0, 12, 9, 4096, 1)
            answer(device, unique, body.ljust(64, b"\0"))
        elif opcode == GETATTR:
            times = struct.pack("=QII", 3600, 0, 0)
            directory = struct.pack("=QQQQQQIIIIIIIIII", 1, *[0] * 8, 0o40755, 2, 0, 0, 0, 4096, 0)
            answer(device, unique, times + directory)
        elif opcode == ACCESS:
            answer(device, unique, b"", errno.ENOSYS)


def answer(device: int, unique: int, body: bytes, error: int = 0) -> None:
    os.write(device, struct.pack("=IiQ", 16 + len(body), -error, unique) + body)
