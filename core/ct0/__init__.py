"""What a container host is, read from its files. Standard library only."""

__version__ = "0.1.0"
