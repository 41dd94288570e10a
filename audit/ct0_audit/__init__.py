"""Finds what on this host would still see, signal or count containers' processes."""
