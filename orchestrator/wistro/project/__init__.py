"""Projects: settings, discovery of step files, checks, the lock and the plans compiled from it."""

from wistro.project.checks import Finding
from wistro.project.descriptor import Descriptor, Discovered, LoadError
from wistro.project.lock import Lock
from wistro.project.plan import compile_plan
from wistro.project.project import Compiled, Project
from wistro.project.settings import Settings

__all__ = [
    "Compiled",
    "Descriptor",
    "Discovered",
    "Finding",
    "LoadError",
    "Lock",
    "Project",
    "Settings",
    "compile_plan",
]
