"""The web process: it takes deliveries in and says how it is; all work is done by workers."""
