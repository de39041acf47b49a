"""What a kept run holds of a suggestion, as a prompt and answers that may leave this machine."""
