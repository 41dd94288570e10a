"""Services as systemd, OpenRC and System V's scripts have them, in one form."""
