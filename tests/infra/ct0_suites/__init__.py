"""Suites for real nodes: what should be true of CT0s, their containers and plain hosts.

`ct0 verify` runs them on every node of an inventory; `pytest --pyargs ct0_suites --hosts=…` runs
the same under pytest, with testinfra as the transport.
"""
