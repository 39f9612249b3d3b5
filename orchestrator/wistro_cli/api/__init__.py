"""The management API, as commands use it: of the project at hand, or of one far away."""

from wistro_cli.api.client import Api, connect

__all__ = ["Api", "connect"]
