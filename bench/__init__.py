"""The shims measured against the commands they stand in for; see README.md beside this."""
