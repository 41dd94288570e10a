"""The web configuration as it is now: read again when one of its files changed.

Looked at (a stat each) at every new connection and every request, so that a renewed certificate or
a user taken out counts at once, and no connection is dropped for it. A new state that is wrong
changes nothing but for one line in the log.
"""

from __future__ import annotations

import logging
import os
import ssl
from typing import NamedTuple, Optional

from .basic_auth import BasicAuth
from .tls import server_context
from .web_config import WebConfig, WebConfigError, parse_web_config

log = logging.getLogger("ct0_exporters.serving")


class Loaded(NamedTuple):
    """One good state."""

    config: WebConfig = WebConfig()
    context: ssl.SSLContext | None = None  # None: plain HTTP
    auth: BasicAuth | None = None  # None: everybody


# What stat tells about each file; None for one that is missing.
Signature = tuple[Optional[tuple[int, ...]], ...]


class WebConfigFile:
    """--web.config.file; without a path plain HTTP for everybody. The first state must be good."""

    def __init__(self, path: str | None = None) -> None:
        self.path = path
        self._loaded = Loaded()
        self._files: tuple[str, ...] = ()
        self._signature: Signature = ()
        if path is not None:
            self._files = (path,)
            self._loaded = self._load(path)

    def current(self) -> Loaded:
        """The latest good state."""
        if self.path is None or _signature(self._files) == self._signature:
            return self._loaded
        try:
            new = self._load(self.path)
            _check_successor(self._loaded, new)
        except WebConfigError as reason:
            log.error("%s; the configuration from before stays in force", reason)
        else:
            self._loaded = new
            log.info("%s: read again", self.path)
        return self._loaded

    def _load(self, path: str) -> Loaded:
        # Each is looked at before it is read: what changes in between is then read once more. And
        # whether it can be used or not: the missing key may come a moment later.
        seen = _signature((path,))
        self._signature = seen + _signature(self._files[1:])
        config = read_web_config(path)
        tls = config.tls
        self._files = (path, *filter(None, (tls.cert_file, tls.key_file, tls.client_ca_file)))
        self._signature = seen + _signature(self._files[1:])
        return load(config, path)


def read_web_config(path: str) -> WebConfig:
    """Read and parse the file; WebConfigError names it."""
    try:
        with open(path, encoding="utf-8") as file:
            return parse_web_config(file.read(), os.path.dirname(path))
    except OSError as reason:
        raise WebConfigError(f"{path}: {os.strerror(reason.errno or 0)}") from None
    except UnicodeDecodeError:
        raise WebConfigError(f"{path}: not UTF-8") from None
    except WebConfigError as reason:
        raise WebConfigError(f"{path}: {reason}") from None


def load(config: WebConfig, path: str) -> Loaded:
    """Read the certificates too; WebConfigError names the file."""
    try:
        context = server_context(config.tls) if config.tls.enabled else None
    except WebConfigError as reason:
        raise WebConfigError(f"{path}: {reason}") from None
    return Loaded(config, context, BasicAuth(config.users) if config.users else None)


def check_web_config(path: str) -> int:
    """`ct0-exporter check-web-config FILE`: says whether the file could be served with; 0 or 1."""
    try:
        config = load(read_web_config(path), path).config
    except WebConfigError as reason:
        print(f"FAILED: {reason}")
        return 1
    print(f"SUCCESS: {path}: {_told(config)}")
    return 0


def _told(config: WebConfig) -> str:
    tls = "plain HTTP"
    if config.tls.enabled:
        tls = f"TLS, {config.tls.client_auth_type or 'NoClientCert'}"
    return f"{tls}, {len(config.users) or 'no'} basic auth user{'s' * (len(config.users) != 1)}"


def _check_successor(old: Loaded, new: Loaded) -> None:
    # An editor that truncates and then writes shows us an empty file: not the moment to open up.
    if new.config.empty and not old.config.empty:
        raise WebConfigError("the web configuration is empty")
    if (old.context is None) != (new.context is None):
        raise WebConfigError("TLS is turned on or off by a restart only")


def _signature(paths: tuple[str, ...]) -> Signature:
    found: list[tuple[int, ...] | None] = []
    for path in paths:
        try:
            about = os.stat(path)
        except OSError:
            found.append(None)  # gone or out of reach; reading it says which
        else:
            found.append((about.st_mtime_ns, about.st_ctime_ns, about.st_ino, about.st_size))
    return tuple(found)
