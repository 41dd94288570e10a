"""Usage:
        pidofproc [-LkNqzx] [-p pid_file] [-i ignore_file] [-c root] /full/path/to/program
        pidofproc -n [-k] name_of_kernel_thread
        pidofproc [-kx] basename_of_program

Prints the PIDs under which a program of CT0's own runs; containers' processes are not seen.
Options and exit statuses are checkproc's.

        $ pidofproc /usr/sbin/sshd
        812 2290
"""

from __future__ import annotations

from ct0_shims.checkproc import check


def main(arguments: list[str]) -> int:
    return check("pidofproc", arguments, __doc__ or "", verbose=True)
