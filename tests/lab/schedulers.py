"""What the three monitoring daemons of the lab have in common: the unpacked programs, the account
they run as, and what a plugin's answer looks like to whoever ran it."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from .command import call
from .debs import library_path, unpacked
from .run import Run

PACKAGES = (
    "icinga2-bin",
    "icinga2-common",
    "nagios-nrpe-plugin",
    "nagios-nrpe-server",
    "nagios4-common",
    "nagios4-core",
)
USER = "nagios"


class Answer(NamedTuple):
    """One result as a scheduler has it."""

    state: int
    text: str  # the first line, up to the "|"
    long: str  # the lines after it
    perfdata: str


def answer(state: int, output: str) -> Answer:
    """What a plugin printed, taken apart as the guidelines say: perfdata on line one."""
    first, _, rest = output.rstrip("\n").partition("\n")
    text, _, perfdata = first.partition("|")
    return Answer(state, text.strip(), rest.strip(), perfdata.strip())


def programs() -> Path:
    """The tree with usr/sbin/nagios4, usr/sbin/nrpe and the others."""
    return unpacked("schedulers", PACKAGES)


def environment() -> dict[str, str]:
    return {"LD_LIBRARY_PATH": library_path(programs())}


def account() -> pwd.struct_passwd:
    """The user that Debian's own packages of these daemons make; made when absent, as they do."""
    try:
        return pwd.getpwnam(USER)
    except KeyError:
        add = ["useradd", "--system", "--user-group", "--no-create-home"]
        call([*add, "--home-dir", "/var/lib/nagios", "--shell", "/usr/sbin/nologin", USER])
        return pwd.getpwnam(USER)


def own_folder(run: Run, name: str) -> Path:
    """A new folder of the run's for one daemon, its user's; all may pass, none may list the run.
    Several modules of one run may start a daemon of the same name, one after the other."""
    user = account()
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=run.folder))
    folder.chmod(0o755)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def give(folder: Path) -> None:
    """Everything below to the daemons' user."""
    user = account()
    for top, _, files in os.walk(folder):
        for each in (top, *(os.path.join(top, name) for name in files)):
            shutil.chown(each, user.pw_uid, user.pw_gid)
