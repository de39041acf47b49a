"""What a worker does for a pull request on a forge: jobs of reviews, commands and merge groups."""
