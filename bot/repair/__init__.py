"""Repairs failing tests by search: what is tried, what came of it, and which one wins."""
