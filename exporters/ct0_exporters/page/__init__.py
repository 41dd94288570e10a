"""The page people look at: `/`, a live view of the host, and `/api/containers`, its data."""
