"""One technology each, behind a port; types and errors are translated here."""
