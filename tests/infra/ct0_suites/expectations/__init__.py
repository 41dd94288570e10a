"""Expectations files: read, checked against their schema, matched with targets."""
