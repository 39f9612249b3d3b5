"""Connections to Temporal, and its errors in our words."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace

from temporalio.client import Client, GrpcCompression, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.converter import DataConverter
from temporalio.envconfig import ClientConfigProfile
from temporalio.service import RPCError, RPCStatusCode

from wistro.errors import EngineUnavailable, RunError, RunNotFound
from wistro.temporal.host.serverbinary import ServerAddress

_AWAY = {
    RPCStatusCode.UNAVAILABLE,
    RPCStatusCode.DEADLINE_EXCEEDED,
    RPCStatusCode.RESOURCE_EXHAUSTED,
    RPCStatusCode.CANCELLED,
    RPCStatusCode.ABORTED,
    RPCStatusCode.INTERNAL,
    RPCStatusCode.UNKNOWN,
}


async def connect(
    server: ServerAddress, data_converter: DataConverter, *, lazy: bool = False
) -> Client:
    """Connects to Temporal with the TLS and API key settings of its usual profile.

    With `lazy` it connects at the first call, so that a process can start before Temporal does.

    Raises:
        EngineUnavailable: when it cannot be reached.
    """
    profile = ClientConfigProfile.load()
    settings = replace(profile, address=server.address, namespace=server.namespace)
    try:
        return await Client.connect(
            **settings.to_client_connect_config(),
            data_converter=data_converter,
            # Encrypted payloads do not compress: what is large was compressed before encryption.
            grpc_compression=GrpcCompression.NONE,
            lazy=lazy,
        )
    except RuntimeError as error:
        raise EngineUnavailable(
            f"Temporal at `{server.address}` cannot be reached: {error}",
            hint="start it (`wistro dev` does), or correct `TEMPORAL_ADDRESS`",
        ) from error


@contextmanager
def engine_errors(flow: str | None = None, run_id: str | None = None) -> Generator[None]:
    """Turns the errors of Temporal's client into those of `wistro.errors`."""
    try:
        yield
    except WorkflowUpdateRPCTimeoutOrCancelledError as error:
        raise EngineUnavailable(
            "Temporal did not answer in time", flow=flow, run_id=run_id
        ) from error
    except RPCError as error:
        raise _translated(error, flow, run_id) from error
    except RuntimeError as error:
        # The only sign that a lazy client gives when its first connection fails.
        if not str(error).startswith("Failed client connect"):
            raise
        raise EngineUnavailable(
            "Temporal cannot be reached",
            flow=flow,
            run_id=run_id,
            hint="try again; nothing was accepted",
        ) from error


def _translated(error: RPCError, flow: str | None, run_id: str | None) -> RunError:
    if error.status == RPCStatusCode.NOT_FOUND:
        return RunNotFound(
            f"there is no run `{run_id}`" + (f" of flow `{flow}`" if flow else ""),
            flow=flow,
            run_id=run_id,
            hint="see `wistro runs list`; runs are forgotten after the namespace's retention",
        )
    if error.status in _AWAY:
        return EngineUnavailable(
            f"Temporal is not available: {error.message}",
            flow=flow,
            run_id=run_id,
            hint="try again; nothing was accepted",
        )
    return RunError(
        f"Temporal refused: {error.message}", flow=flow, run_id=run_id, code="engine_refused"
    )
