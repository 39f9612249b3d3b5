"""Durable, encrypted, event-driven flows on Temporal, from a folder of step files.

What authors of steps import. Each name is loaded when it is first used, so that the parts of this
package that must stay light (`wistro.machine` runs inside workflows) load nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wistro.client import CallResult, Client
    from wistro.context import Cancellation, Context, Logger, Message, Secrets, SyncContext
    from wistro.errors import (
        CallFailed,
        CallPending,
        InvalidMessage,
        Issue,
        Retryable,
        RunError,
        SetupError,
        StepError,
        StoreError,
        Terminal,
        WistroError,
    )
    from wistro.policies import (
        Approval,
        Await,
        CallFlow,
        Deadline,
        Emit,
        GitHubSignature,
        HmacSignature,
        Join,
        Policy,
        Rate,
        Retry,
        Schedule,
        Subscribe,
        Virtual,
    )
    from wistro.request import ApiRequest, Headers, Next, Response
    from wistro.state import State, SyncState
    from wistro.steps import (
        ApiStep,
        CallStep,
        CronStep,
        EventStep,
        HandlerResources,
        Infrastructure,
        NoopStep,
        QueryParam,
        QueueOptions,
        StepConfig,
        parse_config,
    )
    from wistro.stream_config import StreamConfig, parse_stream
    from wistro.streams import Stream, Streams, SyncStream, SyncStreams

__all__ = [
    "ApiRequest",
    "ApiStep",
    "Approval",
    "Await",
    "CallFailed",
    "CallFlow",
    "CallPending",
    "CallResult",
    "CallStep",
    "Cancellation",
    "Client",
    "Context",
    "CronStep",
    "Deadline",
    "Emit",
    "EventStep",
    "GitHubSignature",
    "HandlerResources",
    "Headers",
    "HmacSignature",
    "Infrastructure",
    "InvalidMessage",
    "Issue",
    "Join",
    "Logger",
    "Message",
    "Next",
    "NoopStep",
    "Policy",
    "QueryParam",
    "QueueOptions",
    "Rate",
    "Response",
    "Retry",
    "Retryable",
    "RunError",
    "Schedule",
    "Secrets",
    "SetupError",
    "State",
    "StepConfig",
    "StepError",
    "StoreError",
    "Stream",
    "StreamConfig",
    "Streams",
    "Subscribe",
    "SyncContext",
    "SyncState",
    "SyncStream",
    "SyncStreams",
    "Terminal",
    "Virtual",
    "WistroError",
    "parse_config",
    "parse_stream",
]

_HOMES = {
    "wistro.client": ("CallResult", "Client"),
    "wistro.context": ("Cancellation", "Context", "Logger", "Message", "Secrets", "SyncContext"),
    "wistro.errors": (
        "CallFailed",
        "CallPending",
        "InvalidMessage",
        "Issue",
        "Retryable",
        "RunError",
        "SetupError",
        "StepError",
        "StoreError",
        "Terminal",
        "WistroError",
    ),
    "wistro.policies": (
        "Approval",
        "Await",
        "CallFlow",
        "Deadline",
        "Emit",
        "GitHubSignature",
        "HmacSignature",
        "Join",
        "Policy",
        "Rate",
        "Retry",
        "Schedule",
        "Subscribe",
        "Virtual",
    ),
    "wistro.request": ("ApiRequest", "Headers", "Next", "Response"),
    "wistro.state": ("State", "SyncState"),
    "wistro.steps": (
        "ApiStep",
        "CallStep",
        "CronStep",
        "EventStep",
        "HandlerResources",
        "Infrastructure",
        "NoopStep",
        "QueryParam",
        "QueueOptions",
        "StepConfig",
        "parse_config",
    ),
    "wistro.stream_config": ("StreamConfig", "parse_stream"),
    "wistro.streams": ("Stream", "Streams", "SyncStream", "SyncStreams"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module `wistro` has no attribute `{name}`")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return list(__all__)
