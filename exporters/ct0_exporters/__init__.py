"""Prometheus metrics of a container host: what every CT uses, and what CT0 itself does."""
