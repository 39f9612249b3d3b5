"""The log of a process: structured, on stderr, JSON unless a person is looking."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

LEVEL_VARIABLE = "WISTRO_LOG_LEVEL"
FORMAT_VARIABLE = "WISTRO_LOG_FORMAT"

Format = Literal["json", "text"]


def configure_logs(*, supervised: bool = False) -> None:
    """Send what this process and its libraries log to stderr.

    `WISTRO_LOG_LEVEL` (`info`) and `WISTRO_LOG_FORMAT` (`json`, or `text` on a terminal) say how.

    Args:
        supervised: `wistro dev` shows what runs do, so they need not be in the log as well.
    """
    level = os.environ.get(LEVEL_VARIABLE, "warning" if supervised else "info").upper()
    shared: list[Any] = [
        *([_without_runs] if supervised else []),
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _renderer(_format(supervised=supervised)),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level if level in logging.getLevelNamesMapping() else logging.INFO)
    # One line for each request that a worker sends would drown everything else.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _format(*, supervised: bool) -> Format:
    chosen = os.environ.get(FORMAT_VARIABLE, "")
    if chosen in ("json", "text"):
        return "json" if chosen == "json" else "text"
    return "text" if supervised or sys.stderr.isatty() else "json"


def _renderer(form: Format) -> Any:
    if form == "json":
        return structlog.processors.JSONRenderer()
    colors = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    return structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0)


def _without_runs(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if "delivery" in event:
        raise structlog.DropEvent
    return event
