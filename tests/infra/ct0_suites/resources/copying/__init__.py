"""A target's process table and its engines' files, copied here, so that core can read them."""
