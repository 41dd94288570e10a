"""The `ct0` command, for people. The only modules of core that print and exit."""
