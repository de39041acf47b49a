"""Build a real repository with a pull-request branch to try Pullwright on."""
