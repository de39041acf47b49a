"""Process settings, read once at start; the only reader of the environment."""
