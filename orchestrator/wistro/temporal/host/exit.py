"""The one way out for a process that connected to Temporal."""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """Flushes what was written and ends the process without finalizing the interpreter.

    With the Temporal SDK loaded, about one process in ten would otherwise be aborted while
    finalizing, which supervisors and CI take for a crash.
    """
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 1
    os._exit(code)
