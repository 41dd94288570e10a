"""The services of a target, whichever of systemd, sysvinit and OpenRC it was booted by."""

from __future__ import annotations

import re

from ct0.errors import Unavailable
from ct0_suites.resources.backing import everybody
from ct0_suites.resources.services import scripts, systemd
from ct0_suites.resources.services.record import INITS, OPENRC, SYSTEMD, SYSV, Service
from ct0_suites.target import Target

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:\\-]{0,127}")

# The folders are there while that init system runs: sd_booted(3); OpenRC's own state.
INIT = (
    "if [ -d /run/systemd/system ]; then echo systemd;"
    " elif [ -d /run/openrc ] || [ -d /lib/rc/init.d/started ]; then echo openrc;"
    " elif [ -d /etc/init.d ] || [ -d /etc/rc.d/init.d ]; then echo sysv;"
    ' else read -r c </proc/1/comm; echo "$c"; fi'
)
# Not those of the boot, of the halt and of the reboot, which nobody should call.
LEVELS = "/etc/rc.d/rc[2345].d/S* /etc/rc[2345].d/S*"


def init_of(target: Target) -> str:
    """Of INITS. Raises Unavailable when it is another, or none."""
    init = target.once("services.init", lambda: target.run(INIT).text.strip())
    if init not in INITS:
        raise Unavailable(f"no systemd, OpenRC or init scripts there: PID 1 is {init[:40]!r}")
    return init


def read_service(target: Target, name: str) -> Service:
    """One service; one that does not exist is a Service too. Raises Unavailable, Unreachable."""
    return target.once(f"services.{name}", lambda: read_anew(target, name))


def read_anew(target: Target, name: str) -> Service:
    init = init_of(target)
    if init in (SYSV, OPENRC):
        return scripts.read_script(target, name, init)
    shown = systemd.parse_show(target.run(systemd.command(name)))[0]
    return complete(target, systemd.service_of(name, shown))


def complete(target: Target, service: Service) -> Service:
    """With what systemd does not tell, or tells wrong."""
    if service.script and not service.masked:
        # systemd read the links when it was booted or reloaded: the next boot reads them anew.
        name = service.script.rpartition("/")[2]
        answer = scripts.parse_answer(target.run(links_only(name)))
        levels = {
            found[1]
            for link in answer.values.get("link", [])
            if (found := re.search(r"/rc(.)\.d/S\d\d", link))
        }
        on = levels & set("2345S")
        told = f"generated from {service.script}"
        more = f"S link in runlevel {', '.join(sorted(on))}" if on else "no S link in a runlevel"
        service = service._replace(enabled=bool(on), enabling=f"{told}, {more}")
    if service.running and service.pid is not None:
        # systemd believes a PID file that root wrote, also one that names a container's process.
        who = everybody(target).get(service.pid)
        if who is not None and who.whose:
            text = f"{who.text} of {service.pidfile} is of {who.whose}"
            service = service._replace(running=False, state=f"{service.state}, but {text}")
    return service


def links_only(name: str) -> str:
    """Nothing is asked of the script."""
    return scripts.command(name, SYSV, ask=False)


def list_running(target: Target) -> list[str]:
    """Names of services that run, or that an init script in the runlevel is to start."""
    init = init_of(target)
    if init == SYSTEMD:
        said = target.run(
            "LC_ALL=C SYSTEMD_COLORS=0 systemctl --no-pager --no-legend --plain"
            " --type=service --state=running list-units"
        )
        if said.status != 0:
            raise Unavailable(f"systemd does not say what it runs: {said.trouble}")
        names = [line.split()[0] for line in said.text.split("\n") if line.split()]
        return sorted(name[:-8] for name in names if name.endswith(".service"))
    folders = "/etc/runlevels/default/*" if init == OPENRC else LEVELS
    said = target.run(f'for f in {folders}; do [ -e "$f" ] && printf \'%s\\n\' "$f"; done; true')
    names = [line.rpartition("/")[2] for line in said.text.split("\n")]
    if init == SYSV:
        names = [name[3:] for name in names if re.match(r"S\d\d", name)]
    return sorted({name for name in names if NAME.fullmatch(name)})
