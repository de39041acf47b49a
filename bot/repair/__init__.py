"""Repair without a model: where the bug is, which small edits may mend it, which of them does."""
