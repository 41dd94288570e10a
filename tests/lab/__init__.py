"""The lab: real containers of every engine, built and torn down by the tests.

Nothing here imports ct0. Whose a process is, the lab knows from the engines and from the kernel, so
that a test compares ct0's answer with somebody else's.
"""
