"""Values and rules of the review: no input, no output, no library but pydantic."""
