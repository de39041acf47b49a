"""Pullwright reviews pull requests and patches them, and shows its work."""

__version__ = "0.1.0"
