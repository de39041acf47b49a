"""Static analyzers, one file each, behind the `Analyzer` port."""
