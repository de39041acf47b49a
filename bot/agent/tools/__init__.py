"""The tools that the loop may pick, one file each."""
