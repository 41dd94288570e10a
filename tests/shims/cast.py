"""The cast that the drop-in tests play with: every kind of process that tools disagree about."""

from __future__ import annotations

from shims.incumbent import Actor

SHORT = "/srv/short"
CAT = "/srv/catd"

CAST = [
    Actor("plain", "short"),
    Actor("plain2", "short"),
    Actor("long", "a-name-of-27-characters-now"),
    Actor("prefix", "a-name-of-27-ch"),  # the long one's comm
    Actor("fifteen", "fifteen-letters"),
    Actor("sixteen", "sixteen-letters-"),
    Actor("sym", "sym", content="link", target=SHORT),
    Actor("base", "short", argv=("short", "1000")),
    Actor("renamed", "short", argv=("other-name", "1000")),
    Actor("elsewhere", "short", argv=("/usr/sbin/elsewhered", "1000")),
    Actor("same-base", "deep/er/short"),
    Actor("dashed", "short", argv=("-dashd", "1000")),
    Actor("cat", "catd", content="cat", argv=("/srv/catd", "-u")),
    Actor("login", "loginsh", content="link", target=CAT, argv=("-loginsh",)),
    Actor("login-args", "loginsh", content="link", target=CAT, argv=("-loginsh", "-u")),
    Actor("title", "titled", content="link", target=CAT, argv=("titled: worker process",)),
    Actor("title-path", "titlep", content="link", target=CAT, argv=("/srv/titlep: [idle] x",)),
    Actor("script", "scriptd", content="sh"),
    Actor("script-options", "scriptd", content="sh", argv=("scriptd", "--foo", "short")),
    Actor("script-long", "script-with-a-long-name", content="sh"),
    Actor("env", "envd", content="env"),
    Actor("spaced", "a name"),
    Actor("brackets", "x) (y"),
    Actor("newline", "new\nline"),
    Actor("bytes", "caf\udce9"),  # Latin 1
    Actor("accent", "café"),
    Actor("upper", "UPPER"),
    Actor("dotted", "a.b"),
    Actor("plus", "c++"),
    Actor("number", "4711"),
    Actor("deleted", "gone", file_then="deleted"),
    Actor("replaced", "upgraded", file_then="replaced"),
    Actor("zombie", "zombie", zombie=True, comm="undead"),
    Actor("stopped", "stopped", stopped=True),
    Actor("user", "userd", uid=1, gid=2),
    Actor("user2", "short", uid=65534, gid=65534),
    Actor("setuid", "setuidd", uid=1, euid=3, gid=2),
    Actor("leader", "leader", session=True),
    Actor("group", "grouped", group="group"),
    Actor("member", "grouped", group="group"),
    Actor("terminal", "ttyd", tty=True),
    Actor("variable", "envvar", environment={"CT0_TEST": "yes", "OTHER": "a b"}),
    Actor("newest", "short", late=True),
]
