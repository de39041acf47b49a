"""No deadline for one example: the machine may be busy, and nothing here asserts on time."""

from hypothesis import settings

settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
