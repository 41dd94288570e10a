"""What is read of a target, by commands alone: one kind of thing a module.

Each has a reader that takes a transport and gives records, and a parser that takes texts; nothing
needs to be installed on the target.
"""
