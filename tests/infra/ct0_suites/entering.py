"""How a command is run in a container, engine by engine: one literal table.

Each gives the command line, for the container's machine, that runs a shell's text inside as root,
with the command's own status and its standard input. Sources: vzctl(8) "exec2", prlctl(8) "exec",
pct(1) "exec", lxc-attach(1), incus(1) and lxc(1) "exec", machinectl(1) and systemd-run(1),
nsenter(1), docker-exec(1), podman-exec(1).
"""
