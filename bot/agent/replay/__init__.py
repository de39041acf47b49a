"""What a run leaves behind, and how it is played again without a network."""
