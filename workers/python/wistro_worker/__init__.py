"""The Python worker: loads steps and runs them. `workers/contract` says what it promises.

Each name is loaded when it is first used: discovery imports this package for every change of a file.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wistro_worker.activities import Patience
    from wistro_worker.executor import Executor
    from wistro_worker.local import local_executor
    from wistro_worker.serve import Backends, PythonWorker, python_worker, remote_backends

__all__ = [
    "Backends",
    "Executor",
    "Patience",
    "PythonWorker",
    "local_executor",
    "python_worker",
    "remote_backends",
]

_HOME = {
    "Backends": "wistro_worker.serve",
    "Executor": "wistro_worker.executor",
    "Patience": "wistro_worker.activities",
    "PythonWorker": "wistro_worker.serve",
    "local_executor": "wistro_worker.local",
    "python_worker": "wistro_worker.serve",
    "remote_backends": "wistro_worker.serve",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(_HOME[name]), name)
