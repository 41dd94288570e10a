"""How the shims come onto a host and off it again: one file, its links, its hooks."""
