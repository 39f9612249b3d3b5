"""Confidentiality: keys, the envelope, the Temporal payload codec, run tokens and digests.

`codec/SPEC.md` says what the bytes are. The codec server is in `wistro_codec.server`, which loads
FastAPI. What needs the Temporal SDK is loaded when it is first used, so that a command about keys
starts quickly.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from wistro_codec.digest import keyed_digest
from wistro_codec.envelope import seal, unseal
from wistro_codec.errors import CodecError
from wistro_codec.key_files import KeyFile, load_keys, write_keys
from wistro_codec.key_format import dump_keys, parse_keys
from wistro_codec.keys import (
    DEFAULT_TENANT,
    PROJECT_FLOW,
    FlowKey,
    FlowKeys,
    KeyId,
    KeyRing,
    Keys,
    Master,
    flow_of_workflow,
)
from wistro_codec.stream_tokens import StreamToken, mint_stream_token, verify_stream_token
from wistro_codec.task_tokens import TASK_TOKEN, TaskToken, mint_task_token, verify_task_token
from wistro_codec.tokens import RunToken, mint_run_token, verify_run_token
from wistro_codec.trace_tokens import mint_trace_token, verify_trace_token

if TYPE_CHECKING:
    from wistro_codec.converter import data_converter
    from wistro_codec.payload import ENCODING, WistroCodec
    from wistro_codec.storage import LocalStorageDriver

__all__ = [
    "DEFAULT_TENANT",
    "ENCODING",
    "PROJECT_FLOW",
    "TASK_TOKEN",
    "CodecError",
    "FlowKey",
    "FlowKeys",
    "KeyFile",
    "KeyId",
    "KeyRing",
    "Keys",
    "LocalStorageDriver",
    "Master",
    "RunToken",
    "StreamToken",
    "TaskToken",
    "WistroCodec",
    "data_converter",
    "dump_keys",
    "flow_of_workflow",
    "keyed_digest",
    "load_keys",
    "mint_run_token",
    "mint_stream_token",
    "mint_task_token",
    "mint_trace_token",
    "parse_keys",
    "seal",
    "unseal",
    "verify_run_token",
    "verify_stream_token",
    "verify_task_token",
    "verify_trace_token",
    "write_keys",
]

_NEEDS_TEMPORAL = {
    "ENCODING": "payload",
    "LocalStorageDriver": "storage",
    "WistroCodec": "payload",
    "data_converter": "converter",
}


def __getattr__(name: str) -> object:
    module = _NEEDS_TEMPORAL.get(name)
    if module is None:
        raise AttributeError(f"module `wistro_codec` has no attribute `{name}`")
    value: object = getattr(import_module(f"wistro_codec.{module}"), name)
    globals()[name] = value
    return value
