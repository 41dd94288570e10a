from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from ct0.host import Host
from ct0.process import Process
from ct0_shims.queued import send_queued


def test_the_receiver_sees_who_queued_it(tmp_path: Path) -> None:
    """The fields of siginfo_t that Python shows lie before the number and after it."""
    reader, writer = os.pipe()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    child = os.fork()
    if child == 0:
        got = signal.sigtimedwait({signal.SIGUSR1}, 20)
        text = f"{got.si_code} {got.si_pid} {got.si_uid}" if got else "nothing"
        os.write(writer, text.encode())
        os._exit(0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1})
    with Process(Host(), child) as process:
        send_queued(process, signal.SIGUSR1, 7)
        assert os.read(reader, 100).decode() == f"-1 {os.getpid()} {os.getuid()}"
        os.waitpid(child, 0)
        with pytest.raises(ProcessLookupError):
            send_queued(process, signal.SIGUSR1, 7)
    os.close(reader)
    os.close(writer)
