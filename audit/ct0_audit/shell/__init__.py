"""Shell read as a shell does, as far as that is possible without running it."""
