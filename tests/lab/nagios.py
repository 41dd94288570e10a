"""A real nagios4 that runs plugins as user nagios; asked through its command pipe, read from its
status file."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import attempt, wait_for
from .run import Run
from .schedulers import USER, Answer, environment, give, own_folder, programs
from .service import service

SETTINGS = """\
log_file={0}/var/nagios.log
cfg_file={tree}/etc/nagios4/objects/commands.cfg
cfg_file={tree}/etc/nagios4/objects/contacts.cfg
cfg_file={tree}/etc/nagios4/objects/templates.cfg
cfg_file={tree}/etc/nagios4/objects/timeperiods.cfg
cfg_dir={0}/objects
object_cache_file={0}/var/objects.cache
status_file={0}/var/status.dat
status_update_interval=1
nagios_user={user}
nagios_group={user}
check_external_commands=1
command_file={0}/var/rw/nagios.cmd
query_socket={0}/var/rw/nagios.qh
lock_file={0}/var/nagios.pid
temp_file={0}/var/nagios.tmp
temp_path={0}/var
check_result_path={0}/var/spool/checkresults
resource_file={0}/resource.cfg
retain_state_information=0
interval_length=60
check_workers=2
use_syslog=0
check_for_updates=0
enable_notifications=0
service_check_timeout=180
host_check_timeout=180
illegal_macro_output_chars=`~$&|'"<>
illegal_object_name_chars=`~!$%^&*|'"<>?,()=
"""

# Nagios writes its long output and perfdata with these two escapes.
ESCAPES = re.compile(r"\\([\\n])")

UP, DOWN, UNREACHABLE = 0, 1, 2


class Nagios:
    """A running nagios4. Hosts' states are UP, DOWN and UNREACHABLE."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def order(self, text: str) -> None:
        """Write one external command."""
        with (self.folder / "var/rw/nagios.cmd").open("w", encoding="utf-8") as pipe:
            pipe.write(f"[{int(time.time())}] {text}\n")

    def status(self) -> list[tuple[str, dict[str, str]]]:
        """The blocks of status.dat: ("servicestatus", {"host_name": "ct0", ...}), ..."""
        path = self.folder / "var/status.dat"
        text = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
        blocks = re.findall(r"^(\w+) \{\n(.*?)^\t\}$", text, re.MULTILINE | re.DOTALL)
        return [
            (kind, dict(line.strip("\t").partition("=")[::2] for line in body.splitlines()))
            for kind, body in blocks
        ]

    def host(self, name: str) -> dict[str, str]:
        return self._block("hoststatus", name)

    def service(self, host: str, service: str) -> dict[str, str]:
        return self._block("servicestatus", host, service)

    def run_check(self, host: str, service: str | None = None, timeout: float = 200) -> Answer:
        """Have a service's plugin, or a host's, run now; return what came of it."""
        what = f"{host}/{service}" if service else host

        def seen() -> dict[str, str]:
            return self.service(host, service) if service else self.host(host)

        wait_for(f"nagios4 to know {what}", lambda: bool(seen()), 120)
        before = int(seen()["last_check"])
        # Times are whole seconds: a second check within one would look like the first.
        wait_for("the next second", lambda: int(time.time()) > before, 15)
        kind = f"SVC_CHECK;{host};{service}" if service else f"HOST_CHECK;{host}"
        self.order(f"SCHEDULE_FORCED_{kind};{int(time.time())}")
        wait_for(
            f"nagios4: {what} to be checked", lambda: int(seen()["last_check"]) > before, timeout
        )
        found = seen()
        return Answer(
            int(found["current_state"]),
            found["plugin_output"].strip(),
            unescaped(found["long_plugin_output"]).strip(),
            found["performance_data"],
        )

    def _block(self, kind: str, host: str, service: str | None = None) -> dict[str, str]:
        for found, block in self.status():
            if found != kind or block["host_name"] != host:
                continue
            if service is None or block["service_description"] == service:
                return block
        return {}


def unescaped(text: str) -> str:
    return ESCAPES.sub(lambda found: "\n" if found[1] == "n" else "\\", text)


@contextmanager
def prepared(run: Run, name: str, objects: dict[str, str], plugins: str) -> Iterator[Path]:
    """A folder with nagios.cfg and the object files; $USER1$ is the folder of the plugins."""
    folder = own_folder(run, name)
    for each in ("var/rw", "var/spool/checkresults", "objects"):
        (folder / each).mkdir(parents=True)
    settings = SETTINGS.format(folder, user=USER, tree=programs())
    (folder / "nagios.cfg").write_text(settings, encoding="utf-8")
    (folder / "resource.cfg").write_text(f"$USER1$={plugins}\n", encoding="utf-8")
    for each, text in objects.items():
        path = folder / "objects" / each
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
    give(folder)
    yield folder


def verify(folder: Path) -> list[str]:
    """What `nagios4 -v` says is wrong: none when the configuration would load without a warning."""
    command = [f"{programs()}/usr/sbin/nagios4", "-v", f"{folder}/nagios.cfg"]
    done = attempt(command, timeout=300)
    wrong = [x for x in done.stdout.splitlines() if re.match(r"\s*(Error|Warning)\b", x)]
    return wrong if done.returncode == 0 else [*wrong, f"exit {done.returncode}"]


@contextmanager
def nagios(
    run: Run, objects: dict[str, str], plugins: str = "/nonexistent", name: str = "nagios"
) -> Iterator[Nagios]:
    """The daemon with these object files (name -> text) beside Debian's own templates."""
    with prepared(run, name, objects, plugins) as folder:
        command = [f"{programs()}/usr/sbin/nagios4", f"{folder}/nagios.cfg"]
        pipe = folder / "var/rw/nagios.cmd"
        with service(command, folder / "log", pipe.exists, environment(), 120):
            daemon = Nagios(folder)
            wait_for("nagios4's first status", lambda: bool(daemon.status()), 120)
            yield daemon
