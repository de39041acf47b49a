"""The loop and its tools; it sees the world through ports only."""
