"""What a model is asked, as versioned texts: rules of ours, and builders that add the data."""

VERSION = "prompts-2"
"""Of all texts here; runs record it, and whoever changes a text changes this."""
