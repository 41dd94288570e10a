"""Puppet's agent on a target: what it left behind, and what starts it."""
