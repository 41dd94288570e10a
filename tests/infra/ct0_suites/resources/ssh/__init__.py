"""Who may come in as root by ssh: keys, the daemon's own settings, host-based trust."""
