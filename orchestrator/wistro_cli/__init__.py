"""The command line: puts the parts of Wistro together and runs them."""

__all__: list[str] = []
