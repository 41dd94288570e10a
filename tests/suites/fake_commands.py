"""Commands that reach machines and containers, as far as their quoting goes: what they are given
they really run, in a shell of this machine.

ssh     its words, joined with blanks, are a line for the login shell     sshd(8), recorded
vzctl   exec2: its words, joined with blanks, are a line for bash -c      transcripts/vzctl-exec-rc
prlctl  exec: vzctl exec2 with the same words                             prl-disp-service's source
the others run their words as they are; systemd-run expands $ in them     their manuals
"""

from __future__ import annotations

from pathlib import Path

AFTER_DASHES = """\
#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""

# What is recorded of CTs 104 (stopped) and 999 (none) is in transcripts/vzctl-exec-rc.
COMMANDS = {
    "ssh": """\
#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift 2
[ $# = 0 ] || exec /bin/sh -c "$*"
""",
    "sudo": """\
#!/bin/sh
[ "$1" = -n ] || exit 1
shift
exec "$@"
""",
    "vzctl": """\
#!/bin/sh
[ "$1" = --quiet ] && shift
[ "$1" = exec2 ] || exit 21
case $2 in
104) echo "Container is not running" >&2; exit 31;;
999) echo "Container config file does not exist" >&2; exit 14;;
esac
shift 2
exec /bin/bash -c "$*"
""",
    "prlctl": """\
#!/bin/sh
[ "$1" = exec ] || exit 1
shift
exec "${0%/*}/vzctl" --quiet exec2 "$@"
""",
    "pct": AFTER_DASHES,
    "lxc-attach": AFTER_DASHES,
    "incus": AFTER_DASHES,
    "lxc": AFTER_DASHES,
    "nsenter": AFTER_DASHES,
    "docker": """\
#!/bin/sh
[ "$1 $2 $3 $4" = "exec -i --user 0" ] || exit 125
shift 5
exec "$@"
""",
    "podman": """\
#!/bin/sh
[ "$1 $2 $3 $4" = "exec -i --user 0" ] || exit 125
shift 5
exec "$@"
""",
    "systemd-run": """\
#!/bin/bash
# systemd.service(5), "Command lines": $$ is a $, $NAME and ${NAME} are the manager's variables.
while [ "$1" != -- ]; do shift; done
shift
words=()
for word; do
    kept=
    while [[ $word == *'$'* ]]; do
        kept+=${word%%'$'*}
        word=${word#*'$'}
        if [[ $word == '$'* ]]; then kept+='$'; word=${word:1}; else kept+=EXPANDED; fi
    done
    words+=("$kept$word")
done
exec "${words[@]}"
""",
}


def lay_out(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in COMMANDS.items():
        (folder / name).write_text(text, encoding="ascii")
        (folder / name).chmod(0o755)
