"""The command line: puts the parts of Wistro together and runs them."""
