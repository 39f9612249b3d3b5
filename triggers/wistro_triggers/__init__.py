"""The HTTP side of a project: endpoints, management API, live updates, worker API."""

from wistro_triggers.app import create_app, reload_app
from wistro_triggers.serve import serve

__all__ = ["create_app", "reload_app", "serve"]
